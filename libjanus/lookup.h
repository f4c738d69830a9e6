/* SPDX-License-Identifier: MIT */
/*
 * What the table of rules says of a file: the rules of the file itself, of its directory, and
 * of the trees that reach down to it. The responder's side of rules.h: no memory is allocated,
 * no system call made.
 *
 * Each look-up fills @ret anew, at one point in time: what it finds is all old or all new,
 * however many swaps happen.
 */
#ifndef JANUS_LOOKUP_H
#define JANUS_LOOKUP_H

#include "rules.h"

/* Higher than that nothing is looked for. */
#define JANUS__HOPS_MAX 4096u

/* An inode as it was just seen. */
struct janus__seen {
	struct janus__inode inode;
	int64_t birth_time_ns; /* 0: unknown */
};

/* What else has to be found out; a mask. */
enum janus__rules_hint {
	JANUS__RULES_PARENT_MATTERS = 1u << 0, /* some directory has rules */
	JANUS__RULES_MAY_DRIFT = 1u << 1, /* some file drifts; the inode has no rules */
};

/* Rules of the inode alone. */
uint32_t janus__rules_find(struct janus__rules *rules, struct janus__seen file,
			   struct janus__match *ret);

/* A file and where it lies. */
struct janus__sought {
	struct janus__seen file;
	/*
	 * The directories above it, the one it lies in first, as far up as is known without the
	 * table. The table goes on from the first one whose place in a tree it knows.
	 */
	const struct janus__seen *trail;
	uint32_t trail_count;
	bool root_reached; /* there is nothing above the last one */
	bool mount_root;   /* the file is a mount's root: only trees reach into that */
	uint32_t kind;
};

/*
 * False: rules for trees may have been missed, for neither the trail nor the table leads to
 * one, and the root was not reached either.
 */
bool janus__rules_find_placed(struct janus__rules *rules,
			      const struct janus__sought *sought,
			      struct janus__match *ret);

/*
 * For when the place cannot be told. Of a marked inode it is the one that it had when it was
 * marked. For any other one it is guessed: a directory that could be it, or could hold it, and
 * in which an enforced rule denies @kind. With it go the rules of a file that may have drifted
 * here; it is not known as this inode from now on, for another overlay can have the same
 * number.
 */
struct janus__orphan {
	struct janus__seen file;
	uint64_t anchor_number; /* 0: it has not drifted */
	bool on_overlay; /* there a file can show another device than its directory */
	uint32_t kind;
};

/* True: it was guessed. */
bool janus__rules_find_orphan(struct janus__rules *rules,
			      const struct janus__orphan *orphan,
			      struct janus__match *ret);

/* The file with this anchor is known as @inode from now on. False: there is none. */
bool janus__rules_follow_drift(struct janus__rules *rules, struct janus__inode inode,
			       struct janus__inode anchor);

#endif
