/* SPDX-License-Identifier: MIT */
/*
 * The last events, as bytes, in a ring of bounded size: what clients that stream read from, each
 * at its own place. There is no queue a client; one that does not read costs nothing, and finds
 * later that what it wanted is overwritten. Knows no event from the inside.
 *
 * The main thread writes, any thread may read. The mutex is held for copying only.
 */
#ifndef JANUSD_HISTORY_H
#define JANUSD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define HISTORY_INSTANCE_SIZE 33
/* The longest event that is kept. A longer one is lost, and counted. */
#define HISTORY_EVENT_MAX_BYTES ((size_t)256 << 10)
/* The least that a history can have. */
#define HISTORY_MIN_BYTES ((size_t)64 << 10)

struct history;

/* A place in the history: before an event. */
struct history_cursor {
	uint64_t sequence; /* that the reader wants next */
	uint64_t offset;   /* where to look for it; what is older is passed over */
};

/* What was copied for a reader: pieces, one behind the other. */
struct history_chunk {
	uint8_t *bytes; /* the reader's own */
	size_t room;    /* HISTORY_CHUNK_BYTES */
	size_t used;
	size_t taken;
	uint64_t offset; /* of the first of them */
	bool at_end;     /* there was no more */
	uint64_t next;   /* if so: the sequence of the next event to come */
};

/* Enough for the longest piece. */
#define HISTORY_CHUNK_BYTES (HISTORY_EVENT_MAX_BYTES + 16)

struct history_piece {
	uint64_t sequence;
	struct wire_bytes bytes; /* borrowed from the chunk */
	bool unknown;            /* no event: here is a gap of unknown size */
	uint64_t end;            /* the offset behind it */
};

/* Somebody who wants to be told once when there is more. */
struct history_waiter {
	struct history_waiter *next, **link; /* link: NULL: does not wait */
	/* On the main thread; the waiter does not wait any more, and may be gone. */
	void (*wake)(void *userdata);
	void *userdata;
};

/* Return: 0, or a negative errno. At least HISTORY_MIN_BYTES are taken. */
int history_create(struct history **ret, size_t room_bytes);
void history_destroy(struct history *history);

/* Of this history: hexadecimal digits, made by chance. */
const char *history_instance(const struct history *history);

/* On the main thread from here on. The sequence of the next event. */
uint64_t history_next(const struct history *history);

/* The next event, in the place of the oldest ones if need be. */
void history_add(struct history *history, struct wire_bytes event);

/* So many events will never come: their sequences are missing from here on. */
void history_skip(struct history *history, uint64_t lost);

/* Events will never come, and nobody knows how many. Takes one sequence. */
void history_skip_unknown(struct history *history);

/* Wake whoever waits, if there is news since the last time. */
void history_wake(struct history *history);

/* For readers. Before the oldest event that there is, and before the next one to come. */
void history_bounds(struct history *history, struct history_cursor *ret_oldest,
		    struct history_cursor *ret_end);

/* Copy what stands behind the cursor, some 64 KiB of it. */
void history_read(struct history *history, const struct history_cursor *cursor,
		  struct history_chunk *chunk);

/* The next piece of a chunk. Return: false: that was all. */
bool history_chunk_next(struct history_chunk *chunk, struct history_piece *ret);

/*
 * Wait for what stands behind the cursor. Return: false: there is something, and nothing was
 * done.
 */
bool history_wait(struct history *history, const struct history_cursor *cursor,
		  struct history_waiter *waiter);

/* Return: false: it did not wait; if it had, wake() is about to be called, or was. */
bool history_unwait(struct history *history, struct history_waiter *waiter);

#endif
