/* SPDX-License-Identifier: MIT */
/*
 * The context's parts in one place. Everything in here belongs to the caller's thread but what
 * the headers of the responder and of quiet directories say.
 */
#ifndef JANUS_INTERNAL_CONTEXT_H
#define JANUS_INTERNAL_CONTEXT_H

#include <janus/context.h>

#include <pthread.h>
#include <stdatomic.h>

#include "follower.h"
#include "fresh.h"
#include "kernel.h"
#include "ledger.h"
#include "linger.h"
#include "log.h"
#include "marks.h"
#include "proc.h"
#include "quiet.h"
#include "responder.h"
#include "ring.h"
#include "rules.h"
#include "stats.h"
#include "tell.h"
#include "tend.h"
#include "tree.h"
#include "watchdog.h"
#include "wide.h"

struct janus_context {
	const struct janus__kernel *kernel;
	struct janus__proc proc;
	struct janus__log log;
	struct janus__rules rules;
	struct janus__ring ring;
	struct janus__counters counters;
	struct janus__quiet quiet;
	struct janus__responder responder;
	struct janus__watchdog watchdog;
	struct janus__ledger *ledger; /* the keep's, if there is one */
	struct janus_keep *keep;      /* NULL: there is none */
	struct janus_watch *watches;
	struct janus__linger linger;
	struct janus__lives lives;
	struct janus__tending tending;
	struct janus__notices notices;

	/* Over everything from here to the follower, and over all marks and rules. */
	pthread_mutex_t engine;
	struct janus__marker marker;
	struct janus__trees trees;
	struct janus__wide wide;
	struct janus__fresh fresh;
	struct janus__later later;
	struct janus__doubts doubts;
	struct janus__ring observed;
	struct janus__teller teller;
	struct janus__follower follower;

	uint64_t sequence; /* of the record that the caller was given last */
	uint64_t features;
	uint64_t last_watch_id;
	uint32_t flags;
	int group_fd; /* -1: there is no permission to be had, and no responder runs */
	int wide_fd;  /* -1: there are no wide marks to be had */
	int low_fd;   /* holds a number for observation, below those of the groups */
	int stop_fd;
	int wake_fd; /* of the watchdog */
	int ready_fd;
	int epoll_fd; /* what the caller polls: ready_fd, lives, the timer of what waits */
	atomic_bool woken;
};

/* The same as janus_context_create(), with the kernel of one's choice. */
int janus__context_create(struct janus_context **ret,
			  const struct janus_context_options *options,
			  const struct janus__kernel *kernel);

/*
 * Open what trees and observation need and start the thread that follows them, if that was not
 * done yet. Features say what can be had. Under the engine's mutex.
 */
int janus__context_follow(struct janus_context *context);

/* Close them; the thread must have ended. */
void janus__context_unfollow(struct janus_context *context);

/* Remove the marks that have lingered long enough, and note when the next ones have. */
void janus__context_expire(struct janus_context *context);

#endif
