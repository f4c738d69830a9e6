/* SPDX-License-Identifier: MIT */
/*
 * Memory that is freed all at once: for what is built from many small parts.
 */
#ifndef JANUSD_ARENA_H
#define JANUSD_ARENA_H

#include <stddef.h>

struct arena_piece;

struct arena {
	struct arena_piece *pieces; /* NULL: there are none yet */
	size_t missing;             /* how often there was no memory */
};

/* Return: zeroed memory, or NULL, which is counted. */
void *arena_take(struct arena *arena, size_t count, size_t size);

void arena_done(struct arena *arena);

#endif
