/* SPDX-License-Identifier: MIT */
/*
 * The marks on mounts and file systems: who needs which, and when the last one has gone. Under
 * the engine's mutex.
 */
#ifndef JANUS_WIDE_H
#define JANUS_WIDE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"
#include "proc.h"

struct janus__wide_mark {
	uint32_t strategy; /* JANUS_STRATEGY_MOUNT or JANUS_STRATEGY_FILESYSTEM */
	uint64_t key;      /* the mount's id, or the device */
};

struct janus__wide {
	const struct janus__kernel *kernel;
	const struct janus__proc *proc;
	int group_fd; /* -1: there is none */
	struct janus__wide_held *list;
};

/*
 * Mark what @fd lies on and hold the mark. Negative errno of fanotify_mark(2), -EOPNOTSUPP,
 * -ENOMEM.
 */
int janus__wide_add(struct janus__wide *wide, const struct janus__wide_mark *mark,
		    uint64_t mask, int fd);

/* Hold it no longer; the last holder's @fd (on it; -1: none) takes the mark away. */
void janus__wide_drop(struct janus__wide *wide, const struct janus__wide_mark *mark,
		      int fd);

void janus__wide_done(struct janus__wide *wide);

#endif
