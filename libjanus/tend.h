/* SPDX-License-Identifier: MIT */
/*
 * What becomes of watches without the caller's doing: their process ends, or the container
 * that they wait for comes. The caller's thread, from within janus_poll().
 */
#ifndef JANUS_TEND_H
#define JANUS_TEND_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "watch.h"

struct janus__tending {
	int timer_fd;       /* in the context's epoll */
	uint32_t waiting;   /* watches that wait */
	uint32_t ending;    /* watches that are about to end */
	int64_t attempt_ns; /* when those that wait are tried again, CLOCK_MONOTONIC */
	int64_t step_ns;    /* when the next step of an end is due, likewise */
};

/* The watch waits from now on, for @wait_ns. The engine's mutex is held. */
void janus__tend_wait(struct janus_watch *watch, uint64_t wait_ns);

/* It waits no more, for whatever reason. Likewise. */
void janus__tend_forget(struct janus_watch *watch);

/* It is about to become something else, or to go: what has ended has ended now. Likewise. */
void janus__tend_finish(struct janus_watch *watch);

/* Look after all of them. */
void janus__tend(struct janus_context *context);

/* What they have to say of themselves. False: the buffer is full before all is said. */
bool janus__tend_tell(struct janus_context *context, struct janus_event_buffer *buffer);

#endif
