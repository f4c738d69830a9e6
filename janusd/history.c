// SPDX-License-Identifier: MIT
#include "history.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define READ_BYTES ((size_t)64 << 10)

/* In front of each piece. */
struct head {
	uint64_t sequence;
	uint32_t size;
	uint32_t unknown;
};

/* Offsets count all bytes ever written; in the ring they are taken modulo its size. */
struct history {
	pthread_mutex_t mutex;
	uint8_t *ring;
	size_t room;
	uint64_t start; /* of the oldest piece */
	uint64_t end;
	uint64_t next; /* written by the main thread, with the mutex held */
	struct history_waiter *waiters;
	struct history_waiter *waking;
	atomic_bool awaited; /* there are waiters */
	bool news;           /* the main thread's own */
	char instance[HISTORY_INSTANCE_SIZE];
};

static int make_instance(char instance[HISTORY_INSTANCE_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[(HISTORY_INSTANCE_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		instance[2 * i] = digits[bytes[i] >> 4];
		instance[2 * i + 1] = digits[bytes[i] & 15];
	}
	instance[2 * sizeof(bytes)] = '\0';
	return 0;
}

int history_create(struct history **ret, size_t room_bytes)
{
	struct history *history = calloc(1, sizeof(*history));
	int error = -ENOMEM;

	if (!history)
		return -ENOMEM;
	history->room = room_bytes < HISTORY_MIN_BYTES ? HISTORY_MIN_BYTES : room_bytes;
	/* Nothing of it is touched before it is needed. */
	history->ring = malloc(history->room);
	if (history->ring)
		error = make_instance(history->instance);
	if (error) {
		free(history->ring);
		free(history);
		return error;
	}
	pthread_mutex_init(&history->mutex, NULL);
	history->next = 1;
	*ret = history;
	return 0;
}

void history_destroy(struct history *history)
{
	if (!history)
		return;
	pthread_mutex_destroy(&history->mutex);
	free(history->ring);
	free(history);
}

const char *history_instance(const struct history *history)
{
	return history->instance;
}

uint64_t history_next(const struct history *history)
{
	return history->next;
}

static void copy_in(struct history *history, const void *bytes, size_t size)
{
	size_t at = (size_t)(history->end % history->room);
	size_t first = history->room - at;

	if (first > size)
		first = size;
	if (first)
		memcpy(history->ring + at, bytes, first);
	if (size > first)
		memcpy(history->ring, (const uint8_t *)bytes + first, size - first);
	history->end += size;
}

static void copy_out(const struct history *history, uint64_t offset, void *bytes,
		     size_t size)
{
	size_t at = (size_t)(offset % history->room);
	size_t first = history->room - at;

	if (first > size)
		first = size;
	memcpy(bytes, history->ring + at, first);
	memcpy((uint8_t *)bytes + first, history->ring, size - first);
}

static size_t size_at(const struct history *history, uint64_t offset)
{
	struct head head;

	copy_out(history, offset, &head, sizeof(head));
	return sizeof(head) + head.size;
}

/* Called with the mutex held. */
static void put(struct history *history, const struct head *head, const uint8_t *bytes)
{
	size_t size = sizeof(*head) + head->size;

	while (history->room - (history->end - history->start) < size)
		history->start += size_at(history, history->start);
	copy_in(history, head, sizeof(*head));
	if (head->size)
		copy_in(history, bytes, head->size);
}

void history_add(struct history *history, struct wire_bytes event)
{
	struct head head = { .sequence = history->next, .size = (uint32_t)event.size };
	bool fits = event.size <= HISTORY_EVENT_MAX_BYTES &&
		    event.size <= history->room - sizeof(head);

	pthread_mutex_lock(&history->mutex);
	if (fits)
		put(history, &head, event.data);
	history->next++;
	pthread_mutex_unlock(&history->mutex);
	history->news = true;
}

void history_skip(struct history *history, uint64_t lost)
{
	pthread_mutex_lock(&history->mutex);
	history->next += lost;
	pthread_mutex_unlock(&history->mutex);
	history->news = true;
}

void history_skip_unknown(struct history *history)
{
	struct head head = { .sequence = history->next, .unknown = true };

	pthread_mutex_lock(&history->mutex);
	put(history, &head, NULL);
	history->next++;
	pthread_mutex_unlock(&history->mutex);
	history->news = true;
}

static void unlink_waiter(struct history *history, struct history_waiter *waiter)
{
	*waiter->link = waiter->next;
	if (waiter->next)
		waiter->next->link = waiter->link;
	waiter->link = NULL;
	atomic_store(&history->awaited, history->waiters != NULL);
}

/* All that wait now have their turn; who waits again meanwhile has it next time. */
static void begin_waking(struct history *history)
{
	pthread_mutex_lock(&history->mutex);
	history->waking = history->waiters;
	if (history->waking)
		history->waking->link = &history->waking;
	history->waiters = NULL;
	atomic_store(&history->awaited, false);
	pthread_mutex_unlock(&history->mutex);
}

/* Nothing of a waiter is looked at without the mutex: who is awake may be gone. */
static bool take_waiter(struct history *history, struct history_waiter *ret)
{
	struct history_waiter *waiter;

	pthread_mutex_lock(&history->mutex);
	waiter = history->waking;
	if (waiter) {
		*ret = *waiter;
		unlink_waiter(history, waiter);
	}
	pthread_mutex_unlock(&history->mutex);
	return waiter;
}

void history_wake(struct history *history)
{
	struct history_waiter waiter;

	if (!history->news)
		return;
	history->news = false;
	if (!atomic_load(&history->awaited))
		return;
	begin_waking(history);
	while (take_waiter(history, &waiter))
		waiter.wake(waiter.userdata);
}

void history_bounds(struct history *history, struct history_cursor *ret_oldest,
		    struct history_cursor *ret_end)
{
	struct head head = { 0 };

	pthread_mutex_lock(&history->mutex);
	head.sequence = history->next;
	if (history->start < history->end)
		copy_out(history, history->start, &head, sizeof(head));
	*ret_oldest = (struct history_cursor){ head.sequence, history->start };
	*ret_end = (struct history_cursor){ history->next, history->end };
	pthread_mutex_unlock(&history->mutex);
}

/* How much to copy: whole pieces, or at least the first one. */
static size_t amount(const struct history *history, uint64_t offset)
{
	uint64_t left = history->end - offset;
	size_t size = READ_BYTES, first;

	if (!left)
		return 0;
	first = size_at(history, offset);
	if (size < first)
		size = first;
	return left < size ? (size_t)left : size;
}

void history_read(struct history *history, const struct history_cursor *cursor,
		  struct history_chunk *chunk)
{
	chunk->taken = 0;
	chunk->offset = cursor->offset;
	pthread_mutex_lock(&history->mutex);
	if (chunk->offset < history->start)
		chunk->offset = history->start;
	chunk->used = amount(history, chunk->offset);
	copy_out(history, chunk->offset, chunk->bytes, chunk->used);
	chunk->at_end = chunk->offset + chunk->used == history->end;
	chunk->next = history->next;
	pthread_mutex_unlock(&history->mutex);
}

bool history_chunk_next(struct history_chunk *chunk, struct history_piece *ret)
{
	size_t left = chunk->used - chunk->taken;
	struct head head;

	if (left < sizeof(head))
		return false;
	memcpy(&head, chunk->bytes + chunk->taken, sizeof(head));
	if (left - sizeof(head) < head.size)
		return false; /* the rest of it comes with the next chunk */
	ret->sequence = head.sequence;
	ret->unknown = head.unknown;
	ret->bytes.data = chunk->bytes + chunk->taken + sizeof(head);
	ret->bytes.size = head.size;
	chunk->taken += sizeof(head) + head.size;
	ret->end = chunk->offset + chunk->taken;
	return true;
}

bool history_wait(struct history *history, const struct history_cursor *cursor,
		  struct history_waiter *waiter)
{
	bool waits;

	pthread_mutex_lock(&history->mutex);
	waits = cursor->sequence >= history->next;
	if (waits) {
		waiter->next = history->waiters;
		waiter->link = &history->waiters;
		if (waiter->next)
			waiter->next->link = &waiter->next;
		history->waiters = waiter;
		atomic_store(&history->awaited, true);
	}
	pthread_mutex_unlock(&history->mutex);
	return waits;
}

bool history_unwait(struct history *history, struct history_waiter *waiter)
{
	bool waited;

	pthread_mutex_lock(&history->mutex);
	waited = waiter->link;
	if (waited)
		unlink_waiter(history, waiter);
	pthread_mutex_unlock(&history->mutex);
	return waited;
}
