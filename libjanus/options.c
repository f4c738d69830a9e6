// SPDX-License-Identifier: MIT
#include "options.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/* No struct of ours comes near; what claims more is garbage and is not even read. */
#define SIZE_LIMIT 65536

/* How many of the caller's bytes we understand, or a negative errno. */
static long usable_size(const void *given, size_t known)
{
	const unsigned char *bytes = given;
	uint64_t size;

	memcpy(&size, given, sizeof(size));
	if (size < sizeof(size))
		return -EINVAL;
	if (size > SIZE_LIMIT)
		return -E2BIG;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	return (long)(size < known ? size : known);
}

int janus__options_read(void *ret, size_t known, const void *given)
{
	uint64_t size = known;
	long usable = usable_size(given, known);

	if (usable < 0)
		return (int)usable;
	memset(ret, 0, known);
	memcpy(ret, given, (size_t)usable);
	memcpy(ret, &size, sizeof(size));
	return 0;
}

int janus__options_write(void *given, const void *from, size_t known)
{
	long usable = usable_size(given, known);

	if (usable < 0)
		return (int)usable;
	memcpy((char *)given + sizeof(uint64_t), (const char *)from + sizeof(uint64_t),
	       (size_t)usable - sizeof(uint64_t));
	return 0;
}
