/* SPDX-License-Identifier: MIT */
/*
 * The inside of the fake kernel, shared by its calls (fake_calls.c) and by what the tests say
 * (fake_kernel.c). Everything in it is touched between fake_enter() and fake_leave() only.
 */
#ifndef JANUS_TESTS_FAKE_WORLD_H
#define JANUS_TESTS_FAKE_WORLD_H

#include "fake_kernel.h"

#define FAKE_FIRST_FD 1000
#define FAKE_FDS_MAX 8192
#define FAKE_FILES_MAX 64
#define FAKE_LOG_MAX 65536
#define FAKE_READS_MAX 256
#define FAKE_PROCESSES_MAX 8
#define FAKE_GROUPS_MAX 2
#define FAKE_PATIENCE_NS (5 * 1000000000ll)

enum fake_kind {
	FAKE_CLOSED,
	FAKE_PLACE,
	FAKE_EVENTFD,
	FAKE_GROUP,
	FAKE_TEXT,
	FAKE_EPOLL
};

struct fake_fd {
	enum fake_kind kind;
	struct fake_file *file; /* of a place; NULL: /proc */
	uint64_t counter;       /* of an eventfd */
	char text[128];         /* of a text: what is still to be read */
	uint32_t answer;        /* of an event's fd */
	int epoll;              /* that it is in; 0: none */
	void *data;             /* what that shall say */
	size_t group;           /* of a group, and of an event's fd; 1: the wide one */
};

struct fake_call {
	const char *name;
	int fd;
};

/* What one read of the group gives. */
struct fake_read {
	int error;
	size_t length;
	char bytes[64 * sizeof(struct fanotify_event_metadata)];
};

struct fake_world {
	struct fake_fd fds[FAKE_FDS_MAX];
	int fd_count;
	struct fake_file files[FAKE_FILES_MAX];
	size_t file_count;
	struct fake_call log[FAKE_LOG_MAX];
	size_t log_length;
	struct fake_queue {
		struct fake_read reads[FAKE_READS_MAX];
		size_t first, end;
	} queues[FAKE_GROUPS_MAX];
	struct fake_read ahead;
	size_t group_count;
	struct fake_call failing, interrupted;
	int error;
	unsigned int times;
	void (*interrupt)(void);
	char stats[FAKE_PROCESSES_MAX][128];
	int32_t pids[FAKE_PROCESSES_MAX];
	size_t process_count;
	size_t wrong_closes;
	bool responder_waits, responder_gone;
};

extern struct fake_world fake;

/* Every call begins with the first and ends with the second; negative: it fails with that. */
int fake_enter(const char *name, int fd);
long fake_leave(long result);

/* Between the two: wait until something changes; false: the time is over. */
bool fake_wait(const struct timespec *end);
struct timespec fake_deadline(int64_t ns);

struct fake_fd *fake_get(int fd); /* NULL: not open */
bool fake_in_use(int fd);         /* it was open at some time */
int fake_new_fd(enum fake_kind kind, struct fake_file *file);
struct fake_file *fake_find_file(const char *path);

/* In fake_threads.c. */
int fake_pidfd_open(int32_t pid);
int fake_pidfd_open_thread(int32_t tid);
int fake_pidfd_alive(int pidfd);
int fake_pidfd_info(int pidfd, struct janus__pidfd_info *ret);
int fake_ns_owner(int fd, uint32_t *ret);
int fake_epoll_create(void);
int fake_epoll_add(int epoll, int fd, void *data);
int fake_epoll_delete(int epoll, int fd);
int fake_epoll_wait(int epoll, void **ret, int count);
int fake_timer_create(void);
int fake_timer_set(int timer, int64_t when_ns);
int fake_thread_create(void *thread, const char *name, void *(*run)(void *), void *arg);

#endif
