/* SPDX-License-Identifier: MIT */
/*
 * Some fds that are held for nothing, to be given up when there are no others: each event comes
 * with one, and who answers must not depend on what the embedding program has left.
 */
#ifndef JANUS_RESERVE_H
#define JANUS_RESERVE_H

#include <stdbool.h>

#include "kernel.h"

/* One event, its directory and root, and the look at who it was. */
#define JANUS__RESERVE_COUNT 8u

struct janus__reserve {
	const struct janus__kernel *kernel;
	unsigned int count;
	int fds[JANUS__RESERVE_COUNT];
};

/* Hold all of them, if there are others left; false: hold none. */
bool janus__reserve_fill(struct janus__reserve *reserve);

/* Give them up. */
void janus__reserve_release(struct janus__reserve *reserve);

#endif
