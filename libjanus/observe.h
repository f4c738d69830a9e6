/* SPDX-License-Identifier: MIT */
/*
 * The observing group: how it is opened, and which of its bits mean which kind. Owns no fd.
 */
#ifndef JANUS_OBSERVE_H
#define JANUS_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

/*
 * Open the group, unbounded if that is allowed and wanted, and tell what it can do. Negative
 * errno of fanotify_init(2).
 */
int janus__observe_open_group(const struct janus__kernel *kernel, bool bounded,
			      uint64_t *ret_features);

/* The group that tells of mounts; -EINVAL: the kernel has none. */
int janus__observe_open_mount_group(const struct janus__kernel *kernel);

/* What a directory is marked with for a tree that wants these kinds, besides its structure. */
uint64_t janus__observe_mask(uint32_t kinds);

/* What a directory on the way to a tree is marked with. */
#define JANUS__OBSERVE_WAY (FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_ONDIR)

/* In what order the bits of one event must have happened: from 0; 0 kind: no more. */
uint32_t janus__observe_kind_at(uint64_t mask, size_t *at);

#endif
