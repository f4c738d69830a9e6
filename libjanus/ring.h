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

#include "actor.h"

struct janus__spec;
struct janus__rule;

/* What is handed over, besides its texts. */
struct janus__record {
	uint32_t kind;
	uint32_t verdict;
	uint32_t reason;
	uint32_t file_type; /* enum janus_file_type */
	int32_t error;      /* of a gap */
	int64_t time_ns;
	uint64_t sequence;
	uint64_t ticket; /* of one who waits for the program's answer; 0: nobody does */
	uint64_t lost;   /* only in a gap, whose sequence is that of the last one */
	struct janus__spec *spec; /* one reference goes with the record; NULL in a gap */
	const struct janus__rule *rule; /* in @spec */
	struct janus__facts who;        /* all 0 in a gap */
};

enum janus__text {
	JANUS__TEXT_PATH,
	JANUS__TEXT_OLD_PATH, /* of a rename */
	JANUS__TEXT_EXE,
	JANUS__TEXT_CGROUP,
	JANUS__TEXT_CONTAINER, /* its id */
	JANUS__TEXT_COUNT,
};

/* What a record says in words. In the ring each ends with a NUL that is not counted. */
struct janus__texts {
	const char *at[JANUS__TEXT_COUNT]; /* NULL where the length is 0 */
	uint32_t length[JANUS__TEXT_COUNT];
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
 * Writer: append a record with its texts; its sequence is set here. False: it was lost, and the
 * reference in it is still the writer's.
 */
bool janus__ring_push(struct janus__ring *ring, struct janus__record *record,
		      const struct janus__texts *texts);

/* Writer: whether the reader had better be woken. */
bool janus__ring_is_half_full(const struct janus__ring *ring);

/* Writer: @count records are lost before they were even made. */
void janus__ring_lose(struct janus__ring *ring, uint64_t count);

/*
 * Reader: look at what comes next, a record with its texts or a gap, whose spec is NULL; false:
 * there is nothing. It stays until janus__ring_pop().
 */
bool janus__ring_peek(const struct janus__ring *ring, struct janus__record *ret,
		      struct janus__texts *ret_texts);

/*
 * Who it was: the record's own part and the texts; the others stay. Where no cgroup names a
 * container, whoever is in the pid namespace of the watch's own is in that.
 */
void janus__record_actor(struct janus__record *record, const struct janus__actor *actor,
			 struct janus__texts *ret);

/* How many bytes the texts take, with the end of each. */
size_t janus__texts_size(const struct janus__texts *texts);

/* Write them one after the other; @ret tells where they are now. */
void janus__texts_copy(char *to, const struct janus__texts *texts,
		       struct janus__texts *ret);

/* Reader: take what peek has shown. */
void janus__ring_pop(struct janus__ring *ring, const struct janus__record *shown);

#endif
