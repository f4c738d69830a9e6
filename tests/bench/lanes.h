/* SPDX-License-Identifier: MIT */
/*
 * The lanes of the benchmark: each has a file of its own, and a process that answers for it.
 */
#ifndef TESTS_BENCH_LANES_H
#define TESTS_BENCH_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/doer.h"

/*
 * Where processes run decides more than what they do, so it is not left to the scheduler. On
 * one CPU the opener and who answers take turns without a pause; on two, each open wakes up
 * two CPUs.
 */
enum placement {
	TOGETHER, /* everybody on the first CPU */
	APART,    /* the opener on the first, who answers on the others */
};

/* For the actors that are started from now on. False: there is only one CPU. */
bool choose_placement(enum placement placement);

/* In the actor. Does nothing while no placement is chosen. */
void take_cpus(bool opener);

/* The smallest responder there can be: read, answer with @response, close. */
void serve_bare(struct actor *actor, const char *path, int response);

/*
 * As small, for the whole file system of @path, but the kernel is told to let everybody open
 * what is in the directory @quiet.
 */
void serve_wide(struct actor *actor, const char *path, const char *quiet);

/* A program that embeds libjanus. */
struct service {
	const char *watched; /* the path of the rule that matters */
	bool deny;
	bool unread; /* nobody fetches the records */
	bool recursive;
	uint32_t strategy; /* of enum janus_strategy; 0: the usual */
	const char
		*more; /* with @more_count: a folder of that many files, also allowed */
	int more_count;
};

void serve_janus(struct actor *actor, const struct service *service);

#endif
