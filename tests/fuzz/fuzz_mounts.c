// SPDX-License-Identifier: MIT
/*
 * A mountinfo as any bytes: what is told lies in the text, there is one mount a line, and
 * looking for a mount finds it or ends.
 */
#include "mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(const char *part, const char *text, size_t size)
{
	check(part >= text && part < text + size && *part);
	check(memchr(part, '\0', (size_t)(text + size - part)) != NULL);
}

static void check_mount(const struct janus__mounts *mounts,
			const struct janus__mount *mount)
{
	const struct janus__mount *found = janus__mounts_find(mounts, mount->id);

	check(found && found->id == mount->id);
	found = janus__mounts_find_device(mounts, mount->device);
	check(found && found->device == mount->device);
	found = janus__mounts_find_point(mounts, mount->point);
	check(!found || strcmp(found->point, mount->point) == 0);
	(void)janus__mount_stalls(mount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct janus__mounts mounts = { .count = 4711 };
	size_t lines = 0;
	int err;

	check(text != NULL);
	if (size)
		memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	err = janus__mounts_parse(text, size, &mounts);
	if (err) {
		check(err == -EBADMSG && mounts.count == 4711 && !mounts.list);
		free(text);
		return 0;
	}
	check(mounts.count == lines);
	for (size_t i = 0; i < mounts.count; i++) {
		check_text(mounts.list[i].root, text, size);
		check_text(mounts.list[i].point, text, size);
		check_text(mounts.list[i].type, text, size);
		check_mount(&mounts, &mounts.list[i]);
	}
	mounts.text = text;
	janus__mounts_done(&mounts);
	return 0;
}
