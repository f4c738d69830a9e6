// SPDX-License-Identifier: MIT
#include "checks.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

int64_t checks_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

void checks_expect(bool *failed, bool condition, const char *format, ...)
{
	va_list args;

	if (condition)
		return;
	*failed = true;
	va_start(args, format);
	fputs("scenario: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

int checks_count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}
