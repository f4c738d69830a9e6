/* SPDX-License-Identifier: MIT */
/*
 * What a keep is made of. In the keeper all of it is in use; a worker has inherited it, and its
 * context uses the groups and the ledger.
 */
#ifndef JANUS_INTERNAL_KEEP_H
#define JANUS_INTERNAL_KEEP_H

#include <janus/keep.h>

#include "kernel.h"
#include "ledger.h"
#include "overdue.h"
#include "proc.h"

struct janus_keep {
	const struct janus__kernel *kernel;
	struct janus__proc proc;
	struct janus__ledger *ledger; /* shared with whoever has ledger_fd */
	int ledger_fd;
	int group_fd;
	int wide_fd;  /* -1: there is none */
	int epoll_fd; /* of the next, and of the groups while nobody opens anything */
	int timer_fd; /* else */
	int wake_fd;  /* and of this; the workers' to write */
	struct janus__overdue overdue;
};

/* The same as the public ones, with the kernel of one's choice. */
int janus__keep_create(struct janus_keep **ret, const struct janus_keep_options *options,
		       const struct janus__kernel *kernel);
int janus__keep_adopt(struct janus_keep **ret, const int *fds, size_t count,
		      const struct janus__kernel *kernel);

#endif
