// SPDX-License-Identifier: MIT
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "util.h"

/* More than the kernel tells of one process in practice; a longer one is cut at a line. */
#define CGROUP_TEXT_MAX (64 << 10)

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* Return: the next process, 0 at the end. */
static int32_t next_process(DIR *proc)
{
	const struct dirent *entry;

	while ((entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (!*end && pid > 0 && pid <= INT32_MAX)
			return (int32_t)pid;
	}
	return 0;
}

static bool is_or_is_below(const char *path, size_t length, const char *cgroup)
{
	size_t size = strlen(cgroup);

	return length >= size && !memcmp(path, cgroup, size) &&
	       (length == size || path[size] == '/');
}

/* "4:memory:/a/b": the path begins behind the second colon, and may hold more of them. */
bool processes_is_in_cgroup(const char *text, const char *cgroup)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *path = memchr(text, ':', length);

		if (path)
			path = memchr(path + 1, ':', length - (size_t)(path + 1 - text));
		if (path &&
		    is_or_is_below(path + 1, length - (size_t)(path + 1 - text), cgroup))
			return true;
		text += length;
		text += *text == '\n';
	}
	return false;
}

static bool is_in(int32_t pid, const char *cgroup, char *buf)
{
	char path[32];
	autoclose int fd = -1;
	size_t length = 0;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/cgroup", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (length < CGROUP_TEXT_MAX - 1) {
		got = read(fd, buf + length, CGROUP_TEXT_MAX - 1 - length);
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	buf[length] = '\0';
	return processes_is_in_cgroup(buf, cgroup);
}

int processes_first_of_cgroup(const char *cgroup, int32_t *ret)
{
	cleanup(close_folder) DIR *proc = opendir("/proc");
	autofree char *buf = malloc(CGROUP_TEXT_MAX);
	uint64_t first = UINT64_MAX;
	int32_t pid;

	if (!proc)
		return -errno;
	if (!buf)
		return -ENOMEM;
	*ret = 0;
	while ((pid = next_process(proc))) {
		uint64_t start;

		if (!is_in(pid, cgroup, buf))
			continue;
		start = process_start_time(pid);
		if (start && start < first) {
			first = start;
			*ret = pid;
		}
	}
	return 0;
}

/* What makes the paths of two processes lead to the same files. */
struct view {
	dev_t device;
	ino_t root;
	ino_t mounts;
	uint64_t start;
};

static int look(int32_t pid, const struct stat *file, struct view *ret)
{
	struct stat exe, root, mounts;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%" PRId32 "/exe", pid);
	if (stat(path, &exe) || exe.st_dev != file->st_dev || exe.st_ino != file->st_ino)
		return -1;
	snprintf(path, sizeof(path), "/proc/%" PRId32 "/root", pid);
	if (stat(path, &root))
		return -1;
	snprintf(path, sizeof(path), "/proc/%" PRId32 "/ns/mnt", pid);
	if (stat(path, &mounts))
		return -1;
	*ret = (struct view){ root.st_dev, root.st_ino, mounts.st_ino,
			      process_start_time(pid) };
	return ret->start ? 0 : -1;
}

struct found {
	struct view *views;
	int32_t *pids;
	size_t count;
	size_t room;
};

static void add(struct found *found, int32_t pid, const struct view *view)
{
	for (size_t i = 0; i < found->count && i < found->room; i++) {
		struct view *one = &found->views[i];

		if (one->device != view->device || one->root != view->root ||
		    one->mounts != view->mounts)
			continue;
		if (view->start < one->start) {
			one->start = view->start;
			found->pids[i] = pid;
		}
		return;
	}
	if (found->count < found->room) {
		found->views[found->count] = *view;
		found->pids[found->count] = pid;
	}
	found->count++;
}

int processes_of_exe(const char *path, int32_t *ret, size_t room, size_t *ret_count)
{
	cleanup(close_folder) DIR *proc = opendir("/proc");
	autofree struct view *views = calloc(room + 1, sizeof(*views));
	struct found found = { .views = views, .pids = ret, .room = room };
	struct stat file;
	int32_t pid;

	if (!proc)
		return -errno;
	if (!views)
		return -ENOMEM;
	if (stat(path, &file))
		return -errno;
	while ((pid = next_process(proc))) {
		struct view view;

		if (!look(pid, &file, &view))
			add(&found, pid, &view);
	}
	*ret_count = found.count;
	return 0;
}
