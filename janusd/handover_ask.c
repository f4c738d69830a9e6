// SPDX-License-Identifier: MIT
#include "handover_ask.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"
#include "owner.h"
#include "util.h"

/* A check, draining, and all guards anew. */
#define PATIENCE_MS 60000

struct asked {
	int lock;
	int news;  /* an inotify of the lock file */
	int pidfd; /* of the owner */
	struct owner owner;
};

static const struct listener *find_socket(const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listen_is_unix(&listeners->items[i]))
			return &listeners->items[i];
	return NULL;
}

static int open_lock(struct asked *asked, const struct listeners *listeners)
{
	const struct listener *listener = find_socket(listeners);
	char name[LISTEN_TEXT_SIZE];

	if (!listener) {
		log_error("no handover: none of the addresses is that of a socket, whose"
			  " lock would tell which process it is; send it SIGUSR2");
		return -1;
	}
	listen_name(listener, 0, name);
	asked->lock = listen_open_lock(listener, O_RDONLY);
	if (asked->lock < 0) {
		log_error("no handover: the lock file of %s cannot be opened: %s", name,
			  strerror(-asked->lock));
		return -1;
	}
	if (!flock(asked->lock, LOCK_SH | LOCK_NB)) {
		log_error("no handover: nobody listens on %s", name);
		return -1;
	}
	if (owner_read(asked->lock, &asked->owner)) {
		log_error("no handover: the lock file of %s does not tell whose it is",
			  name);
		return -1;
	}
	return 0;
}

/* Whether the process has the lock file open: a pid alone may have become another one's. */
static bool holds_lock(const struct asked *asked)
{
	struct stat own, other;
	struct dirent *entry;
	bool found = false;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%jd/fd", (intmax_t)asked->owner.pid);
	folder = fstat(asked->lock, &own) ? NULL : opendir(path);
	while (folder && !found && (entry = readdir(folder)))
		found = !fstatat(dirfd(folder), entry->d_name, &other, 0) &&
			own.st_dev == other.st_dev && own.st_ino == other.st_ino;
	if (folder)
		closedir(folder);
	return found;
}

static int find_process(struct asked *asked)
{
	char path[64];

	asked->pidfd = (int)syscall(SYS_pidfd_open, asked->owner.pid, 0);
	if (asked->pidfd < 0 || !holds_lock(asked)) {
		log_error("no handover: process %jd, which the lock file names, cannot be"
			  " seen to hold it",
			  (intmax_t)asked->owner.pid);
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", asked->lock);
	asked->news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (asked->news < 0 || inotify_add_watch(asked->news, path, IN_MODIFY) < 0) {
		log_error("no handover: the lock file cannot be watched: %s",
			  strerror(errno));
		return -1;
	}
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Return: 0: there is an outcome in @now, or -1: there will be none. */
static int wait_for_outcome(const struct asked *asked, struct owner *now)
{
	struct pollfd ready[] = {
		{ .fd = asked->news, .events = POLLIN },
		{ .fd = asked->pidfd, .events = POLLIN },
	};
	int64_t end = now_ms() + PATIENCE_MS, left;
	char events[4096];

	while ((left = end - now_ms()) > 0) {
		poll(ready, ARRAY_COUNT(ready), (int)left);
		while (read(asked->news, events, sizeof(events)) > 0)
			continue;
		if (!owner_read(asked->lock, now) &&
		    now->handovers != asked->owner.handovers)
			return 0;
		if (ready[1].revents) {
			log_error("process %jd has ended; its log tells why",
				  (intmax_t)asked->owner.pid);
			return -1;
		}
	}
	log_error("process %jd has not handed over in %d seconds; its log tells more",
		  (intmax_t)asked->owner.pid, PATIENCE_MS / 1000);
	return -1;
}

static int ask(const struct asked *asked)
{
	struct owner now;

	if (syscall(SYS_pidfd_send_signal, asked->pidfd, SIGUSR2, NULL, 0)) {
		log_error("no handover: process %jd cannot be sent SIGUSR2: %s",
			  (intmax_t)asked->owner.pid, strerror(errno));
		return -1;
	}
	printf("janusd: process %jd is asked to hand over\n", (intmax_t)asked->owner.pid);
	fflush(stdout);
	if (wait_for_outcome(asked, &now))
		return -1;
	if (strcmp(now.outcome, OWNER_DONE) != 0) {
		log_error("no handover: %s; process %jd goes on as it was", now.outcome,
			  (intmax_t)now.pid);
		return -1;
	}
	printf("janusd: process %jd has handed over and is ready\n", (intmax_t)now.pid);
	return fflush(stdout) ? -1 : 0;
}

int handover_ask(const struct listeners *listeners)
{
	struct asked asked = { .lock = -1, .news = -1, .pidfd = -1 };
	int result = open_lock(&asked, listeners);

	if (!result)
		result = find_process(&asked);
	if (!result)
		result = ask(&asked);
	util_close(&asked.lock);
	util_close(&asked.news);
	util_close(&asked.pidfd);
	return result;
}
