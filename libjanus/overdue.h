/* SPDX-License-Identifier: MIT */
/*
 * One look at who waits for too long, and his answer: by the library's own watchdog, or by the
 * keeper in another process. It reads the groups only where their reader has not for a whole
 * deadline.
 */
#ifndef JANUS_OVERDUE_H
#define JANUS_OVERDUE_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "kernel.h"
#include "ledger.h"

/* How often it is looked while somebody opens something, and how long after the last one. */
#define JANUS__OVERDUE_TICK_NS 25000000
#define JANUS__OVERDUE_IDLE_NS 1000000000

struct janus__overdue {
	const struct janus__kernel *kernel;
	struct janus__ledger *ledger;
	int group_fd;
	int wide_fd;   /* -1: there is none */
	int wake_fd;   /* an eventfd that the reader writes when it has read something */
	int number_fd; /* the number that an event gets which is read here; -1: any */
	unsigned int errors; /* of read(2), in a row */
	uint64_t reads;      /* of the ledger, when it was looked last */
	int64_t stalled_ns;  /* since when something is queued and nobody has read; 0 */
	int64_t active_ns;   /* when there was something to look at last */
	struct janus__failure failure;
};

/* Answer whoever waits for too long at @now_ns, CLOCK_MONOTONIC; how many that were. */
unsigned int janus__overdue_look(struct janus__overdue *overdue, int64_t now_ns);

/* A group cannot be read any more. */
bool janus__overdue_is_broken(const struct janus__overdue *overdue);

/*
 * True: nobody has opened anything for a while, and it need not be looked again until wake_fd or
 * a group is readable. A group alone is not enough, since the reader may be faster, and be held
 * up afterwards.
 */
bool janus__overdue_may_sleep(struct janus__overdue *overdue, int64_t now_ns);

/* The reader's side: something was read. */
void janus__overdue_wake(struct janus__ledger *ledger, const struct janus__kernel *kernel,
			 int wake_fd);

/* The reader is dead: answer all that it has read; how many that were. */
unsigned int janus__overdue_abandon(struct janus__overdue *overdue);

#endif
