/* SPDX-License-Identifier: MIT */
/*
 * A command line as a context and a watch of the library.
 */
#ifndef JANUSCTL_WATCH_SETUP_H
#define JANUSCTL_WATCH_SETUP_H

#include <janus/context.h>
#include <janus/watch.h>

#include "cmdline.h"
#include "watch_tell.h"

/*
 * A context with the watch in force; the caller ends it with janus_context_destroy().
 * @ret_report is initialised. Return: 0, or -1 with the failure told.
 */
int watch_setup(struct janus_context **ret, const struct cmdline *cmdline,
		struct watch_tell *tell, struct janus_watch_report *ret_report);

#endif
