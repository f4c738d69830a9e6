/* SPDX-License-Identifier: MIT */
/*
 * From a directory up to the root, for directories that the table of rules does not know:
 * inode by inode, through O_PATH fds of what the kernel has in memory, also out of mounts.
 */
#ifndef JANUS_CLIMB_H
#define JANUS_CLIMB_H

#include "identify.h"
#include "kernel.h"
#include "lookup.h"

/* More than this is no place that anybody could name by a path. */
#define JANUS__TRAIL_MAX 512u

/* The directories that were met, nearest first. */
struct janus__trail {
	uint32_t count;
	bool root_reached;
	struct janus__seen seen[JANUS__TRAIL_MAX];
};

/*
 * All directories above the one behind @fd, which @from is, are added to the trail. -EAGAIN,
 * -EMFILE and the like: the trail ends early; -ELOOP: it is full.
 */
int janus__climb(const struct janus__kernel *kernel, int fd,
		 const struct janus__file *from, struct janus__trail *trail);

#endif
