// SPDX-License-Identifier: MIT
/*
 * Owns where runtimes keep their state, in which of two formats, and whom to believe.
 */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "listing.h"
#include "mounts.h"
#include "status.h"
#include "util.h"

#define STATE_SIZE 1048576

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define PLACE_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

/* Below /run, a folder a container in each. "*" stands for all. Those of users come last. */
static const struct {
	const char *path;
	const char *runtime;
} folders[] = {
	{ "runc", "runc" },
	{ "crun", "crun" },
	{ "containerd/runc/*", "containerd" },
	{ "docker/runtime-runc/*", "docker" },
	{ "docker/runtime-io.containerd.runc.v2/*", "docker" },
	{ "user/*/runc", "runc" },
	{ "user/*/crun", "crun" },
};

/* What is in a folder of one container. */
static const struct {
	const char *name;
	const char *pid_key;
	const char *start_key;
} formats[] = {
	{ "state.json", "init_process_pid", "init_process_start" },
	{ "status", "pid", "process-start-time" },
};

/* One look at all that is written down. */
struct reading {
	const struct janus__proc *proc;
	const char *id; /* NULL: all */
	const char *runtime;
	janus__state_fn *fn;
	void *userdata;
	char *text;
	bool enough;
	int err; /* what we were short of */
};

/* Pass on what a call says; what we are short of hides what others have written. */
static int note(struct reading *reading, int result)
{
	if (result == -EMFILE || result == -ENFILE || result == -ENOMEM)
		reading->err = result;
	return result;
}

/*
 * Users can mount what they serve themselves, and never answer, below their own folders. So
 * nothing is entered that is mounted there.
 */
static int open_below(struct reading *reading, int from, const char *name, int flags)
{
	const struct open_how how = {
		.flags = (uint64_t)flags,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};

	return note(reading, reading->proc->kernel->openat2(from, name, &how));
}

/* In the mounts of one process; 0 is the calling one. */
static bool is_tmpfs_of(struct reading *reading, int32_t pid, uint64_t mount_id)
{
	const struct janus__mount *mount;
	struct janus__mounts mounts;
	bool is_tmpfs;

	if (note(reading, janus__mounts_read(reading->proc, pid, &mounts)) < 0)
		return false;
	mount = janus__mounts_find(&mounts, mount_id);
	is_tmpfs = mount && strcmp(mount->type, "tmpfs") == 0;
	janus__mounts_done(&mounts);
	return is_tmpfs;
}

/*
 * But a user's own folder is itself a mount, of tmpfs. It is looked at without being asked. Of
 * the two /run that are read, either may be the one that it lies in.
 */
static int open_tmpfs(struct reading *reading, int from, const char *name)
{
	const struct janus__kernel *kernel = reading->proc->kernel;
	janus__autoclose struct janus__fd place = {
		.kernel = kernel,
		.fd = note(reading, kernel->openat(from, name, PLACE_FLAGS)),
	};
	struct statx stx;

	if (place.fd < 0 ||
	    note(reading, kernel->statx(place.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
					STATX_MNT_ID, &stx)) < 0)
		return -EXDEV;
	if (!is_tmpfs_of(reading, 1, stx.stx_mnt_id) &&
	    !is_tmpfs_of(reading, 0, stx.stx_mnt_id))
		return -EXDEV;
	return janus__fd_steal(&place);
}

static int open_folder(struct reading *reading, int from, const char *name)
{
	int fd = open_below(reading, from, name, FOLDER_FLAGS);

	return fd == -EXDEV ? open_tmpfs(reading, from, name) : fd;
}

static ssize_t read_all(const struct reading *reading, int fd)
{
	const struct janus__kernel *kernel = reading->proc->kernel;
	size_t used = 0;

	while (used < STATE_SIZE) {
		ssize_t length = kernel->read(fd, reading->text + used,
					      STATE_SIZE - used);

		if (length == -EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? length : (ssize_t)used;
		used += (size_t)length;
	}
	return -EFBIG;
}

/* Whose words they are; nobody's, if others can write them. */
static bool find_author(struct reading *reading, int fd, uint32_t *ret)
{
	struct statx stx;

	if (note(reading, reading->proc->kernel->statx(
				  fd, "", AT_EMPTY_PATH,
				  STATX_TYPE | STATX_MODE | STATX_UID, &stx)) < 0)
		return false;
	*ret = stx.stx_uid;
	return S_ISREG(stx.stx_mode) && !(stx.stx_mode & (S_IWGRP | S_IWOTH));
}

/* Root may speak for everybody, others for themselves and for what they have made. */
static bool may_speak_for(struct reading *reading, uint32_t author, int32_t pid)
{
	const struct janus__proc *proc = reading->proc;
	janus__autoclose struct janus__fd space = { .kernel = proc->kernel, .fd = -1 };
	struct janus__status status;
	uint32_t owner;

	if (author == 0)
		return true;
	if (note(reading, janus__status_read(proc, pid, &status)) == 0 &&
	    status.uid == author)
		return true;
	space.fd = note(reading, janus__proc_open_file(proc, pid, "ns/user"));
	return space.fd >= 0 && proc->kernel->ns_owner(space.fd, &owner) == 0 &&
	       owner == author;
}

static bool is_alive(struct reading *reading, const struct janus__state *state)
{
	struct janus__proc_stat stat;

	return note(reading, janus__proc_read_stat(reading->proc, state->pid, &stat)) ==
		       0 &&
	       stat.start_time == state->start_time && stat.state != 'Z' &&
	       stat.state != 'X';
}

/* One file, if there is one. */
static void read_file(struct reading *reading, int folder, const char *id, size_t format)
{
	const struct janus__kernel *kernel = reading->proc->kernel;
	janus__autoclose struct janus__fd file = {
		.kernel = kernel,
		.fd = open_below(reading, folder, formats[format].name, FILE_FLAGS),
	};
	struct janus__state state = { .id = id, .runtime = reading->runtime };
	uint64_t pid;
	ssize_t length;

	if (file.fd < 0 || !find_author(reading, file.fd, &state.author))
		return;
	length = read_all(reading, file.fd);
	if (note(reading, (int)length) < 0 ||
	    janus__json_number(reading->text, (size_t)length, formats[format].pid_key,
			       &pid) < 0 ||
	    janus__json_number(reading->text, (size_t)length, formats[format].start_key,
			       &state.start_time) < 0 ||
	    pid == 0 || pid > INT32_MAX)
		return;
	state.pid = (int32_t)pid;
	if (is_alive(reading, &state) && may_speak_for(reading, state.author, state.pid))
		reading->enough |= !reading->fn(reading->userdata, &state);
}

static void read_container(struct reading *reading, int root, const char *id)
{
	const struct janus__kernel *kernel = reading->proc->kernel;
	janus__autoclose struct janus__fd folder = {
		.kernel = kernel,
		.fd = open_below(reading, root, id, FOLDER_FLAGS),
	};

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(formats) && folder.fd >= 0; i++)
		read_file(reading, folder.fd, id, i);
}

