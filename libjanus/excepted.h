/* SPDX-License-Identifier: MIT */
/*
 * Whether a subject's exceptions mean a process. Allocates nothing, opens nothing but O_PATH
 * fds, which no mark can delay.
 */
#ifndef JANUS_EXCEPTED_H
#define JANUS_EXCEPTED_H

#include "actor.h"
#include "proc.h"
#include "root.h"
#include "spec.h"

struct janus_watch_report;

/*
 * Find out what the exceptions of a spec mean now: which files, which processes. Before the
 * spec is seen by anybody else. @report is told what failed: -ESRCH: an ancestor is gone.
 */
int janus__excepted_prepare(struct janus__spec *spec, const struct janus__root *root,
			    const struct janus__proc *proc,
			    struct janus_watch_report *report);

enum janus__listed {
	JANUS__LISTED_NO,
	JANUS__LISTED_YES,
	JANUS__LISTED_UNKNOWN, /* it cannot be told */
};

enum janus__listed janus__excepted(const struct janus__proc *proc,
				   const struct janus__spec *spec,
				   const struct janus__subject *subject,
				   const struct janus__actor *actor);

#endif
