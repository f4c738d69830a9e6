/* SPDX-License-Identifier: MIT */
/*
 * A whole life of a context: watches of each kind come, change and go while others open files.
 * Whatever fails on the way, the caller is told, nobody is left waiting, and nothing is left
 * behind.
 */
#ifndef JANUS_TESTS_SCENARIO_H
#define JANUS_TESTS_SCENARIO_H

#include <stdbool.h>

#include "kernel.h"

/* What a run is about. */
struct scenario_run {
	const struct janus__kernel *kernel;
	const char *directory; /* a tmpfs that nobody else opens files on */
	bool may_break;        /* the group may be given up */
	bool may_hide;         /* what cannot be read is left out of a census */
};

struct scenario_kind {
	const char *name;

	/* Make the files; once for all runs. 0 or -1. */
	int (*prepare)(const char *directory);

	/* Live it through in this process. 0, or 1 with the reasons on stderr. */
	int (*run)(const struct scenario_run *run);

	/* Events are the ledger that others answer by: nobody but the kernel writes them. */
	bool no_garbage;
};

extern const struct scenario_kind scenario_guard; /* single paths */
extern const struct scenario_kind scenario_trees; /* trees, observation, wide marks */
extern const struct scenario_kind scenario_who;   /* exceptions, ends, containers */
extern const struct scenario_kind scenario_keep;  /* groups that outlive a context */

/* NULL: there is none of that name. */
const struct scenario_kind *scenario_find(const char *name);

#endif
