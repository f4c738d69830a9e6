// SPDX-License-Identifier: MIT
#include "process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define STATE_FIELD 3
#define START_TIME_FIELD 22

/* The name may hold anything, spaces and parentheses too: fields are counted behind it. */
uint64_t process_parse_start_time(const char *stat)
{
	const char *at = strrchr(stat, ')');

	if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
		return 0;
	at += 2;
	for (int field = STATE_FIELD; field < START_TIME_FIELD; field++) {
		at = strchr(at, ' ');
		if (!at)
			return 0;
		at++;
	}
	return strtoull(at, NULL, 10);
}

uint64_t process_start_time(int32_t pid)
{
	char path[32], stat[2048];
	autoclose int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, stat, sizeof(stat) - 1);
	if (length <= 0)
		return 0;
	stat[length] = '\0';
	return process_parse_start_time(stat);
}
