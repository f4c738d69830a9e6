/* SPDX-License-Identifier: MIT */
/*
 * The inside of a watch, for its context and for who tends it (tend.h). Under the engine's
 * mutex but for what is the caller's own.
 */
#ifndef JANUS_INTERNAL_WATCH_H
#define JANUS_INTERNAL_WATCH_H

#include <janus/watch.h>

#include <stdbool.h>

#include "cover.h"
#include "lives.h"
#include "notice.h"
#include "spec.h"

struct janus_context;

struct janus_watch {
	struct janus_context *context;
	struct janus_watch *next;
	uint64_t id;
	struct janus__spec *spec; /* in force; NULL: none, for it has ended or waits */
	struct janus__coverage coverage;
	struct janus__life *life;    /* that the spec hangs on; NULL: the host's */
	struct janus__spec *waiting; /* for its container; NULL: none */
	int64_t deadline_ns;         /* of that, CLOCK_MONOTONIC; INT64_MAX: none */
	struct janus__notice *end;   /* to be told when it ends */
	struct janus__notice *start; /* to be told when it waits no more */
	struct janus__spec *ended;   /* that was in force; its end is yet to be told */
	int64_t ended_ns;            /* when the step of its end began; 0: none has */
	int64_t looked_ns;           /* when it had survivors last; 0: never */
	bool destroyed;              /* the caller knows it no more */
};

/* What a watch is to become. */
struct janus__goal {
	struct janus__spec *spec;
	struct janus__coverage coverage;
	struct janus__life *life;
	struct janus_watch_report *report;
	janus_progress_fn progress;
	void *progress_userdata;
	bool absent; /* it failed because there is no such container yet */
};

/* Whatever comes, there shall be memory to tell of it. -ENOMEM. */
int janus__watch_have_notices(struct janus_watch *watch);

/* Have a spec in force instead of what the watch had. On success it is the watch's. */
int janus__watch_enforce(struct janus_watch *watch, struct janus__goal *goal);

/* Have the watch guard no longer what it did: its rules at once, its marks if there is memory. */
void janus__watch_retire(struct janus_watch *watch);

/* Give back what retired watches still hold, and free those that the caller knows no more. */
void janus__watches_reap(struct janus_context *context);

/* Free all watches of a context whose group is closed: there are no marks left to remove. */
void janus__watches_free(struct janus_context *context);

#endif
