/* SPDX-License-Identifier: MIT */
/*
 * How many guards are in which state. Belongs to the main thread.
 */
#ifndef JANUSD_GUARDS_TALLY_H
#define JANUSD_GUARDS_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct guards;

struct guards_tally {
	uint64_t effective;
	uint64_t partial; /* some paths or targets are not in force */
	uint64_t waiting; /* for their containers or paths */
	uint64_t failed;  /* nothing of them is in force */
	uint64_t targets; /* of all */
	char first[256];  /* of those that are partial or failed: which it is, escaped */
};

void guards_tally(const struct guards *guards, struct guards_tally *ret);

#endif
