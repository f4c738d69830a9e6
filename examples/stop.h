/* SPDX-License-Identifier: MIT */
/*
 * A clean end on SIGINT and SIGTERM: the handler notes it and wakes janus_poll(), so that
 * a signal between the check and the wait is not lost. Owns the two signals, never the
 * context.
 */
#ifndef EXAMPLES_STOP_H
#define EXAMPLES_STOP_H

#include <errno.h>
#include <signal.h>

#include <janus/context.h>

static volatile sig_atomic_t stopped;
static struct janus_context *stop_wakes;

static inline void stop_note(int number)
{
	int saved = errno;

	(void)number;
	stopped = 1;
	janus_wakeup(stop_wakes);
	errno = saved;
}

static inline void stop_on_signals(struct janus_context *context)
{
	stop_wakes = context;
	signal(SIGINT, stop_note);
	signal(SIGTERM, stop_note);
}

/* Before the context ends, since the handler uses it. */
static inline void stop_release(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

#endif
