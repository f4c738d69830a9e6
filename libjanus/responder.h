/* SPDX-License-Identifier: MIT */
/*
 * The thread that answers the kernel: read, decide, answer, and only then tell.
 *
 * It opens no file outside /proc but as O_PATH, takes no lock that is held over a system call,
 * allocates nothing, blocks all signals, and never waits for the caller.
 */
#ifndef JANUS_RESPONDER_H
#define JANUS_RESPONDER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "proc.h"
#include "reserve.h"
#include "ring.h"
#include "rules.h"
#include "stats.h"

struct janus__actors;
struct janus__batch;
struct janus__handler;
struct janus__ledger;
struct janus__quiet;

/* Everything in here is the context's; the responder only uses it. */
struct janus__responder {
	const struct janus__kernel *kernel;
	const struct janus__proc *proc;
	struct janus__rules *rules;
	struct janus__ring *ring;
	struct janus__counters *counters;
	struct janus__quiet *quiet;
	int group_fd; /* nonblocking, as the next */
	int wide_fd;  /* -1: there is none */
	int stop_fd;  /* readable: the thread shall end */
	int ready_fd; /* made readable when there is something in the ring */
	int32_t own_pid;
	int32_t keeper_pid; /* 0: there is none */
	struct janus__ledger *ledger;
	int wake_fd;  /* of who looks after it */
	bool shared;  /* the keeper has the groups, too */
	bool threads; /* events tell threads */

	/* Its own from here on. */
	atomic_bool stopping;
	atomic_bool holding; /* not all watches are there; the caller's */
	atomic_int_least64_t
		linger_due_ns; /* from then on unmatched events are telling; 0 */
	atomic_bool signaled;  /* ready_fd was written since the reader last looked */
	atomic_bool broken;    /* the groups are gone, everybody was let through */
	bool group_closed; /* and so is its fd; to be read when the thread has ended */
	bool wide_closed;
	bool started;
	struct janus__batch *batch;
	struct janus__actors *actors;
	struct janus__reserve reserve;
	struct janus__handler *handler;
	pthread_t thread;
};

/* Starts the thread. -ENOMEM, -EAGAIN. */
int janus__responder_start(struct janus__responder *responder);

/*
 * Ends the thread and waits for it; what it was about to answer is answered first. Nothing
 * happens if it was not started.
 */
void janus__responder_stop(struct janus__responder *responder);

/* The caller's side: decide, also about those who were held. */
void janus__responder_resume(struct janus__responder *responder);

/* Reader's side: make ready_fd readable if it is not already. */
void janus__responder_signal(struct janus__responder *responder);

/* Reader's side: ready_fd is to be unreadable until something new comes. */
void janus__responder_clear_signal(struct janus__responder *responder);

/* The caller's side: what janus__asking_answer() says. */
int janus__responder_answer(struct janus__responder *responder, uint64_t ticket,
			    bool deny);

/* Its own side: tell up to @count of what was answered, the oldest first. */
void janus__responder_tell(struct janus__responder *responder, size_t count);

/* Its own side: something was put into the ring. @when_ns: when that was answered. */
void janus__responder_told(struct janus__responder *responder, int64_t when_ns);

#endif
