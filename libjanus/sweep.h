/* SPDX-License-Identifier: MIT */
/*
 * What files below a deny leave behind: each has a node and an object, and the kernel tells
 * nobody when the last of a file's names has gone. Its list of marks does. Under the engine's
 * mutex.
 */
#ifndef JANUS_SWEEP_H
#define JANUS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handle.h"
#include "marks.h"

/* One inode that a group has marked. */
struct janus__sweep_mark {
	int32_t type;    /* of its handle */
	uint32_t length; /* 0: the kernel could not tell its handle */
	unsigned char bytes[JANUS__HANDLE_MAX];
};

/* A line of a group's fdinfo, without its end. False: it tells of no inode. Pure. */
bool janus__sweep_parse(const char *line, size_t length, struct janus__sweep_mark *ret);

/* A file that has a node may have lost its last name: it was deleted, replaced or moved. */
void janus__sweep_note(struct janus__trees *trees);

/* Forget the files that have gone, if there may be enough of them. */
void janus__sweep(const struct janus__marker *marker);

#endif
