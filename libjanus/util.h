/* SPDX-License-Identifier: MIT */
/*
 * Cleanup attributes and the few helpers that every file may use. Includes nothing of ours.
 */
#ifndef JANUS_UTIL_H
#define JANUS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define janus__cleanup(function) __attribute__((cleanup(function)))
#define janus__autofree janus__cleanup(janus__free_pointer)

static inline void janus__free_pointer(void *p)
{
	void *memory;

	memcpy(&memory, p, sizeof(memory));
	free(memory);
}

/* Give away what an autofree variable holds. */
static inline void *janus__steal_pointer(void *p)
{
	void *memory, *none = NULL;

	memcpy(&memory, p, sizeof(memory));
	memcpy(p, &none, sizeof(none));
	return memory;
}

#define JANUS__ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
