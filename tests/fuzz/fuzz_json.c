// SPDX-License-Identifier: MIT
/*
 * A runtime's state file as any bytes: a number that is found stands in the text behind a key
 * of that name.
 */
#include "json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_for(const char *text, size_t size, const char *key)
{
	char name[64], digits[32];
	uint64_t number;

	if (janus__json_number(text, size, key, &number) != 0)
		return;
	snprintf(name, sizeof(name), "\"%s\"", key);
	if (!memmem(text, size, name, strlen(name)))
		abort();
	/* Zeroes may stand before it. */
	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	if (!memmem(text, size, digits, strlen(digits)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_for((const char *)data, size, "pid");
	look_for((const char *)data, size, "init_process_pid");
	look_for((const char *)data, size, "");
	return 0;
}
