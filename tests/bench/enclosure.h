/* SPDX-License-Identifier: MIT */
/*
 * The enclosure: a benchmark runs in a process of its own, in private mounts, on a tmpfs at
 * WORK, with a deadline that ends it and everybody it started. So no mark can hold up more
 * than the benchmark, and that not for ever.
 */
#ifndef TESTS_BENCH_ENCLOSURE_H
#define TESTS_BENCH_ENCLOSURE_H

#include <sys/types.h>

/* A benchmark that could not measure everything here returns it. */
#define BENCH_SKIPPED 77

struct enclosure {
	int (*run)(const void *settings); /* the exit status */
	const void *settings;
	int seconds;
	long inotify_watches; /* raise the limit of the system to it, put it back after; 0: no */
};

/* The exit status for main(). */
int run_enclosed(const struct enclosure *enclosure);

/* A process that ends with us: 0 in it. */
pid_t fork_child(void);

/* Do something in a process of its own and wait for it; it must not fail. */
void in_child(void (*run)(void *argument), void *argument);

#endif
