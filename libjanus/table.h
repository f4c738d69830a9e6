/* SPDX-License-Identifier: MIT */
/*
 * The inside of the table of rules, shared by who changes it (rules.c) and who looks things up
 * in it (lookup.c). There is one object for each directory of a tree: what few of them need
 * stands apart.
 */
#ifndef JANUS_TABLE_H
#define JANUS_TABLE_H

#include "rules.h"

struct janus__meaning {
	bool asks;  /* a rule wants to be asked */
	bool tree;  /* such a rule is for all below */
	bool above; /* it has something to say, if only "ignore", about what lies deeper */
};

/* What only objects with bindings, or that drift, have. */
struct janus__extra {
	struct janus__object *next_directory, **prev_directory; /* if its rules speak */
	struct janus__object *next_drifter, **prev_drifter;
	struct janus__inode anchor;        /* all 0: it does not drift */
	struct janus__bindings *prepared;  /* by a swap, before the lock */
	struct janus__meaning meaning;     /* of what is prepared */
	struct janus__strict_kinds strict; /* what it denies on failure, as it was set */
	struct janus__strict_kinds prepared_strict;
	bool touched; /* by a swap */
};

struct janus__object {
	struct janus__object *next; /* in its bucket */
	struct janus__inode inode;
	struct janus__inode parent;
	int64_t birth_time_ns;            /* 0: unknown */
	struct janus__bindings *bindings; /* NULL: none */
	struct janus__extra *extra;
	uint32_t holders;
	uint16_t marked;
	bool directory : 1;
	bool overlay : 1;
	bool tree : 1; /* see struct janus__meaning */
	bool above : 1;
};

static inline bool janus__inode_is(struct janus__inode a, struct janus__inode b)
{
	return a.number == b.number && a.device == b.device;
}

static inline size_t janus__table_hash(struct janus__inode inode)
{
	uint64_t mixed = (inode.number ^ (inode.device << 32)) * 0x9e3779b97f4a7c15u;

	return (size_t)(mixed ^ (mixed >> 29));
}

/* Under the lock, or where nobody else changes the table. */
static inline struct janus__object **janus__table_slot(const struct janus__rules *rules,
						       struct janus__inode inode)
{
	struct janus__object **slot =
		&rules->buckets[janus__table_hash(inode) & (rules->bucket_count - 1)];

	while (*slot && !janus__inode_is((*slot)->inode, inode))
		slot = &(*slot)->next;
	return slot;
}

/*
 * Whether a file was born at another time than the object's: its number was used again. On
 * overlayfs a file can be born again when it is written for the first time.
 */
static inline bool janus__object_is_older(const struct janus__object *object,
					  int64_t birth_time_ns)
{
	return !object->overlay && object->birth_time_ns && birth_time_ns &&
	       object->birth_time_ns != birth_time_ns;
}

/* Under the lock. */
void janus__table_move(struct janus__rules *rules, struct janus__object *object,
		       struct janus__inode inode);

#endif
