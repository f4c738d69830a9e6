/* SPDX-License-Identifier: MIT */
/*
 * The bounded hand-over of records from the responder to the caller: one writer, one reader,
 * no lock, no system call. A record that finds no room is lost and counted; the reader is told
 * by a gap that stands where the lost ones would have stood.
 */
#ifndef JANUS_RING_H
#define JANUS_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct janus__spec;
struct janus__rule;

/* What is handed over. The path follows it in the ring. */
struct janus__record {
	uint32_t kind;
	uint32_t verdict;
	uint32_t reason;
	int32_t pid;
	bool directory;
	int64_t time_ns;
	uint64_t sequence;
	uint64_t lost;            /* only in a gap */
	struct janus__spec *spec; /* one reference goes with the record; NULL in a gap */
	const struct janus__rule *rule; /* in @spec */
};

struct janus__ring {
	unsigned char *bytes;
	size_t size;                             /* a power of two */
	_Alignas(64) atomic_size_t head;         /* the writer's; grows for ever */
	atomic_uint_least64_t sequence;          /* of the last record, lost or not */
	_Alignas(64) atomic_size_t tail;         /* the reader's */
	_Alignas(64) atomic_uint_least64_t lost; /* not told yet */
};

/* @size is a power of two. -ENOMEM. */
int janus__ring_init(struct janus__ring *ring, size_t size);

/* Gives back the references of what was not read. No writer may be left. */
void janus__ring_done(struct janus__ring *ring);

/*
 * Writer: append a record with a path of @path_length bytes; its sequence is set here. False:
 * it was lost, and the reference in it is still the writer's.
 */
bool janus__ring_push(struct janus__ring *ring, struct janus__record *record,
		      const char *path, size_t path_length);

/* Writer: @count records are lost before they were even made. */
void janus__ring_lose(struct janus__ring *ring, uint64_t count);

/*
 * Reader: look at the oldest record and its path; false: there is none. Both stay until
 * janus__ring_pop(), and the path is one contiguous piece, without terminator.
 */
bool janus__ring_peek(const struct janus__ring *ring, struct janus__record *ret,
		      const char **ret_path, size_t *ret_path_length);
void janus__ring_pop(struct janus__ring *ring);

/*
 * Reader, when the ring is empty: how many were lost since the last record, and the sequence
 * of the last lost one; 0: none.
 */
uint64_t janus__ring_take_lost(struct janus__ring *ring, uint64_t *ret_sequence);

#endif
