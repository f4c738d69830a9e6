/* SPDX-License-Identifier: MIT */
/*
 * The items of two lists in the configuration file: a sink, a client.
 */
#ifndef JANUSD_CONFIG_LISTS_H
#define JANUSD_CONFIG_LISTS_H

#include "document.h"
#include "settings.h"

/* @ret->guards, if there are any, is the caller's, free(). */
void config_read_sink(struct sink_settings *ret, const struct document_at *at,
		      struct faults *faults);

void config_read_client(struct client_settings *ret, const struct document_at *at,
			struct faults *faults);

#endif
