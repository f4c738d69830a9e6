/* SPDX-License-Identifier: MIT */
/*
 * What the registry (guards.c) shares with the replacing of a guard (guard_replace.c) and
 * with the return of all guards (guard_restore.c).
 */
#ifndef JANUSD_GUARDS_INTERNAL_H
#define JANUSD_GUARDS_INTERNAL_H

#include "ended.h"
#include "guard_state.h"
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
	uint64_t generation; /* of the last change */
	bool restoring; /* they have been let in before: limits are not asked again */
	bool forgotten; /* meanwhile some were, which is a change */
	struct ended ended;
};

/*
 * As guards_wish(), but nothing becomes of the state. @wish: NULL: do it in any case.
 */
void guards_put(struct guards *guards, struct guard_config *config,
		const struct guards_wish *wish, struct guard_outcome *ret);

/*
 * Write @guard into the state, for the next process. A failure is logged: the guard is in force
 * all the same.
 */
void guards_save(struct guards *guards, const struct guard *guard);

/* The state forgets the guard of this number, and remembers that this was a change. */
void guards_forget(struct guards *guards, uint64_t serial);

/* A change after which no guard has its number. */
void guards_count_change(struct guards *guards);

/* Out of its bucket. */
void guards_unlink(struct guards *guards, struct guard *guard);

/* Say so in the log. */
void guard_tell_removed(const struct guard_config *config);

/* Destroys its watch, frees what it holds. */
void guard_target_done(struct guard_target *target);

/* Out of registry and state, and freed. That is a change. */
void guards_drop(struct guards *guards, struct guard *guard);

/* Where the generation is kept while no guard has it; no guard's number. */
#define GUARDS_GENERATION_ID GUARD_STATE_ID_MAX

/*
 * Destroys its watches, retires its label, frees its config. Not in the registry any
 * more.
 */
void guard_free(struct guards *guards, struct guard *guard);

/*
 * guard_resolve.c: the targets of @guard, as they are at this moment. What is not there, but may
 * be some other time, is one of them, too, unless the old service asks; @missing then has why
 * the first one is not. Return: 0, or -1 with the cause in @status.
 */
int guard_resolve(struct guard *guard, struct status *status, struct status *missing);

/* Return: how a container that could not be found is to be told. */
uint32_t guard_container_code(int error);
const char *guard_container_cause(int error);

#define GUARD_PLACE_SIZE 48

/* The field that @target is from, in the words of whoever asks: "cid", "targets[2].exe". */
const char *guard_place(char buf[GUARD_PLACE_SIZE], const struct guard *guard,
			const struct guard_target *target);

/* Its value: an id, a pid. */
const char *guard_target_name(const struct guard_target *target, char buf[32]);

/* Whether both are one place to guard. */
bool guard_target_is_same(const struct guard_target *a, const struct guard_target *b);

/* guard_report.c: what the library says of a watch. */
void guard_take_report(struct guard_target *target,
		       const struct janus_watch_report *report);

/* It is not there, or cannot be guarded. @cause: escaped. */
void guard_take_failure(struct guard_target *target, const char *cause);

/* Whether targets and what became of them are the same in both. */
bool guard_is_like(const struct guard *a, const struct guard *b);

/*
 * Have the library look at the watch of @target again, for its report. What is guarded stays
 * the same.
 */
int guard_refresh(struct guards *guards, struct guard *guard,
		  struct guard_target *target);

/*
 * Bring @fresh, whose targets are resolved, into force in place of @old (NULL: there is none).
 * On success the watches that go on are moved from @old to @fresh. Return: 0, or -1 with the
 * status in @ret and everything as it was; both guards stay the caller's.
 */
int guard_replace(struct guards *guards, struct guard *old, struct guard *fresh,
		  struct guard_outcome *ret);

#endif
