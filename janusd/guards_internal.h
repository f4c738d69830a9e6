/* SPDX-License-Identifier: MIT */
/*
 * What the registry (guards.c) and the replacing of a guard (guard_replace.c) share.
 */
#ifndef JANUSD_GUARDS_INTERNAL_H
#define JANUSD_GUARDS_INTERNAL_H

#include "ended.h"
#include "guards.h"

#define GUARD_BUCKETS 4096

struct guards {
	struct janus_context *context;
	struct labels *labels;
	struct guard *buckets[GUARD_BUCKETS];
	struct guard **in_order; /* by rising serial */
	size_t count;
	size_t room;
	size_t bytes; /* of all configs */
	uint64_t last_serial;
	struct ended ended;
};

/*
 * Destroys its watches, retires its label, frees its config. Not in the registry any
 * more.
 */
void guard_free(struct guards *guards, struct guard *guard);

/*
 * Bring @fresh into force in place of @old (NULL: there is none). On success the watches
 * that go on are moved from @old to @fresh. Return: 0, or -1 with the status in @ret and
 * everything as it was; both guards stay the caller's.
 */
int guard_replace(struct guards *guards, struct guard *old, struct guard *fresh,
		  struct guard_outcome *ret);

#endif
