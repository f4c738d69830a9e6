/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/status: whose process it is, and what it is called in its own pid namespace. Pure
 * but for janus__status_read(); allocates nothing.
 */
#ifndef JANUS_STATUS_H
#define JANUS_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct janus__status {
	int32_t tgid;
	int32_t parent_pid; /* 0: it has none, or none that this /proc shows */
	int32_t pid_inside; /* the process's number in its own pid namespace */
	uint32_t uid;       /* effective, as is the next */
	uint32_t gid;
};

#define JANUS__STATUS_LINE_MAX 512u

/* The text comes in pieces; start with all 0. */
struct janus__status_parser {
	struct janus__status status;
	uint32_t seen; /* a mask of the lines that were found */
	size_t used;
	char line[JANUS__STATUS_LINE_MAX];
};

/* Add a piece. -EBADMSG: not what the kernel writes. */
int janus__status_feed(struct janus__status_parser *parser, const char *piece,
		       size_t length);

/* All is fed. -EBADMSG: something is missing. */
int janus__status_finish(const struct janus__status_parser *parser,
			 struct janus__status *ret);

/* Read and take apart. -ESRCH: no such process (any more). */
int janus__status_read(const struct janus__proc *proc, int32_t pid,
		       struct janus__status *ret);

#endif
