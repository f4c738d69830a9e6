/* SPDX-License-Identifier: MIT */
/*
 * Which capabilities the two processes have, and which of them count at a time: what is not
 * needed is given up for good, in all sets; what a child will need is put aside meanwhile. Each
 * call is for the process as a whole, while it has one thread.
 */
#ifndef JANUSD_PRIVILEGES_H
#define JANUSD_PRIVILEGES_H

#include <stdint.h>

struct privileges {
	uint64_t effective; /* a bit for each that was put aside */
};

/*
 * For good, also for what is executed later: no capability but those that guarding takes, and
 * none by executing something (PR_SET_NO_NEW_PRIVS). Return: 0, or -1.
 */
int privileges_confine(void);

/*
 * The same for the worker, which needs less: the groups are open already, so that nobody has to
 * be allowed CAP_AUDIT_WRITE any more. Return: 0, or -1.
 */
int privileges_confine_worker(void);

/* From now on nothing is allowed by capabilities. Return: 0, or -1. */
int privileges_rest(struct privileges *ret);

/* What was put aside counts again, for this process. Return: 0, or -1. */
int privileges_raise(const struct privileges *privileges);

#endif
