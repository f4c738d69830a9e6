/* SPDX-License-Identifier: MIT */
/*
 * Capabilities that are put aside while they are not needed, and taken up again by a child.
 */
#ifndef JANUSD_PRIVILEGES_H
#define JANUSD_PRIVILEGES_H

#include <stdint.h>

struct privileges {
	uint64_t effective; /* a bit for each that was put aside */
};

/* From now on nothing is allowed by capabilities. Return: 0, or -1. */
int privileges_rest(struct privileges *ret);

/* What was put aside counts again, for this process. Return: 0, or -1. */
int privileges_raise(const struct privileges *privileges);

#endif
