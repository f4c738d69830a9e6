/* SPDX-License-Identifier: MIT */
/*
 * What this kernel can do, found out by trying.
 */
#ifndef JANUS_FEATURES_H
#define JANUS_FEATURES_H

#include <stdint.h>

#include "kernel.h"

/*
 * Open a permission group with everything that is to be had; @ret_features gets a mask of enum
 * janus_feature. The fd is the caller's. -EPERM, -ENOSYS, -EMFILE, -ENFILE, -ENOMEM.
 */
int janus__features_open_group(const struct janus__kernel *kernel,
			       uint64_t *ret_features);

#endif
