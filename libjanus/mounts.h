/* SPDX-License-Identifier: MIT */
/*
 * What is mounted where in a target's tree, from its mountinfo: paths are as the target sees
 * them.
 */
#ifndef JANUS_MOUNTS_H
#define JANUS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct janus__mount {
	uint64_t id;
	uint64_t parent;
	uint64_t
		device; /* as st_dev of its files, where they have their file system's own */
	const char *root;  /* what of the file system is mounted */
	const char *point; /* where */
	const char *type;  /* "ext4", "fuse.sshfs" */
};

struct janus__mounts {
	struct janus__mount *list; /* in the order of the kernel */
	size_t count;
	char *text; /* what the strings lie in */
};

/*
 * @pid 0: of this process. -ESRCH, -EACCES, -ENOMEM; -EBADMSG: not what the kernel writes;
 * -EFBIG: more than 64 MiB of it.
 */
int janus__mounts_read(const struct janus__proc *proc, int32_t pid,
		       struct janus__mounts *ret);

/* Take the text apart; the strings of @ret lie in it, and it is changed. Pure. */
int janus__mounts_parse(char *text, size_t length, struct janus__mounts *ret);

void janus__mounts_done(struct janus__mounts *mounts);

/* NULL: there is none. */
const struct janus__mount *janus__mounts_find(const struct janus__mounts *mounts,
					      uint64_t id);
const struct janus__mount *janus__mounts_find_device(const struct janus__mounts *mounts,
						     uint64_t device);

/*
 * What one sees at @point: the topmost of those mounted there, unless a mount further up hides
 * them all. NULL: one sees no mount there.
 */
const struct janus__mount *janus__mounts_find_point(const struct janus__mounts *mounts,
						    const char *point);

/* Whether somebody else serves it, who can keep everybody waiting. */
bool janus__mount_stalls(const struct janus__mount *mount);

#endif
