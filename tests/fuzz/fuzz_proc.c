// SPDX-License-Identifier: MIT
/*
 * /proc/PID/stat and /proc/PID/status as any bytes: whatever is taken from them is in its
 * range, and the end of the name is the last parenthesis.
 */
#include "proc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_stat(const char *text, size_t size)
{
	struct janus__proc_stat stat;
	const char *last;

	if (janus__proc_parse_stat(text, size, &stat) != 0)
		return;
	check(stat.pid > 0 && stat.ppid >= 0);
	last = memrchr(text, ')', size);
	check(last != NULL && last[1] == ' ' && last[2] == stat.state);
}

static void check_nspid(const char *text, size_t size)
{
	struct janus__proc_nspid nspid;

	if (janus__proc_parse_nspid(text, size, &nspid) != 0)
		return;
	check(nspid.count > 0 && nspid.count < size && nspid.last >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_stat((const char *)data, size);
	check_nspid((const char *)data, size);
	return 0;
}
