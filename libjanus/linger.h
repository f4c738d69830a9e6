/* SPDX-License-Identifier: MIT */
/*
 * Marks of former options stay for a moment after their rules have gone. An open that is under
 * way looks at the marks of a file and of its directory one after the other: while the rules
 * move from one to the other, it must find at least one of them. Under the engine's mutex.
 */
#ifndef JANUS_LINGER_H
#define JANUS_LINGER_H

#include <stdint.h>

#include "cover.h"

struct janus__spec;

/* Coverage whose rules are gone. Owns it, and a reference on the spec. */
struct janus__lingering {
	struct janus__lingering *next; /* a later one */
	struct janus__spec *spec;
	struct janus__coverage coverage;
	int64_t due_ns; /* CLOCK_MONOTONIC */
};

struct janus__linger {
	struct janus__lingering *first;
	struct janus__lingering **last;
};

void janus__linger_init(struct janus__linger *linger);

/* Forget everything, marks or not: the group is closed. */
void janus__linger_done(struct janus__linger *linger, const struct janus__marker *marker);

/* From now on until it is due. The entry was allocated by the caller and is given away. */
void janus__linger_add(struct janus__linger *linger, struct janus__lingering *lingering);

/* Remove the marks that are due. Returns when the next ones are, 0: there are none. */
int64_t janus__linger_expire(struct janus__linger *linger,
			     const struct janus__marker *marker);

#endif
