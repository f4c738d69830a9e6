/* SPDX-License-Identifier: MIT */
/*
 * How the follower gets at a directory again: from its path, without waiting for anybody, and
 * only if it is still the same. Part of follow.h.
 */
#ifndef JANUS_FOLLOW_OPEN_H
#define JANUS_FOLLOW_OPEN_H

#include "follow.h"

/*
 * Open a node's directory as O_PATH, and make follow->cover the one of its watch. The caller
 * closes it. -ESTALE: another one is there now; -EREMOTE: somebody who can stall us serves what
 * lies on the way; else negative errno of openat2(2).
 */
int janus__follow_open(struct janus__follow *follow, const struct janus__node *node);

/* Make follow->cover the one of this tree's watch. -ESRCH: its target is gone. */
int janus__follow_cover(struct janus__follow *follow, const struct janus__tree *tree);

/* Close it, and put into force what it came to want. */
void janus__follow_close(struct janus__follow *follow);

/* What an entry is; a regular file where it cannot be told. */
uint32_t janus__follow_type(struct janus__follow *follow,
			    const struct janus__node *directory, const char *name);

uint32_t janus__follow_type_of_mode(unsigned int mode);

/* Whether it is certain that there is no such entry. */
bool janus__follow_is_absent(struct janus__follow *follow,
			     const struct janus__node *directory, const char *name);

/* Something new below a directory is not covered. */
void janus__follow_gap(struct janus__follow *follow, const struct janus__node *directory,
		       int err);

uint64_t janus__follow_hash(const struct janus__fid *fid);

#endif
