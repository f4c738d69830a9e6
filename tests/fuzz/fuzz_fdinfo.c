// SPDX-License-Identifier: MIT
/*
 * A line of a group's fdinfo as any bytes: a handle that is told is what the line ends with.
 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(const char *line, size_t length)
{
	struct janus__sweep_mark mark = { .length = 4711 };
	char hex[2 * JANUS__HANDLE_MAX + 1];

	if (!janus__sweep_parse(line, length, &mark)) {
		check(mark.length == 4711);
		return;
	}
	check(length >= strlen("fanotify ino:"));
	check(mark.length <= JANUS__HANDLE_MAX);
	if (!mark.length)
		return;
	check(mark.type >= 0);
	for (uint32_t i = 0; i < mark.length; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", mark.bytes[i]);
	check(length > (size_t)2 * mark.length);
	check(memcmp(line + length - (size_t)2 * mark.length, hex,
		     (size_t)2 * mark.length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* No more than what is there can be read. */
	char *copy = malloc(size ? size : 1);
	size_t start = 0;

	check(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	for (size_t i = 0; i <= size; i++) {
		if (i < size && copy[i] != '\n')
			continue;
		check_line(copy + start, i - start);
		start = i + 1;
	}
	free(copy);
	return 0;
}
