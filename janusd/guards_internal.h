/* SPDX-License-Identifier: MIT */
/*
 * What the registry (guards.c) shares with the replacing of a guard (guard_replace.c) and
 * with the return of all guards (guard_restore.c).
 */
#ifndef JANUSD_GUARDS_INTERNAL_H
#define JANUSD_GUARDS_INTERNAL_H

#include "ended.h"
#include "guards.h"

#define GUARD_BUCKETS 4096

struct guards {
	struct janus_context *context;
	struct guards_options options;
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
 * As guards_apply(), but nothing becomes of the state. The guard still has its request.
 */
void guards_put(struct guards *guards, struct guard_config *config,
		struct guard_outcome *ret);

/*
 * Write @guard into the state, for the next process, and drop its request. A failure is
 * logged: the guard is in force all the same.
 */
void guards_save(struct guards *guards, const struct guard *guard);

/* The state forgets the guard of this number. */
void guards_forget(struct guards *guards, uint64_t serial);

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
