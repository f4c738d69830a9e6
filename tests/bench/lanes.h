/* SPDX-License-Identifier: MIT */
/*
 * The lanes of the benchmark: each has a file of its own, and a process that answers for it.
 */
#ifndef TESTS_BENCH_LANES_H
#define TESTS_BENCH_LANES_H

#include "kernel/actor.h"

/* The smallest responder there can be: read, answer with @response, close. */
void serve_bare(struct actor *actor, const char *path, int response);

/* A program that embeds libjanus. */
struct service {
	const char *watched; /* the path of the rule that matters */
	bool deny;
	bool unread; /* nobody fetches the records */
	const char
		*more; /* with @more_count: a folder of that many files, also allowed */
	int more_count;
};

void serve_janus(struct actor *actor, const struct service *service);

#endif
