/* SPDX-License-Identifier: MIT */
/*
 * The processes that watches hang on: one pidfd each, however many watches there are. Under
 * the engine's mutex.
 */
#ifndef JANUS_LIVES_H
#define JANUS_LIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "proc.h"
#include "spec.h"

struct janus__life {
	struct janus__life *next;
	struct janus__process process;
	uint32_t holders;
	int pidfd; /* -1: it has ended */
};

struct janus__lives {
	const struct janus__kernel *kernel;
	int epoll_fd; /* the caller's own; becomes readable when one of them ends */
	struct janus__life *first;
	uint32_t ended; /* of them */
};

/*
 * Hold the life of a process. -ESRCH: it has ended; -EMFILE, -ENFILE, -ENOMEM, -ENOSPC. A
 * process whose parent does not look after it, a zombie, has ended.
 */
int janus__lives_hold(struct janus__lives *lives, const struct janus__proc *proc,
		      struct janus__process process, struct janus__life **ret);

/* NULL: nothing happens. */
void janus__lives_release(struct janus__lives *lives, struct janus__life *life);

/* The epoll has told of it. */
void janus__lives_end(struct janus__lives *lives, struct janus__life *life);

static inline bool janus__life_has_ended(const struct janus__life *life)
{
	return life && life->pidfd < 0;
}

#endif
