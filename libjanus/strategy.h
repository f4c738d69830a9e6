/* SPDX-License-Identifier: MIT */
/*
 * Which marks cover a place: its inodes only, its mount, or its whole file system.
 */
#ifndef JANUS_STRATEGY_H
#define JANUS_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#include "mounts.h"
#include "spec.h"

/* What is mounted in a target's tree and in ours; read when it is first needed. */
struct janus__places {
	const struct janus__proc *proc;
	int32_t pid; /* of the target; 0: the host */
	bool known;
	int error; /* why it cannot be known */
	struct janus__mounts target;
	struct janus__mounts own;
};

void janus__places_done(struct janus__places *places);

/* What a target sees at @path; NULL: no mount point, or it cannot be known. */
const struct janus__mount *janus__places_find(struct janus__places *places,
					      const char *path);

/* One value of enum janus_strategy, for what lies on the mount with this id. */
uint32_t janus__strategy_choose(struct janus__places *places,
				const struct janus__subject *subject, uint64_t mount_id);

#endif
