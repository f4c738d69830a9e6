/* SPDX-License-Identifier: MIT */
/*
 * Everything that a reload goes by, read and checked: configuration, manifests, guards. Changes
 * nothing. From any thread, and not from the main one once files are guarded: a file may lie
 * where reading takes long.
 */
#ifndef JANUSD_RELOAD_PLAN_H
#define JANUSD_RELOAD_PLAN_H

#include "config.h"
#include "guard_config.h"
#include "manifests.h"

struct reload_source {
	const struct cmdline *running; /* what janusd was started with */
	const struct node_name *node;
};

struct reload_plan {
	struct config config;
	struct cmdline cmdline;
	struct manifests manifests;
	struct guard_config **guards; /* one a manifest; NULL: taken */
	struct faults faults;
};

/* Return: 0, or -1 with faults in it. To be done away with in any case. */
int reload_plan_read(struct reload_plan *ret, const struct reload_source *source);

void reload_plan_done(struct reload_plan *plan);

#endif
