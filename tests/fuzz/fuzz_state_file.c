// SPDX-License-Identifier: MIT
/*
 * A state file out of any bytes, as they are and with the length and the sum that they should
 * have: it is refused, at a place that is in it, or it is what its guards are written as again,
 * byte by byte.
 */
#include "state_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_SIZE 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void look(const uint8_t *data, size_t size)
{
	struct state_file file = { 0 };
	struct state_file_fault fault = { 0 };
	struct wire_bytes again;
	int error = state_file_decode(&file, (struct wire_bytes){ data, size }, &fault);

	check(!error || error == -EBADMSG);
	if (error) {
		check(!file.entries && fault.cause && fault.offset <= size);
		return;
	}
	check(!state_file_encode(&file, &again));
	check(again.size == size && !memcmp(again.data, data, size));
	free((void *)(uintptr_t)again.data);
	state_file_done(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Memory of its own size: nothing may be read behind it. */
	uint8_t *bytes = calloc(1, size ? size : 1);

	check(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	look(bytes, size);
	if (size >= HEAD_SIZE) {
		state_file_seal(bytes, size);
		look(bytes, size);
	}
	free(bytes);
	return 0;
}
