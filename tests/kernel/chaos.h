/* SPDX-License-Identifier: MIT */
/*
 * Chaos: an actor that changes a tree at random, the same way for the same seed.
 */
#ifndef TESTS_KERNEL_CHAOS_H
#define TESTS_KERNEL_CHAOS_H

#include <stdint.h>

#include "doer.h"

/* Where it acts; some of it happens in, or comes from, another directory. */
#define CHAOS_TREE WORK "/tree"
#define CHAOS_OUT WORK "/out"

#define CHAOS_LOG 64

enum chaos_flag {
	CHAOS_EXCHANGE = 1 << 0, /* RENAME_EXCHANGE, too */
	CHAOS_MOUNT = 1 << 1,    /* a tmpfs now and then */
};

/* From shared_memory(). */
struct chaos {
	uint64_t seed;
	uint32_t flags;
	uint64_t done; /* operations that did something */
	char log[CHAOS_LOG][256];
};

/* A deed: @number operations that do something; @shared is the chaos. */
int make_chaos(const struct deed *deed);

/* The last operations, the latest last. */
void print_chaos(const struct chaos *chaos);

#endif
