// SPDX-License-Identifier: MIT
/*
 * A read of an observing group as any bytes: decoding ends, what it tells lies in the event
 * that it took, and no name leads out of its directory.
 */
#include "decode_fid.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_fid(const struct janus__fid *fid, const uint8_t *event, size_t size)
{
	if (!fid->bytes) {
		check(fid->length == 0);
		return;
	}
	check(fid->length <= MAX_HANDLE_SZ && fid->length <= size);
	check(fid->bytes >= event && fid->bytes <= event + size - fid->length);
}

static void check_name(const char *name, const uint8_t *event, size_t size)
{
	const uint8_t *start = (const uint8_t *)name;

	if (!name)
		return;
	check(start >= event && start < event + size);
	check(memchr(start, '\0', (size_t)(event + size - start)) != NULL);
	check(*name && !strchr(name, '/'));
	check(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (;;) {
		struct janus__observation seen = { .pid = -4711 };
		long used = janus__decode_fid(data, size, &seen);

		check((used == 0) == (size == 0));
		if (used <= 0) {
			check(used == 0 || used == -EBADMSG || used == -EPROTO);
			check(seen.pid == -4711);
			return 0;
		}
		check((size_t)used <= size);
		check((size_t)used >= sizeof(struct fanotify_event_metadata));
		check_fid(&seen.directory, data, (size_t)used);
		check_fid(&seen.old_directory, data, (size_t)used);
		check_fid(&seen.target, data, (size_t)used);
		check_name(seen.name, data, (size_t)used);
		check_name(seen.old_name, data, (size_t)used);
		data += used;
		size -= (size_t)used;
	}
}
