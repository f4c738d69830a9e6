/* SPDX-License-Identifier: MIT */
/*
 * Cleanup attributes and the few helpers that every file of janusctl may use. Includes
 * nothing of ours.
 */
#ifndef JANUSCTL_UTIL_H
#define JANUSCTL_UTIL_H

#include <stdlib.h>
#include <string.h>

#define cleanup(function) __attribute__((cleanup(function)))
#define autofree cleanup(util_free_pointer)

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void util_free_pointer(void *p)
{
	void *memory;

	memcpy(&memory, p, sizeof(memory));
	free(memory);
}

#endif
