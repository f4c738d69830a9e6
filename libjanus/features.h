/* SPDX-License-Identifier: MIT */
/*
 * What this kernel can do, found out by trying.
 */
#ifndef JANUS_FEATURES_H
#define JANUS_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"

/*
 * Open a permission group with everything that is to be had; @ret_features gets a mask of enum
 * janus_feature. @threads: events tell threads, not processes. The fd is the caller's. -EPERM,
 * -ENOSYS, -EMFILE, -ENFILE, -ENOMEM.
 */
int janus__features_open_group(const struct janus__kernel *kernel, bool threads,
			       uint64_t *ret_features);

/*
 * Open another one like it, for wide marks; @features gets JANUS_FEATURE_WIDE. The fd in @ret
 * is the caller's; -1: this kernel has no such marks, or the user may have no more groups.
 * -EPERM, -ENFILE, -ENOMEM.
 */
int janus__features_open_wide(const struct janus__kernel *kernel, bool threads,
			      uint64_t *features, int *ret);

#endif
