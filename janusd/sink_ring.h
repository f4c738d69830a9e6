/* SPDX-License-Identifier: MIT */
/*
 * Items of any bytes in a ring of a fixed size, first in, first out. Pure; whoever shares it brings
 * the mutex.
 */
#ifndef JANUSD_SINK_RING_H
#define JANUSD_SINK_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct sink_ring {
	char *bytes;
	size_t room;
	size_t start;
	size_t used;
};

/* Return: 0, or -1: no memory. */
int sink_ring_init(struct sink_ring *ret, size_t room);
void sink_ring_done(struct sink_ring *ring);

/* Return: whether it had room. An item has at least one byte. */
bool sink_ring_put(struct sink_ring *ring, const char *item, size_t length);

/* The length of the oldest item; 0: there is none. */
size_t sink_ring_next(const struct sink_ring *ring);

/* Move the oldest item to @out. Return: false: it had no room, and the item is lost. */
bool sink_ring_take(struct sink_ring *ring, struct text *out);

#endif
