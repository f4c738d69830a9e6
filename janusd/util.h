/* SPDX-License-Identifier: MIT */
/*
 * Cleanup attributes and the few helpers that every file of the daemon may use. Includes
 * nothing of ours.
 */
#ifndef JANUSD_UTIL_H
#define JANUSD_UTIL_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define cleanup(function) __attribute__((cleanup(function)))
#define autofree cleanup(util_free_pointer)
#define autoclose cleanup(util_close)
#define format_like_printf(text, values) __attribute__((format(printf, text, values)))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void util_free_pointer(void *p)
{
	void *memory;

	memcpy(&memory, p, sizeof(memory));
	free(memory);
}

static inline void util_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Give away the fd that an autoclose variable holds. */
static inline int util_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#endif
