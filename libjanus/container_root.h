/* SPDX-License-Identifier: MIT */
/*
 * The root of a container's first process: whether it has one of its own yet, and what that is
 * called here.
 */
#ifndef JANUS_CONTAINER_ROOT_H
#define JANUS_CONTAINER_ROOT_H

#include <stdbool.h>
#include <stddef.h>

#include "proc.h"

/*
 * A runtime makes the process first, and gives it its root a moment later. Until then it has
 * that of its parent, and what was guarded in there would be the host's. Where it cannot be
 * told the answer is true.
 */
bool janus__container_root_is_own(const struct janus__proc *proc, int32_t pid,
				  int32_t parent_pid);

/* Where that root is mounted in our own tree; else the way through /proc. */
void janus__container_root_path(const struct janus__proc *proc, int32_t pid, char *buf,
				size_t size);

#endif
