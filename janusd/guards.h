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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard_config.h"
#include "labels.h"
#include "status.h"

struct guard_state;
struct janus_context;
struct janus_watch;
struct guards;

/* What is known of a target since it was last looked at, as in janus_watch_report. */
struct guard_report {
	uint64_t paths;
	uint64_t marked;
	uint64_t skipped;
	uint64_t waiting;
	uint64_t tree_directories;
	uint64_t tree_files;
	uint64_t tree_skipped;
	uint64_t tree_ignored;
	uint32_t strategies;
	char *message; /* of the first thing that is not in force, escaped; NULL: none */
};

/*
 * A container, a process or the host, which a guard covers; or what was asked for, and is not
 * there. A target of a request can become several of these, or share one with another.
 */
struct guard_target {
	/* The full id, without scheme, or what was asked for while it is not there; else NULL. */
	char *cid;
	/* The process, or the container's init process at the time; 0: the host, or nobody. */
	int32_t pid;
	uint64_t start_time;       /* of a target that is a process, see process.h */
	uint32_t index;            /* which of the targets in the config asked for it */
	uint32_t state;            /* a value of Janus__V1__GuardState */
	struct janus_watch *watch; /* NULL: nothing of it is in force, or will be */
	struct guard_report report;
};

/* How many of them a guard may have, whatever its targets lead to. */
#define GUARD_TARGETS_MAX 1024

struct guard {
	struct guard *next; /* in the registry's bucket */
	uint64_t hash;
	uint64_t
		serial; /* rises with each new guard, over all workers; a replaced one keeps it */
	/* Of all guards, rises with each change of one: the last change of this one. */
	uint64_t generation;
	struct guard_config *config;
	const struct label *label;
	struct guard_target *targets;
	size_t target_count;
};

#define GUARDS_BYTES_MAX ((size_t)256 << 20)

/* What became of a request to guard. */
struct guard_outcome {
	struct status status;      /* STATUS_OK: the guard is in force, or waits */
	const struct guard *guard; /* NULL on failure; valid until the registry changes */
	bool unchanged;            /* it was in force already, as it is asked for */
	struct status missing;     /* of the first target that is not there, if any */
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

/* What goes for all guards. */
struct guards_options {
	struct guard_state *state; /* where guards outlive this process; NULL: nowhere */
	uint32_t on_failure;       /* as in janus_watch_options */
	uint32_t guards_max;       /* how many there may be */
	/* Who is never denied anything; copied when a guard is made. */
	struct janus_exception lifelines[GUARD_LIFELINES_MAX];
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

/* How janus.v1 asks for it. */
struct guards_wish {
	uint64_t expected_generation; /* not 0: only if the guard's is this one */
	bool validate_only;           /* say what would be wrong, do nothing */
};

/*
 * As guards_apply(), but a guard that is wholly in force as it is asked for stays as it is.
 * With validate_only the outcome's guard is the one that is there, or NULL.
 */
void guards_wish(struct guards *guards, struct guard_config *config,
		 const struct guards_wish *wish, struct guard_outcome *ret);

/* Tell of what has come into force, and what of it has not. */
void guard_log_outcome(const struct guard_outcome *outcome);

/* Return: the guard of these names; NULL: there is none. @node: not empty. */
const struct guard *guards_find(const struct guards *guards, const char *name,
				const char *pod, const char *node);

/* Return: whether there was such a guard. It is destroyed. */
bool guards_delete(struct guards *guards, const char *name, const char *pod,
		   const char *node);

/* Whether it is of a manifest: then it changes with that only, and its source is the file. */
bool guard_is_of_file(const struct guard *guard);

/*
 * Return: how many guards were destroyed; 0: with the cause in @status. Guards of files are not.
 */
size_t guards_remove(struct guards *guards, const struct guard_match *match,
		     struct status *status);

/*
 * The library says that a watch has ended, with the process that it hung on: its container is
 * the guard's no more, and a guard without any goes. One that waited in vain stays the guard's,
 * as failed. @label_id and @watch_id are those of the
 * event; of a guard that was replaced meanwhile nothing is taken. @error: as in the event.
 */
void guards_end(struct guards *guards, uint64_t label_id, uint64_t watch_id, int error);

/*
 * The library says that a watch that waited for its container is in force. @error: why its first
 * path is not; 0: all are.
 */
void guards_start(struct guards *guards, uint64_t label_id, uint64_t watch_id, int error);

/* Of the guard as a whole. Return: a value of Janus__V1__GuardState. */
uint32_t guard_state_of(const struct guard *guard);

/* Return: the generation of the last change of any guard; 0: there was none. */
uint64_t guards_generation(const struct guards *guards);

/* Return: the context in which they are guarded. */
struct janus_context *guards_context(const struct guards *guards);

/* Return: the guard with the least serial above @serial; NULL: there is none. */
const struct guard *guards_next(const struct guards *guards, uint64_t serial);

size_t guards_count(const struct guards *guards);

/* Labels of records; see labels.h. */
struct labels *guards_labels(struct guards *guards);

#endif
