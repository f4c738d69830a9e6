/* SPDX-License-Identifier: MIT */
/*
 * A guard as bytes, for the worker after this one: the request as it came, and the targets as
 * they were found, for a short id may mean another container by then, and a pid another
 * process. Every length is checked. Pure.
 */
#ifndef JANUSD_GUARD_IMAGE_H
#define JANUSD_GUARD_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct guard_target;

struct guard_image {
	struct guard_image_target {
		char *cid;   /* the full id; NULL: a process */
		int32_t pid; /* of a process */
		uint64_t start_time;
	} * targets;
	size_t target_count;
	struct wire_bytes request; /* points into what was unpacked */
};

/* Return: 0 with bytes that the caller frees, or -ENOMEM. */
int guard_image_pack(const struct guard_target *targets, size_t target_count,
		     struct wire_bytes request, struct wire_bytes *ret);

/* Return: 0, -EBADMSG or -ENOMEM. */
int guard_image_unpack(struct guard_image *ret, struct wire_bytes bytes);

/* Forget one of the targets. */
void guard_image_drop(struct guard_image *image, size_t index);

void guard_image_done(struct guard_image *image);

#endif
