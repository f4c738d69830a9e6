/* SPDX-License-Identifier: MIT */
/*
 * The bounded hand-over of records from the responder to the caller: one writer, one reader,
 * no lock, no system call. Every record has a number, also one that finds no room and is lost:
 * so the reader sees a gap by its numbers, and exactly where it is.
 */
#ifndef JANUS_RING_H
#define JANUS_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct janus__spec;
struct janus__rule;

/* What is handed over. The path follows it in the ring, and after a NUL the old one, if any. */
struct janus__record {
	uint32_t kind;
	uint32_t verdict;
	uint32_t reason;
	int32_t pid;
	uint32_t file_type; /* enum janus_file_type */
	int32_t error;      /* of a gap */
	int64_t time_ns;
	uint64_t sequence;
	uint64_t lost; /* only in a gap, whose sequence is that of the last one */
	struct janus__spec *spec; /* one reference goes with the record; NULL in a gap */
	const struct janus__rule *rule; /* in @spec */
};

struct janus__ring {
	unsigned char *bytes;
	size_t size;                     /* a power of two */
	_Alignas(64) atomic_size_t head; /* the writer's; grows for ever */
	atomic_uint_least64_t sequence;  /* of the last record, in the ring or lost */
	_Alignas(64) atomic_size_t tail; /* the reader's */
	uint64_t told;                   /* the reader's: sequence of what it took last */
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

/* Writer: whether the reader had better be woken. */
bool janus__ring_is_half_full(const struct janus__ring *ring);

/* Writer: @count records are lost before they were even made. */
void janus__ring_lose(struct janus__ring *ring, uint64_t count);

/*
 * Reader: look at what comes next, a record with its path or a gap, whose spec is NULL; false:
 * there is nothing. It stays until janus__ring_pop(). The path is one contiguous piece, without
 * terminator.
 */
bool janus__ring_peek(const struct janus__ring *ring, struct janus__record *ret,
		      const char **ret_path, size_t *ret_path_length);

/* Reader: take what peek has shown. */
void janus__ring_pop(struct janus__ring *ring, const struct janus__record *shown);

#endif
