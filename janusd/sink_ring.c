// SPDX-License-Identifier: MIT
#include "sink_ring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int sink_ring_init(struct sink_ring *ret, size_t room)
{
	*ret = (struct sink_ring){ .bytes = malloc(room), .room = room };
	return ret->bytes ? 0 : -1;
}

void sink_ring_done(struct sink_ring *ring)
{
	free(ring->bytes);
	ring->bytes = NULL;
}

static void put_bytes(struct sink_ring *ring, const void *bytes, size_t length)
{
	size_t end = (ring->start + ring->used) % ring->room;
	size_t first = ring->room - end;

	if (first > length)
		first = length;
	memcpy(ring->bytes + end, bytes, first);
	memcpy(ring->bytes, (const char *)bytes + first, length - first);
	ring->used += length;
}

bool sink_ring_put(struct sink_ring *ring, const char *item, size_t length)
{
	uint32_t head = (uint32_t)length;
	size_t left = ring->room - ring->used;

	if (!length || length > UINT32_MAX || left < sizeof(head) ||
	    length > left - sizeof(head))
		return false;
	put_bytes(ring, &head, sizeof(head));
	put_bytes(ring, item, length);
	return true;
}

size_t sink_ring_next(const struct sink_ring *ring)
{
	uint32_t head;
	size_t first = ring->room - ring->start;

	if (!ring->used)
		return 0;
	if (first > sizeof(head))
		first = sizeof(head);
	memcpy(&head, ring->bytes + ring->start, first);
	memcpy((char *)&head + first, ring->bytes, sizeof(head) - first);
	return head;
}

static void skip(struct sink_ring *ring, size_t length)
{
	ring->start = (ring->start + length) % ring->room;
	ring->used -= length;
}

bool sink_ring_take(struct sink_ring *ring, struct text *out)
{
	size_t length = sink_ring_next(ring);
	size_t before = out->length;
	size_t first;

	skip(ring, sizeof(uint32_t));
	first = ring->room - ring->start;
	if (first > length)
		first = length;
	text_add(out, ring->bytes + ring->start, first);
	text_add(out, ring->bytes, length - first);
	skip(ring, length);
	if (!out->cut)
		return true;
	out->length = before;
	out->cut = false;
	return false;
}
