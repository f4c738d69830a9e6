/* SPDX-License-Identifier: MIT */
/*
 * What stands in the lock file of a socket, for whoever finds it locked: the process that holds
 * it, how often it was asked to hand over, and what became of that the last time.
 */
#ifndef JANUSD_OWNER_H
#define JANUSD_OWNER_H

#include <stdint.h>
#include <sys/types.h>

#define OWNER_OUTCOME_SIZE 512
#define OWNER_DONE "done"

struct owner {
	pid_t pid;
	uint64_t handovers;               /* that have come to an end */
	char outcome[OWNER_OUTCOME_SIZE]; /* of the last one: OWNER_DONE, or why not */
};

/* Logs what fails. */
void owner_write(int lock, const struct owner *owner);

/* Return: 0, or -1: nothing that makes sense stands there. */
int owner_read(int lock, struct owner *ret);

#endif
