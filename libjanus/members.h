/* SPDX-License-Identifier: MIT */
/*
 * The processes of a container, and which of them is its first one. Pure.
 */
#ifndef JANUS_MEMBERS_H
#define JANUS_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct janus__member {
	int32_t pid;
	int32_t ppid;
	uint64_t start_time;
	struct janus__proc_nspid nspid;
	bool is_dead; /* a zombie: it has no root any more */
};

struct janus__members {
	struct janus__member *list;
	size_t count;
	size_t room;
};

/* -ENOMEM. */
int janus__members_add(struct janus__members *members,
		       const struct janus__member *member);
void janus__members_done(struct janus__members *members);

/*
 * Sorts by pid. The one that started first, which no later one can forge; NULL: all are dead.
 */
const struct janus__member *janus__members_choose_init(struct janus__members *members);

#endif
