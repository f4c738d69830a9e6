/* SPDX-License-Identifier: MIT */
/*
 * Marks of single inodes in the permission group: one fd in, one object and one mark out; and
 * how they go. Under the engine's mutex.
 */
#ifndef JANUS_MARKS_H
#define JANUS_MARKS_H

#include <stddef.h>

#include "doubt.h"
#include "fresh.h"
#include "identify.h"
#include "kernel.h"
#include "later.h"
#include "proc.h"
#include "quiet.h"
#include "root.h"
#include "rules.h"
#include "spec.h"
#include "stats.h"
#include "tell.h"
#include "tree.h"
#include "wide.h"

struct janus__log;
struct janus_watch_report;

/* What the marks of a context go through. */
struct janus__marker {
	const struct janus__kernel *kernel;
	const struct janus__proc *proc;
	const struct janus__log *log;
	struct janus__rules *rules;
	struct janus__counters *counters;
	struct janus__trees *trees;
	struct janus__teller *teller;
	struct janus__wide *wide;
	struct janus__fresh *fresh;
	struct janus__later *later;
	struct janus__doubts *doubts;
	struct janus__quiet *quiet;
	uint64_t mark_limit; /* 0: none */
	int group_fd;        /* -1: there is none */
	int observe_fd;      /* -1: there is none */
	const uint64_t
		*batch_left; /* observations that were read and are not handled yet */
};

/* What was found at a path. */
struct janus__found {
	int fd;      /* O_PATH or not */
	int32_t pid; /* whose root the path leads from; 0: ours */
	struct janus__file file;
	enum janus__filesystem filesystem;
};

/* Look at an fd. Negative errno of statx(2). */
int janus__found_init(struct janus__found *ret, const struct janus__marker *marker,
		      int fd, int32_t pid);

/* How many observations wait to be handled, as well as it can be known. */
uint64_t janus__marks_queued(const struct janus__marker *marker);

/* Why a path or an entry cannot be covered, in words. */
const char *janus__marks_cause(int err);

/* -EDQUOT: the context's options allow no more marks. */
int janus__marks_check_limit(const struct janus__marker *marker);

/*
 * Hold an object for what was found. @parent: the directory it lies in; NULL: to be found out.
 * -ENOMEM, or negative errno of looking at it.
 */
int janus__marks_hold(const struct janus__marker *marker,
		      const struct janus__found *found, const struct janus__inode *parent,
		      struct janus__object **ret);

/*
 * Ask for these kinds of a found inode, of a directory's children, too; @object is its.
 * -EOPNOTSUPP: this file system takes no such marks; else negative errno of fanotify_mark(2).
 */
int janus__marks_ask(const struct janus__marker *marker, const struct janus__found *found,
		     struct janus__object *object, uint32_t kinds);

/* Leave the kernel with what the object's remaining bindings want; @fd is of its inode. */
void janus__marks_reduce(const struct janus__marker *marker, struct janus__object *object,
			 int fd);

/*
 * Take back the mark of a rule and release its object. @root: NULL: it cannot be reached. What
 * cannot be found again keeps a mark that says "allow" until it is gone.
 */
void janus__marks_release(const struct janus__marker *marker,
			  const struct janus__root *root,
			  const struct janus__wanted *wanted);

/* Say in the counters how many there are. */
void janus__marks_count(const struct janus__marker *marker);

#endif
