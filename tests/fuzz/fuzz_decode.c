// SPDX-License-Identifier: MIT
/*
 * A read of the group as any bytes: decoding ends, stays within them, and says the same
 * wherever they lie.
 */
#include "decode.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <janus/types.h>

#include "kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_kind(uint64_t mask)
{
	uint32_t kind = janus__decode_kind(mask);

	check((kind & (kind - 1)) == 0 && (kind & ~JANUS_EVENT_ALL_PERMISSION) == 0);
	check(kind == 0 || (janus__encode_kinds(kind) & mask) != 0);
	check(kind != 0 || (janus__encode_kinds(JANUS_EVENT_ALL_PERMISSION) & mask) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t left = size;

	for (;;) {
		struct janus__kernel_event event = { .fd = -4711 };
		long used = janus__decode(data + (size - left), left, &event);

		check((used == 0) == (left == 0));
		if (used <= 0) {
			check(used == 0 || used == -EBADMSG || used == -EPROTO);
			check(event.fd == -4711);
			return 0;
		}
		check((size_t)used <= left);
		check((size_t)used >= sizeof(struct fanotify_event_metadata));
		check_kind(event.mask);
		left -= (size_t)used;
	}
}
