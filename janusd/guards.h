/* SPDX-License-Identifier: MIT */
/*
 * The registry of guards: what a controller asked for, and the watches that do it. A
 * guard is known by name, node and pod; it has one watch for each container or pid.
 *
 * Belongs to the main thread, as the library's objects do.
 */
#ifndef JANUSD_GUARDS_H
#define JANUSD_GUARDS_H

#include <janus/watch.h>

#include <stddef.h>
#include <stdint.h>

#include "guard_config.h"
#include "labels.h"
#include "status.h"

struct guard_state;
struct janus_context;
struct janus_watch;
struct guards;

/* A container or a process that a guard covers. */
struct guard_target {
	char *cid;   /* the full id, without scheme; NULL: the target is the process */
	int32_t pid; /* the process, or the container's init process at the time */
	uint64_t start_time;       /* of a target that is a process, see process.h */
	struct janus_watch *watch; /* NULL: not one path of the guard is there */
};

struct guard {
	struct guard *next; /* in the registry's bucket */
	uint64_t hash;
	uint64_t
		serial; /* rises with each new guard, over all workers; a replaced one keeps it */
	struct guard_config *config;
	const struct label *label;
	struct guard_target *targets;
	size_t target_count;
};

#define GUARDS_MAX 10000
#define GUARDS_BYTES_MAX ((size_t)256 << 20)

/* What became of a request to guard. */
struct guard_outcome {
	struct status status;      /* STATUS_OK: the guard is in force */
	const struct guard *guard; /* NULL on failure; valid until the registry changes */
	uint64_t paths;            /* over all targets */
	uint64_t skipped;          /* of these, not in force */
	char skipped_first[640];   /* the first one's target, path and cause; escaped */
};

/* What DestroyGuard goes by; empty strings and no pids count as not given. */
struct guard_match {
	const char *name;
	const char *node; /* never empty */
	const char *pod;
	const int32_t *pids; /* looked at only where pod is empty */
	size_t pid_count;
};

#define GUARDS_LIFELINES_MAX 16

/* What goes for all guards. */
struct guards_options {
	struct guard_state *state; /* where guards outlive this process; NULL: nowhere */
	uint32_t on_failure;       /* as in janus_watch_options */
	/* Who is never denied anything; copied when a guard is made. */
	struct janus_exception lifelines[GUARDS_LIFELINES_MAX];
	size_t lifeline_count;
};

/*
 * Return: NULL if there is no memory. @context and the state of @options stay the caller's.
 */
struct guards *guards_create(struct janus_context *context,
			     const struct guards_options *options);

void guards_destroy(struct guards *guards);

/*
 * Bring back what the state says that the last process had guarded: what of it has ended
 * meanwhile is told and forgotten, and so is, as an error, what cannot be guarded any more.
 * To be called before anything else is guarded.
 */
void guards_restore(struct guards *guards, const struct node_name *node);

/*
 * Destroys every guard, which releases whoever waits for an answer. Labels stay a while, and
 * the state as it is.
 */
void guards_clear(struct guards *guards);

/*
 * Guard as @config says; replaces the guard of the same name, node and pod. What was
 * guarded and stays so is guarded at every moment. On failure everything is as it was.
 * Takes @config over, also on failure.
 */
void guards_apply(struct guards *guards, struct guard_config *config,
		  struct guard_outcome *ret);

/* Return: how many guards were destroyed; 0: with the cause in @status. */
size_t guards_remove(struct guards *guards, const struct guard_match *match,
		     struct status *status);

/*
 * The library says that a watch has ended, with the process that it hung on: its container is
 * the guard's no more, and a guard without any goes. @label_id and @watch_id are those of the
 * event; of a guard that was replaced meanwhile nothing is taken. @error: as in the event.
 */
void guards_end(struct guards *guards, uint64_t label_id, uint64_t watch_id, int error);

/* Return: the guard with the least serial above @serial; NULL: there is none. */
const struct guard *guards_next(const struct guards *guards, uint64_t serial);

size_t guards_count(const struct guards *guards);

/* Labels of records; see labels.h. */
struct labels *guards_labels(struct guards *guards);

#endif
