// SPDX-License-Identifier: MIT
/*
 * /proc/PID/status as any bytes, in pieces of any size: whatever is taken from it is in its
 * range, and the size of the pieces makes no difference.
 */
#include "status.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static int parse(const char *text, size_t size, size_t piece, struct janus__status *ret)
{
	struct janus__status_parser parser = { .seen = 0 };

	for (size_t at = 0; at < size; at += piece) {
		size_t length = size - at < piece ? size - at : piece;
		int err = janus__status_feed(&parser, text + at, length);

		if (err)
			return err;
	}
	return janus__status_finish(&parser, ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct janus__status whole = { 0 }, pieces = { 0 };
	int err = parse(text, size, size + 1, &whole);

	check(parse(text, size, 7, &pieces) == err);
	check(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	if (!err)
		check(whole.tgid > 0 && whole.parent_pid >= 0 && whole.pid_inside >= 0);
	return 0;
}
