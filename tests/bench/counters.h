/* SPDX-License-Identifier: MIT */
/*
 * Those who count what they are told of a tree: a process each, on the CPUs of who answers.
 */
#ifndef TESTS_BENCH_COUNTERS_H
#define TESTS_BENCH_COUNTERS_H

#include <stdint.h>

#include "kernel/doer.h"
#include "kernel/harness.h"

/* What is watched: it, and directories in it called 0, 1, ... */
#define TREE WORK "/tree"
#define DIRECTORIES 100

/* What is counted, in the order in which it happens to each file. */
#define KINDS 5
extern const uint32_t counted_kinds[KINDS];

/* Shared with the counting process. The bit's number of a kind is its index. */
struct told {
	uint64_t kinds[32];
	uint64_t gaps;
	uint64_t lost; /* as the gaps say */
};

/* The smallest reader there can be: it reads at once, looks at the mask, nothing else. */
void count_bare(struct actor *actor, struct told *told);

/* A program that embeds libjanus. @ring_kib: 0: the usual */
void count_with_janus(struct actor *actor, struct told *told, int ring_kib);

#endif
