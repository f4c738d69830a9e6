/* SPDX-License-Identifier: MIT */
/*
 * Names of which the kernel's queue may have told a wrong end. It merges what happens to an
 * entry more than once into the first event of it, and so loses in which order it happened with
 * regard to others: after "there", "away" and "there" again it tells "there and away". What was
 * told last of such names is kept until the queue is empty, and is then compared with what is.
 */
#ifndef JANUS_DOUBT_H
#define JANUS_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handle.h"
#include "tree.h"

struct janus__doubt {
	struct janus__doubt *next;
	struct janus__tree *tree;
	struct janus__handle directory;
	uint64_t hash;
	bool present; /* told so */
	unsigned int tries;
	char name[];
};

#define JANUS__DOUBT_BUCKETS 1024u

struct janus__doubts {
	struct janus__doubt *buckets[JANUS__DOUBT_BUCKETS];
	size_t count;
};

/* An entry of a directory. */
struct janus__name {
	const struct janus__trees *trees;
	const struct janus__node *directory;
	const char *name;
};

/* It was told to be there, or not. Without memory, or with too many of them, it is believed. */
void janus__doubts_note(struct janus__doubts *doubts, const struct janus__name *name,
			bool present);

/* The same, if there is a doubt about it already. */
void janus__doubts_update(struct janus__doubts *doubts, const struct janus__name *name,
			  bool present);

/* All of them as one list; the caller frees or puts back each. */
struct janus__doubt *janus__doubts_take(struct janus__doubts *doubts);
void janus__doubts_put(struct janus__doubts *doubts, struct janus__doubt *doubt);

/* A tree is about to go. */
void janus__doubts_forget(struct janus__doubts *doubts, const struct janus__tree *tree);

void janus__doubts_done(struct janus__doubts *doubts);

#endif
