/* SPDX-License-Identifier: MIT */
/*
 * What was answered and is still to be told: a short queue of events whose openers wait no
 * longer, each with its fd, for only that leads to its path. The responder's own.
 */
#ifndef JANUS_UNTOLD_H
#define JANUS_UNTOLD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actors.h"
#include "decide.h"
#include "identify.h"
#include "proc.h"
#include "ring.h"
#include "stats.h"

#define JANUS__UNTOLD_MAX 64u /* a power of two */

/* As many watches as commonly know one file; with more, the event does not wait here. */
#define JANUS__OPINIONS_KEPT 4u

struct janus__answered {
	struct janus__match match; /* keeps the specs of the opinions */
	struct janus__file file;
	struct janus__actor *actor; /* held; NULL: nobody has looked yet */
	int64_t time_ns;
	uint64_t ticket; /* of the question; 0: it is answered */
	uint32_t kind;
	int32_t pid;
	int fd;
	uint32_t opinion_count;
	struct janus__opinion opinions[JANUS__OPINIONS_KEPT];
};

struct janus__untold {
	const struct janus__proc *proc;
	struct janus__ring *ring;
	struct janus__counters *counters;
	struct janus__actors *actors;
	bool heard;   /* a question has found room */
	bool threads; /* what events have for a pid is a thread's */
	size_t first;
	size_t count;
	struct janus__answered queue[JANUS__UNTOLD_MAX];
	char path[PATH_MAX];
};

/* The slot for the next event. There must be room; it counts once it is added. */
struct janus__answered *janus__untold_next(struct janus__untold *untold);
void janus__untold_add(struct janus__untold *untold);

/* Give back what an event holds, told or not. */
void janus__untold_forget(struct janus__untold *untold, struct janus__answered *event);

/* Tell the oldest event and forget it; returns when it was answered. There must be one. */
int64_t janus__untold_tell(struct janus__untold *untold);

/*
 * Tell an event that has more opinions than a slot takes, @count of them in @opinions, and
 * forget it. Nothing may be queued before it.
 */
void janus__untold_tell_all(struct janus__untold *untold, struct janus__answered *event,
			    const struct janus__opinion *opinions, size_t count);

#endif
