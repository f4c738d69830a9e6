/* SPDX-License-Identifier: MIT */
/*
 * The names in a small directory, such as one of cgroups or of runtimes' state. Of folders only,
 * where the file system tells them.
 */
#ifndef JANUS_LISTING_H
#define JANUS_LISTING_H

#include <stdbool.h>

#include "kernel.h"

struct janus__listing {
	const struct janus__kernel *kernel;
	int fd; /* the caller's */
	size_t used;
	size_t at;
	int err; /* why there are no more names, a negative errno; 0: that were all */
	_Alignas(uint64_t) char buffer[4096];
};

void janus__listing_init(struct janus__listing *listing,
			 const struct janus__kernel *kernel, int fd);

/* Good until the next call; NULL: there is no more, or it cannot be read, see @err. */
const char *janus__listing_next(struct janus__listing *listing);

#endif
