// SPDX-License-Identifier: MIT
#include "file_watch.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

#include "util.h"

#define QUIET_NS 200000000L
#define WHAT_CHANGES                                                                     \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |          \
	 IN_ONLYDIR)

struct file_watch {
	int epoll;
	int inotify;
	int timer;
	int file_id;   /* of the configuration file's folder; negative: none */
	int folder_id; /* likewise, of the manifests' */
	char name[NAME_MAX + 1];
};

static int add_fd(const struct file_watch *watch, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0)
		return -1;
	return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event);
}

int file_watch_create(struct file_watch **ret)
{
	struct file_watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->file_id = watch->folder_id = -1;
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	watch->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!add_fd(watch, watch->inotify) && !add_fd(watch, watch->timer)) {
		*ret = watch;
		return 0;
	}
	error = errno;
	file_watch_destroy(watch);
	return -error;
}

void file_watch_destroy(struct file_watch *watch)
{
	if (!watch)
		return;
	util_close(&watch->epoll);
	util_close(&watch->inotify);
	util_close(&watch->timer);
	free(watch);
}

static int watch_parent(struct file_watch *watch, const char *file)
{
	const char *slash = strrchr(file, '/');
	char folder[PATH_MAX] = ".";

	snprintf(watch->name, sizeof(watch->name), "%s", slash ? slash + 1 : file);
	if (slash && slash - file < PATH_MAX - 1)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file) + 1, file);
	return inotify_add_watch(watch->inotify, folder, WHAT_CHANGES);
}

void file_watch_set(struct file_watch *watch, const char *file, const char *folder)
{
	int old_file = watch->file_id, old_folder = watch->folder_id;

	watch->file_id = file ? watch_parent(watch, file) : -1;
	watch->folder_id =
		folder ? inotify_add_watch(watch->inotify, folder, WHAT_CHANGES) : -1;
	if (old_file >= 0 && old_file != watch->file_id && old_file != watch->folder_id)
		inotify_rm_watch(watch->inotify, old_file);
	if (old_folder >= 0 && old_folder != old_file && old_folder != watch->file_id &&
	    old_folder != watch->folder_id)
		inotify_rm_watch(watch->inotify, old_folder);
}

int file_watch_get_fd(const struct file_watch *watch)
{
	return watch->epoll;
}

/* Kubernetes replaces all files of a volume by renaming a link that begins with two dots. */
static bool is_meant(const struct file_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->mask & IN_IGNORED || !event->len)
		return false;
	if (!strncmp(event->name, "..", 2))
		return true;
	if (event->wd == watch->file_id && !strcmp(event->name, watch->name))
		return true;
	return event->wd == watch->folder_id && event->name[0] != '.';
}

static bool read_events(const struct file_watch *watch)
{
	char bytes[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = read(watch->inotify, bytes, sizeof(bytes));
	bool meant = false;

	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(bytes + at);

		meant |= is_meant(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return meant;
}

bool file_watch_take(struct file_watch *watch)
{
	static const struct itimerspec quiet = { .it_value = { .tv_nsec = QUIET_NS } };
	uint64_t count;

	if (read_events(watch)) {
		timerfd_settime(watch->timer, 0, &quiet, NULL);
		return false;
	}
	return read(watch->timer, &count, sizeof(count)) == sizeof(count);
}
