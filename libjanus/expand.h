/* SPDX-License-Identifier: MIT */
/*
 * The walk through a tree, fd by fd: each directory is shown before it is listed, so that what
 * appears in it afterwards is told by its mark, and what was there before by the listing.
 */
#ifndef JANUS_EXPAND_H
#define JANUS_EXPAND_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "tree.h"

/* What a listing shows. */
struct janus__entry {
	struct janus__node *directory;
	int fd; /* of the directory */
	const char *name;
	uint32_t type; /* enum janus_file_type */
	const struct janus__fid
		*fid; /* what must be there for it to be this; NULL: anything */
};

/* What is asked and told on the way; each may be NULL but the first two. */
struct janus__walk_ops {
	/*
	 * A directory was reached, and is a node now, a NEW one if it was none before.
	 * Negative errno: it is not covered; the
	 * node is to be forgotten, nothing below it is looked at, and skip() is told.
	 */
	int (*enter)(void *userdata, struct janus__node *node, int fd);
	void (*forget)(void *userdata, struct janus__node *node);
	/* Its own entries were all shown. */
	void (*listed)(void *userdata, struct janus__node *node);
	/* All below it was looked at. */
	void (*leave)(void *userdata, struct janus__node *node, int fd);
	/*
	 * A directory that is known already is listed at another place, where it is moved to if
	 * the walk goes through what is known. Else the kernel will tell of it in its turn.
	 */
	void (*meet)(void *userdata, const struct janus__entry *entry,
		     const struct janus__node *node);
	/* Another file system begins there. Negative errno: it is not entered, as above. */
	int (*cross)(void *userdata, const char *path);
	/* An entry that is not left out. */
	void (*entry)(void *userdata, const struct janus__entry *entry);
	/* An entry that is: by a pattern, or for its depth. */
	void (*leave_out)(void *userdata, const struct janus__entry *entry,
			  bool by_pattern);
	/* What could not be covered; @path is "" where it is too long to be told. */
	void (*skip)(void *userdata, const char *path, int err);
};

struct janus__walk {
	const struct janus__kernel *kernel;
	struct janus__trees *trees;
	const struct janus__walk_ops *ops;
	void *userdata;
	bool again; /* also through what is known: moves nodes, marks each one as seen */
};

/*
 * Walk from a node, whose directory @fd is, and which was shown to enter() already. Everything
 * that goes wrong is told by skip(); -ENOMEM: nothing could be looked at.
 */
int janus__expand(const struct janus__walk *walk, struct janus__node *node, int fd);

/* Walk into one directory that has appeared in it, and that is not left out by a pattern. */
int janus__expand_child(const struct janus__walk *walk, const struct janus__entry *entry);

#endif
