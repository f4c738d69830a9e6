// SPDX-License-Identifier: MIT
/*
 * Owns the bytes between responder and caller. An entry never wraps: what is left before the
 * end of the buffer is skipped with a filler when an entry does not fit there.
 *
 * The head is sequentially consistent, for the reader's sleep hangs on it: the writer moves
 * the head and then looks whether it must wake the reader, the reader says that it sleeps and
 * then looks at the head. One of them sees the other.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

struct entry {
	uint32_t size; /* of the whole entry, a multiple of ENTRY_ALIGN */
	uint32_t path_length;
	struct janus__record record; /* not in a filler: there path_length is FILLER */
};

#define ENTRY_ALIGN 16u
#define FILLER UINT32_MAX

int janus__ring_init(struct janus__ring *ring, size_t size)
{
	*ring = (struct janus__ring){ .size = size };
	ring->bytes = malloc(size);
	return ring->bytes ? 0 : -ENOMEM;
}

void janus__ring_done(struct janus__ring *ring)
{
	struct janus__record record;
	const char *path;
	size_t length;

	while (ring->bytes && janus__ring_peek(ring, &record, &path, &length)) {
		janus__spec_unref(record.spec);
		janus__ring_pop(ring);
	}
	free(ring->bytes);
	ring->bytes = NULL;
}

static size_t entry_size(size_t path_length)
{
	size_t size = sizeof(struct entry) + path_length;

	return (size + ENTRY_ALIGN - 1) & ~(size_t)(ENTRY_ALIGN - 1);
}

static struct entry *entry_at(const struct janus__ring *ring, size_t position)
{
	return (struct entry *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

/* Room for one entry: NULL if there is none. @head moves over a filler, if one was needed. */
static struct entry *make_room(struct janus__ring *ring, size_t *head, size_t size)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	size_t to_end = ring->size - (*head & (ring->size - 1));
	size_t skip = size > to_end ? to_end : 0;
	struct entry *entry = entry_at(ring, *head);

	if (skip + size > ring->size - (*head - tail))
		return NULL;
	if (skip) {
		entry->size = (uint32_t)skip;
		entry->path_length = FILLER;
		*head += skip;
		entry = entry_at(ring, *head);
	}
	return entry;
}

static bool put(struct janus__ring *ring, const struct janus__record *record,
		const char *path, size_t path_length)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	size_t size = entry_size(path_length);
	struct entry *entry = make_room(ring, &head, size);

	if (!entry)
		return false;
	entry->size = (uint32_t)size;
	entry->path_length = (uint32_t)path_length;
	entry->record = *record;
	memcpy(entry + 1, path, path_length);
	atomic_store(&ring->head, head + size);
	return true;
}

/* What was lost is told before anything newer; false: not even that fits. */
static bool put_gap(struct janus__ring *ring, const struct janus__record *after)
{
	uint64_t lost = atomic_exchange(&ring->lost, 0);
	struct janus__record gap = {
		.lost = lost,
		.time_ns = after->time_ns,
		.sequence = after->sequence - 1,
	};

	if (lost == 0 || put(ring, &gap, "", 0))
		return true;
	atomic_fetch_add(&ring->lost, lost);
	return false;
}

bool janus__ring_push(struct janus__ring *ring, struct janus__record *record,
		      const char *path, size_t path_length)
{
	record->sequence = atomic_fetch_add(&ring->sequence, 1) + 1;
	if (put_gap(ring, record) && put(ring, record, path, path_length))
		return true;
	atomic_fetch_add(&ring->lost, 1);
	return false;
}

void janus__ring_lose(struct janus__ring *ring, uint64_t count)
{
	atomic_fetch_add(&ring->sequence, count);
	atomic_fetch_add(&ring->lost, count);
}

bool janus__ring_peek(const struct janus__ring *ring, struct janus__record *ret,
		      const char **ret_path, size_t *ret_path_length)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	size_t head = atomic_load(&ring->head);
	const struct entry *entry;

	if (tail == head)
		return false;
	entry = entry_at(ring, tail);
	if (entry->path_length == FILLER)
		entry = entry_at(ring, tail + entry->size);
	*ret = entry->record;
	*ret_path = (const char *)(entry + 1);
	*ret_path_length = entry->path_length;
	return true;
}

void janus__ring_pop(struct janus__ring *ring)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	const struct entry *entry = entry_at(ring, tail);

	tail += entry->size;
	if (entry->path_length == FILLER)
		tail += entry_at(ring, tail)->size;
	atomic_store_explicit(&ring->tail, tail, memory_order_release);
}

uint64_t janus__ring_take_lost(struct janus__ring *ring, uint64_t *ret_sequence)
{
	*ret_sequence = atomic_load(&ring->sequence);
	return atomic_exchange(&ring->lost, 0);
}
