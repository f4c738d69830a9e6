// SPDX-License-Identifier: MIT
#include "state_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"
#include "guard_image.h"
#include "guard_state.h"
#include "guards_internal.h"
#include "janus/v1/guard_service.pb-c.h"
#include "state_file.h"
#include "util.h"

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
#define GO_ON                                                                            \
	"; the file stays as it is: put a good copy in its place, or move it away to"    \
	" start without the guards that it has"

_Static_assert(STATE_BOOT_SIZE == STATE_FILE_BOOT_SIZE, "one and the same text");

void state_boot(char ret[STATE_BOOT_SIZE])
{
	autoclose int fd = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	memset(ret, 0, STATE_BOOT_SIZE);
	length = fd < 0 ? -1 : read(fd, ret, STATE_BOOT_SIZE - 1);
	if (length != STATE_BOOT_SIZE - 1)
		memset(ret, 0, STATE_BOOT_SIZE);
}

static int fail(struct faults *faults, const char *path, const char *cause)
{
	const struct faults_place place = { .file = path };

	faults_add(faults, &place, "%s" GO_ON, cause);
	return -1;
}

/* Who else may write to it would say what is guarded. Return: NULL, or what is wrong. */
static const char *look(int fd, struct stat *status)
{
	if (fstat(fd, status))
		return strerror(errno);
	if (!S_ISREG(status->st_mode))
		return "is no regular file";
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return "may be written to by others than its owner";
	if (status->st_uid != geteuid() && status->st_uid)
		return "belongs to somebody else";
	if ((uint64_t)status->st_size > STATE_FILE_BYTES_MAX)
		return "is too long for a state file";
	return NULL;
}

/* Return: NULL with @cause, or bytes that the caller frees. */
static uint8_t *read_file(int fd, size_t *ret_size, const char **cause)
{
	struct stat status;
	size_t length = 0, size;
	uint8_t *bytes;

	*cause = look(fd, &status);
	if (*cause)
		return NULL;
	size = (size_t)status.st_size;
	bytes = malloc(size + 1);
	if (!bytes) {
		*cause = strerror(ENOMEM);
		return NULL;
	}
	while (length < size) {
		ssize_t got = read(fd, bytes + length, size - length);

		if (got <= 0) {
			*cause = got ? strerror(errno) : "has become shorter";
			free(bytes);
			return NULL;
		}
		length += (size_t)got;
	}
	*ret_size = size;
	return bytes;
}

/* Whether it waits for containers that are not there; what makes no sense is told later. */
static bool waits(struct wire_bytes guard)
{
	struct codec_message message = { .budget_bytes = CODEC_BUDGET_BYTES };
	struct status status = { 0 };
	bool result = false;

	if (codec_unpack(&message, &janus__v1__guard__descriptor, guard, &status))
		return false;
	if (message.message)
		result = ((Janus__V1__Guard *)message.message)->wait_ms;
	codec_done(&message);
	return result;
}

/*
 * After a boot a pid means nothing, even if somebody has it who started at the same time; and
 * containers come back one by one, which whoever waits is to wait for.
 */
static void age(struct guard_image *image)
{
	const bool waiting = waits(image->guard);

	for (size_t i = 0; i < image->target_count; i++) {
		struct guard_image_target *target = &image->targets[i];

		if (!target->cid)
			target->start_time = 0;
		else if (waiting)
			target->again = true;
	}
}

static int put_aged(struct guard_state *state, const struct state_file_entry *entry)
{
	struct guard_image image = { 0 };
	struct wire_bytes packed = { 0 };
	int error = guard_image_unpack(&image, entry->image);

	if (error)
		return error;
	age(&image);
	error = guard_image_pack(&image, &packed);
	guard_image_done(&image);
	if (error)
		return error;
	error = guard_state_put(state, entry->id, packed);
	free((void *)(uintptr_t)packed.data);
	return error;
}

/* The generation goes on from where it was, also where that was a file's guard. */
static int put_all(struct guard_state *state, const struct state_file *file)
{
	const struct wire_bytes generation = { (const uint8_t *)&file->generation,
					       sizeof(file->generation) };
	char boot[STATE_BOOT_SIZE];
	bool same;
	int error = 0;

	state_boot(boot);
	same = *boot && !strcmp(boot, file->boot);
	for (size_t i = 0; i < file->count && !error; i++) {
		const struct state_file_entry *entry = &file->entries[i];

		error = same ? guard_state_put(state, entry->id, entry->image)
			     : put_aged(state, entry);
	}
	if (!error && file->generation)
		error = guard_state_put(state, GUARDS_GENERATION_ID, generation);
	return error;
}

static int put_file(int state_fd, const struct state_file *file)
{
	struct guard_state *state = NULL;
	int error = guard_state_open(&state, state_fd);

	if (!error)
		error = put_all(state, file);
	guard_state_close(state);
	return error;
}

static int load(const char *path, struct wire_bytes bytes, int state_fd,
		struct faults *faults)
{
	const struct faults_place place = { .file = path };
	struct state_file_fault fault = { 0 };
	struct state_file file = { 0 };
	int error = state_file_decode(&file, bytes, &fault);

	if (error == -EBADMSG) {
		faults_add(faults, &place, "byte %zu: %s" GO_ON, fault.offset,
			   fault.cause);
		return -1;
	}
	if (!error && state_fd >= 0)
		error = put_file(state_fd, &file);
	state_file_done(&file);
	return error ? fail(faults, path, strerror(-error)) : 0;
}

int state_load(const char *path, int state_fd, struct faults *faults)
{
	/* Without waiting, should it be a FIFO; it is refused then. */
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	autofree uint8_t *bytes = NULL;
	const char *cause;
	size_t size = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail(faults, path, strerror(errno));
	bytes = read_file(fd, &size, &cause);
	if (!bytes)
		return fail(faults, path, cause);
	return load(path, (struct wire_bytes){ bytes, size }, state_fd, faults);
}
