/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells of directories -> the trees as they are now, and records of it. Under
 * the engine's mutex.
 */
#ifndef JANUS_FOLLOW_H
#define JANUS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cover.h"
#include "decode_fid.h"

struct janus__follow {
	const struct janus__marker *marker;
	int32_t own_pid;
	bool stale; /* some tree is dirty or lost */
	bool moved; /* a doubt was resolved by a directory's finding its place */

	/* Where the rename before led to, if the event before was one. */
	struct {
		const struct janus__node *directory; /* NULL: it was none */
		uint64_t target;                     /* as a hash */
		char name[256];
	} last;

	/* The watch that is being worked for; its root is not opened for each event. */
	bool open;
	struct janus__root root;
	struct janus__cover cover;
	int64_t places_ns; /* when its mounts were looked at; CLOCK_MONOTONIC */
};

/* One observation. */
void janus__follow(struct janus__follow *follow, const struct janus__observation *seen);

/* The kernel's queue was full: what it would have told is found out by looking. */
void janus__follow_overflow(struct janus__follow *follow);

/* Something was mounted or unmounted, or may have been. */
void janus__follow_mounts(struct janus__follow *follow);

/* Remember what is mounted where a tree is; whether that is something else than before. */
bool janus__follow_note_mounts(struct janus__tree *tree, struct janus__places *places);

/* The queue may be empty: compare what was told with what is, where that is in doubt. */
void janus__follow_resolve(struct janus__follow *follow);

/* A batch is done: look again at what is stale, put what is new into force, close all. */
void janus__follow_settle(struct janus__follow *follow);

#endif
