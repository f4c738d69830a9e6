/* SPDX-License-Identifier: MIT */
/*
 * What an opener gets about whom nobody could decide: by the few inodes that deny on failure,
 * and where the file lies. Needs no rules, so that another process can tell it, too. Opens
 * nothing but O_PATH fds.
 */
#ifndef JANUS_FAILURE_H
#define JANUS_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "climb.h"
#include "proc.h"
#include "strict.h"

struct janus__failure {
	const struct janus__proc *proc;
	struct janus__strict *strict;
	struct janus__trail trail;
};

/* The event's fd, which is ours; @pid: who asks, as far as it is known. */
bool janus__failure_denies(struct janus__failure *failure, int fd, int32_t pid,
			   uint32_t kind);

#endif
