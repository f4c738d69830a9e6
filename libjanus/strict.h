/* SPDX-License-Identifier: MIT */
/*
 * Which inodes are denied when nobody can decide about them: those of rules that deny, in watches
 * whose on_failure is deny. It lies in memory that another process may read at any time, also
 * when its writer has died in the middle of a change.
 */
#ifndef JANUS_STRICT_H
#define JANUS_STRICT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define JANUS__STRICT_SLOTS 65536u /* a power of two */
#define JANUS__STRICT_MAX 49152u   /* more inodes than that: everything is denied */

/* Masks of enum janus_event_kind. */
struct janus__strict_kinds {
	uint32_t own;  /* of the inode itself, and of a directory's children */
	uint32_t tree; /* of all that lies below it */
};

struct janus__strict_slot {
	atomic_uint_least64_t device;
	atomic_uint_least64_t number; /* 0: the slot is free */
	atomic_uint_least64_t kinds;
};

/* All 0: there are none. */
struct janus__strict {
	atomic_uint version; /* odd: it is being changed */
	atomic_uint count;
	atomic_uint trees; /* of them, those with a kind for all below them */
	atomic_bool full;
	atomic_bool unknown; /* who is not in it may be missing */
	struct janus__strict_slot slots[JANUS__STRICT_SLOTS];
};

/* No kinds: the inode is not in it any more. One writer at a time. */
void janus__strict_set(struct janus__strict *strict, uint64_t device, uint64_t number,
		       struct janus__strict_kinds kinds);

/* The last writer may have died in the middle of a change: nothing is known for sure then. */
void janus__strict_recover(struct janus__strict *strict);

/* Between these two everything is set anew. */
void janus__strict_rebuild(struct janus__strict *strict);
void janus__strict_rebuilt(struct janus__strict *strict);

/* What is known of an inode. False: it cannot be told, so everything may be denied. */
bool janus__strict_find(struct janus__strict *strict, uint64_t device, uint64_t number,
			struct janus__strict_kinds *ret);

/* Whether anything is denied at all. */
static inline bool janus__strict_any(const struct janus__strict *strict)
{
	return atomic_load_explicit(&strict->count, memory_order_acquire) ||
	       atomic_load_explicit(&strict->unknown, memory_order_acquire);
}

#endif
