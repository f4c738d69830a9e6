/* SPDX-License-Identifier: MIT */
/*
 * The thread that sees to it that nobody waits for longer than the deadline, where no keeper
 * does. It sleeps while nobody opens what is guarded.
 */
#ifndef JANUS_WATCHDOG_H
#define JANUS_WATCHDOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "overdue.h"

struct janus__watchdog {
	struct janus__overdue overdue; /* to be filled in, all but what changes */
	int stop_fd;                   /* readable when @stopping has changed */
	atomic_bool stopping;
	bool started;
	pthread_t thread;
};

/* Starts the thread. -EAGAIN, -ENOMEM. */
int janus__watchdog_start(struct janus__watchdog *watchdog);

/* Ends the thread and waits for it. Nothing happens if it was not started. */
void janus__watchdog_stop(struct janus__watchdog *watchdog);

#endif
