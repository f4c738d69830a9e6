/* SPDX-License-Identifier: MIT */
/*
 * Entries that could not be looked at when the kernel told of them, because something above
 * them was on the move: they are looked at again when all that is queued has been followed.
 */
#ifndef JANUS_LATER_H
#define JANUS_LATER_H

#include <stdbool.h>
#include <stddef.h>

#include "handle.h"
#include "tree.h"

struct janus__later_entry {
	struct janus__later_entry *next;
	struct janus__tree *tree;
	struct janus__handle directory;
	struct janus__handle target; /* length 0: not told */
	bool is_directory;
	unsigned int tries;
	char name[];
};

struct janus__later {
	struct janus__later_entry *first;
	struct janus__later_entry **last;
};

void janus__later_init(struct janus__later *later);
void janus__later_done(struct janus__later *later);

/* At the end of the queue. -ENOMEM; -ENAMETOOLONG: a handle is too long. */
int janus__later_add(struct janus__later *later, struct janus__tree *tree,
		     const struct janus__observation *seen,
		     const struct janus__fid *directory);

/* Take all out; the caller puts back or frees each. */
struct janus__later_entry *janus__later_take(struct janus__later *later);
void janus__later_put(struct janus__later *later, struct janus__later_entry *entry);

/* A tree is about to go. */
void janus__later_forget(struct janus__later *later, const struct janus__tree *tree);

#endif
