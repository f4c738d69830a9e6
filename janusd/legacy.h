/* SPDX-License-Identifier: MIT */
/*
 * The old service's words in those of janus.v1: a JanusdConfig becomes a janus.v1.Guard. What is
 * wrong with it is told in the old words, with the old codes. Pure; from any thread.
 */
#ifndef JANUSD_LEGACY_H
#define JANUSD_LEGACY_H

#include "guard_config.h"

/*
 * @request: the bytes of a JanusdConfig; nothing of them is kept. @options: its source is not
 * looked at. Return: 0, or -1 with a status that names field, value and cause.
 */
int legacy_config_create(struct guard_config **ret, struct wire_bytes request,
			 const struct guard_config_options *options,
			 struct status *status);

#endif
