/* SPDX-License-Identifier: MIT */
/*
 * A guard as bytes, for the worker after this one: what was asked for as a janus.v1.Guard, where
 * that came from, and the targets as they were found, for a short id may mean another container
 * by then, and a pid another process. Every length is checked. Pure.
 */
#ifndef JANUSD_GUARD_IMAGE_H
#define JANUSD_GUARD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct guard_image_target {
	char *cid;   /* the full id; NULL: a process, or the host */
	int32_t pid; /* of a process; 0: the host */
	uint64_t start_time;
	uint32_t index; /* which of the guard's targets asked for it */
	bool again;     /* it was not there: to be looked for once more */
};

struct guard_image {
	struct guard_image_target *targets;
	size_t target_count;
	uint64_t generation;
	char *source;
	struct wire_bytes guard; /* points into what was unpacked */
};

/* More than a guard may have, see guards.h. */
#define GUARD_IMAGE_TARGETS_MAX 1024

/* Return: 0 with bytes that the caller frees, or -ENOMEM. */
int guard_image_pack(const struct guard_image *image, struct wire_bytes *ret);

/* Return: 0, -EBADMSG or -ENOMEM. */
int guard_image_unpack(struct guard_image *ret, struct wire_bytes bytes);

/* The targets alone. Return: 0 or -ENOMEM. */
int guard_image_copy_targets(struct guard_image *ret, const struct guard_image *image);

/* Forget one of the targets. */
void guard_image_drop(struct guard_image *image, size_t index);

void guard_image_done(struct guard_image *image);

#endif
