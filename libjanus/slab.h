/* SPDX-License-Identifier: MIT */
/*
 * Memory for many small things that live long and go together: each slab holds pieces of one
 * size, and none of them has a header of its own. Zeroed slabs are empty ones, and hold nothing
 * that would have to be freed.
 */
#ifndef JANUS_SLAB_H
#define JANUS_SLAB_H

#include <stddef.h>
#include <stdint.h>

/* Sizes are rounded up to this; what is larger than the largest lies by itself. */
#define JANUS__SLAB_STEP 8u
#define JANUS__SLAB_LARGEST 512u

struct janus__slab;

/* All slabs of one size. */
struct janus__slab_kind {
	struct janus__slab *first; /* with room in it */
	size_t live;               /* pieces */
};

struct janus__slabs {
	struct janus__slab_kind kinds[JANUS__SLAB_LARGEST / JANUS__SLAB_STEP + 1];
};

/*
 * A piece, aligned for pointers, its bytes undefined. NULL: no memory. The offset has to be kept
 * until it is given back.
 */
void *janus__slab_take(struct janus__slabs *slabs, size_t size, uint32_t *ret_offset);

/* A slab goes with the last of its pieces. */
void janus__slab_give(struct janus__slabs *slabs, void *piece, uint32_t offset);

#endif
