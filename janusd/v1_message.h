/* SPDX-License-Identifier: MIT */
/*
 * A guard of the registry as messages of janus.v1. What they point to is the guard's: they are
 * for packing at once. Belongs to the main thread.
 */
#ifndef JANUSD_V1_MESSAGE_H
#define JANUSD_V1_MESSAGE_H

#include "guards.h"

struct v1_status {
	Janus__V1__GuardStatus status;
	Janus__V1__GuardCounters counters;
	struct v1_target *targets;
};

/* Return: 0, or -1: no memory. */
int v1_status_init(struct v1_status *ret, const struct guard *guard);

void v1_status_done(struct v1_status *status);

#endif
