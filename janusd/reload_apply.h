/* SPDX-License-Identifier: MIT */
/*
 * The guards of a plan into force, all of them or none: what was in force before is again if
 * one of them cannot be. Guards of files that are gone go. On the main thread.
 */
#ifndef JANUSD_RELOAD_APPLY_H
#define JANUSD_RELOAD_APPLY_H

#include "guards.h"
#include "reload_plan.h"

struct reload_apply {
	struct guards *guards;
	const struct reload_source *source;
	/* Called after each guard: there is other work to do. */
	void (*between)(void *userdata);
	void *userdata;
};

struct reload_counts {
	size_t guards; /* that are of files now */
	size_t changed;
	size_t removed;
};

/* Return: 0, or -1 with faults in the plan. */
int reload_apply(const struct reload_apply *apply, struct reload_plan *plan,
		 struct reload_counts *ret);

#endif
