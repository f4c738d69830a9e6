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

/* FNV-1a; goes on from @hash. */
#define JANUS__HASH_BEGIN 0xcbf29ce484222325u

static inline uint64_t janus__hash(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *)bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

/* "." and "..", which every directory lists. */
static inline bool janus__is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

#define JANUS__ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