static void read_root(struct reading *reading, int root)
{
	struct janus__listing listing;
	const char *name;

	if (reading->id) {
		read_container(reading, root, reading->id);
		return;
	}
	janus__listing_init(&listing, reading->proc->kernel, root);
	while (!reading->enough && (name = janus__listing_next(&listing)))
		read_container(reading, root, name);
	note(reading, listing.err);
}

/* Go down to the folders that a pattern names. */
static void descend(struct reading *reading, int from, const char *pattern)
{
	const struct janus__kernel *kernel = reading->proc->kernel;
	size_t length = strcspn(pattern, "/");
	const char *rest = pattern[length] ? pattern + length + 1 : pattern + length;
	struct janus__listing listing;
	const char *name;
	char part[64];

	if (!*pattern) {
		read_root(reading, from);
		return;
	}
	snprintf(part, sizeof(part), "%.*s", (int)length, pattern);
	if (strcmp(part, "*") != 0) {
		janus__autoclose struct janus__fd folder = {
			.kernel = kernel,
			.fd = open_folder(reading, from, part),
		};

		if (folder.fd >= 0)
			descend(reading, folder.fd, rest);
		return;
	}
	janus__listing_init(&listing, kernel, from);
	while (!reading->enough && (name = janus__listing_next(&listing))) {
		janus__autoclose struct janus__fd folder = {
			.kernel = kernel,
			.fd = open_folder(reading, from, name),
		};

		if (folder.fd >= 0)
			descend(reading, folder.fd, rest);
	}
	note(reading, listing.err);
}

/* Folder by folder, in whatever /run there is: -1 for none. */
static void read_runs(struct reading *reading, int first, int own)
{
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(folders); i++) {
		reading->runtime = folders[i].runtime;
		if (first >= 0 && !reading->enough)
			descend(reading, first, folders[i].path);
		if (own >= 0 && !reading->enough)
			descend(reading, own, folders[i].path);
	}
}

static bool is_same(const struct janus__kernel *kernel, int one, int other)
{
	struct statx a, b;

	return kernel->statx(one, "", AT_EMPTY_PATH, STATX_INO, &a) == 0 &&
	       kernel->statx(other, "", AT_EMPTY_PATH, STATX_INO, &b) == 0 &&
	       a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
	       a.stx_dev_minor == b.stx_dev_minor;
}

int janus__states_read(const struct janus__proc *proc, const char *id,
		       janus__state_fn *fn, void *userdata)
{
	const struct janus__kernel *kernel = proc->kernel;
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	struct reading reading = { proc, id, "", fn, userdata, NULL, false, 0 };
	janus__autoclose struct janus__fd first = {
		.kernel = kernel,
		.fd = note(&reading, kernel->openat(proc->fd, "1/root/run", flags)),
	};
	janus__autoclose struct janus__fd own = {
		.kernel = kernel,
		.fd = note(&reading, kernel->openat(proc->fd, "self/root/run", flags)),
	};
	bool is_one = first.fd >= 0 && own.fd >= 0 && is_same(kernel, first.fd, own.fd);

	reading.text = malloc(STATE_SIZE);
	if (!reading.text)
		reading.err = -ENOMEM;
	else
		read_runs(&reading, first.fd, is_one ? -1 : own.fd);
	free(reading.text);
	return reading.err;
}

int janus__states_read_from(const struct janus__proc *proc, const char *path,
			    const char *id, janus__state_fn *fn, void *userdata)
{
	struct reading reading = { proc, id, "", fn, userdata, NULL, false, 0 };
	janus__autoclose struct janus__fd root = {
		.kernel = proc->kernel,
		.fd = note(&reading, proc->kernel->openat(AT_FDCWD, path, FOLDER_FLAGS)),
	};

	if (root.fd < 0)
		return reading.err;
	reading.text = malloc(STATE_SIZE);
	if (!reading.text)
		return -ENOMEM;
	read_root(&reading, root.fd);
	free(reading.text);
	return reading.err;
}
