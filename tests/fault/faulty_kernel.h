/* SPDX-License-Identifier: MIT */
/*
 * The real kernel, of which one call fails once. Calls are counted for each name, and apart
 * for each thread, for only so is "the third" the same one in every run.
 */
#ifndef JANUS_TESTS_FAULTY_KERNEL_H
#define JANUS_TESTS_FAULTY_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"

enum faulty_call {
	FAULTY_FANOTIFY_INIT,
	FAULTY_FANOTIFY_MARK,
	FAULTY_OPENAT,
	FAULTY_OPENAT2,
	FAULTY_STATX,
	FAULTY_READLINKAT,
	FAULTY_FS_TYPE,
	FAULTY_FS_ID,
	FAULTY_NAME_TO_HANDLE,
	FAULTY_QUEUED_BYTES,
	FAULTY_GETDENTS,
	FAULTY_READ,
	FAULTY_PREAD,
	FAULTY_WRITE, /* not to eventfds: that cannot fail */
	FAULTY_CLOSE,
	FAULTY_REPLACE_FD,
	FAULTY_POLL,
	FAULTY_EVENTFD,
	FAULTY_PIDFD_OPEN,
	FAULTY_PIDFD_OPEN_THREAD,
	FAULTY_PIDFD_ALIVE,
	FAULTY_PIDFD_INFO,
	FAULTY_NS_OWNER,
	FAULTY_EPOLL_CREATE,
	FAULTY_EPOLL_ADD,
	FAULTY_EPOLL_DELETE,
	FAULTY_EPOLL_WAIT,
	FAULTY_EPOLL_ARM,
	FAULTY_MEMORY_CREATE,
	FAULTY_MEMORY_SIZE,
	FAULTY_MEMORY_MAP,
	FAULTY_TIMER_CREATE,
	FAULTY_TIMER_SET,
	FAULTY_THREAD_CREATE,
	FAULTY_GARBAGE, /* a read of events brings what is none */
	FAULTY_CALL_COUNT,
};

/* Whose call it is. */
enum faulty_thread {
	FAULTY_CALLER,
	FAULTY_RESPONDER,
	FAULTY_WATCHDOG,
	FAULTY_FOLLOWER,
	FAULTY_THREAD_COUNT,
};

extern const struct janus__kernel faulty_kernel;

struct faulty_case {
	enum faulty_call call;
	enum faulty_thread thread;
	size_t nth;        /* from 1; 0: none */
	bool no_replacing; /* and every replace_fd fails, too */
};

/* Begin to count, and to fail as told. */
void faulty_begin(const struct faulty_case *what);

/* Whether it came to that. */
bool faulty_happened(void);

/* An fd was closed that was not open. */
bool faulty_closed_wrong(void);

/* How often each call was made since. */
size_t faulty_count(enum faulty_call call, enum faulty_thread thread);

const char *faulty_name(enum faulty_call call);
const char *faulty_thread_name(enum faulty_thread thread);

#endif
