// SPDX-License-Identifier: MIT
#include "faulty_kernel.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define REAL janus__kernel_linux

static struct faulty_case wanted;
static atomic_size_t counts[FAULTY_CALL_COUNT][FAULTY_THREAD_COUNT];
static atomic_bool happened, closed_wrong;
static _Thread_local enum faulty_thread this_thread;

/* Of permission, wide marks, observation and mounts; and those of which one was tried. */
static atomic_int groups[8];
static atomic_uint group_count;

/* What each thread runs. */
static void *(*runs[FAULTY_THREAD_COUNT])(void *);

static const char *const thread_names[FAULTY_THREAD_COUNT] = {
	[FAULTY_CALLER] = "caller",
	[FAULTY_RESPONDER] = "responder",
	[FAULTY_WATCHDOG] = "watchdog",
	[FAULTY_FOLLOWER] = "follower",
};

static const struct {
	const char *name;
	int error;
} calls[FAULTY_CALL_COUNT] = {
	[FAULTY_FANOTIFY_INIT] = { "fanotify_init", -EMFILE },
	[FAULTY_FANOTIFY_MARK] = { "fanotify_mark", -ENOSPC },
	[FAULTY_OPENAT] = { "openat", -EMFILE },
	[FAULTY_OPENAT2] = { "openat2", -EMFILE },
	[FAULTY_STATX] = { "statx", -ENOMEM },
	[FAULTY_READLINKAT] = { "readlinkat", -ENOMEM },
	[FAULTY_FS_TYPE] = { "fs_type", -EIO },
	[FAULTY_FS_ID] = { "fs_id", -EIO },
	[FAULTY_NAME_TO_HANDLE] = { "name_to_handle", -ENOMEM },
	[FAULTY_QUEUED_BYTES] = { "queued_bytes", -ENOTTY },
	[FAULTY_GETDENTS] = { "getdents", -ENOMEM },
	[FAULTY_READ] = { "read", -EIO },
	[FAULTY_PREAD] = { "pread", -ESRCH },
	[FAULTY_WRITE] = { "write", -EIO },
	[FAULTY_CLOSE] = { "close", -EIO },
	[FAULTY_REPLACE_FD] = { "replace_fd", -EBUSY },
	[FAULTY_POLL] = { "poll", -ENOMEM },
	[FAULTY_EVENTFD] = { "eventfd", -EMFILE },
	[FAULTY_PIDFD_OPEN] = { "pidfd_open", -EMFILE },
	[FAULTY_PIDFD_OPEN_THREAD] = { "pidfd_open_thread", -EMFILE },
	[FAULTY_PIDFD_ALIVE] = { "pidfd_alive", -ESRCH },
	[FAULTY_PIDFD_INFO] = { "pidfd_info", -ENOTTY },
	[FAULTY_NS_OWNER] = { "ns_owner", -ENOTTY },
	[FAULTY_EPOLL_CREATE] = { "epoll_create", -EMFILE },
	[FAULTY_EPOLL_ADD] = { "epoll_add", -ENOSPC },
	[FAULTY_EPOLL_DELETE] = { "epoll_delete", -ENOENT },
	[FAULTY_EPOLL_WAIT] = { "epoll_wait", -EINTR },
	[FAULTY_EPOLL_ARM] = { "epoll_arm", -ENOMEM },
	[FAULTY_MEMORY_CREATE] = { "memory_create", -EMFILE },
	[FAULTY_MEMORY_SIZE] = { "memory_size", -EIO },
	[FAULTY_MEMORY_MAP] = { "memory_map", -ENOMEM },
	[FAULTY_TIMER_CREATE] = { "timer_create", -EMFILE },
	[FAULTY_TIMER_SET] = { "timer_set", -EINVAL },
	[FAULTY_THREAD_CREATE] = { "thread_create", -EAGAIN },
	[FAULTY_GARBAGE] = { "garbage", 0 },
};

void faulty_begin(const struct faulty_case *what)
{
	wanted = *what;
	memset(counts, 0, sizeof(counts));
	atomic_store(&group_count, 0);
	atomic_store(&happened, false);
	atomic_store(&closed_wrong, false);
}

bool faulty_happened(void)
{
	return atomic_load(&happened);
}

bool faulty_closed_wrong(void)
{
	return atomic_load(&closed_wrong);
}

size_t faulty_count(enum faulty_call call, enum faulty_thread thread)
{
	return atomic_load(&counts[call][thread]);
}

const char *faulty_thread_name(enum faulty_thread thread)
{
	return thread_names[thread];
}

const char *faulty_name(enum faulty_call call)
{
	return calls[call].name;
}

static bool is_turn(enum faulty_call call)
{
	size_t nth = atomic_fetch_add(&counts[call][this_thread], 1) + 1;

	if (call != wanted.call || this_thread != wanted.thread || nth != wanted.nth)
		return false;
	atomic_store(&happened, true);
	return true;
}

/* 0, or what the call shall return instead of being made. */
static int fail(enum faulty_call call)
{
	return is_turn(call) ? calls[call].error : 0;
}

static void note_group(int fd)
{
	unsigned int at = atomic_load(&group_count);

	if (at == sizeof(groups) / sizeof(groups[0]))
		return;
	atomic_store(&groups[at], fd);
	atomic_store(&group_count, at + 1);
}

static int faulty_fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
	int err = fail(FAULTY_FANOTIFY_INIT);

	if (err)
		return err;
	err = REAL.fanotify_init(flags, event_f_flags);
	if (err >= 0)
		note_group(err);
	return err;
}

static bool is_group(int fd)
{
	for (unsigned int i = 0; i < atomic_load(&group_count); i++)
		if (fd == atomic_load(&groups[i]))
			return true;
	return false;
}

static int faulty_fanotify_mark(int fd, unsigned int flags, uint64_t mask, int dirfd,
				const char *path)
{
	int err = fail(FAULTY_FANOTIFY_MARK);

	return err ? err : REAL.fanotify_mark(fd, flags, mask, dirfd, path);
}

static int faulty_openat(int dirfd, const char *path, int flags)
{
	int err = fail(FAULTY_OPENAT);

	return err ? err : REAL.openat(dirfd, path, flags);
}

static int faulty_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int err = fail(FAULTY_OPENAT2);

	return err ? err : REAL.openat2(dirfd, path, how);
}

static int faulty_statx(int dirfd, const char *path, int flags, unsigned int mask,
			struct statx *ret)
{
	int err = fail(FAULTY_STATX);

	return err ? err : REAL.statx(dirfd, path, flags, mask, ret);
}

static ssize_t faulty_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	int err = fail(FAULTY_READLINKAT);

	return err ? err : REAL.readlinkat(dirfd, path, buf, size);
}

static int faulty_fs_type(int fd, uint64_t *ret)
{
	int err = fail(FAULTY_FS_TYPE);

	return err ? err : REAL.fs_type(fd, ret);
}

static int faulty_fs_id(int fd, uint64_t *ret)
{
	int err = fail(FAULTY_FS_ID);

	return err ? err : REAL.fs_id(fd, ret);
}

static int faulty_name_to_handle(int dirfd, const char *path, struct file_handle *ret,
				 int flags)
{
	int err = fail(FAULTY_NAME_TO_HANDLE);

	return err ? err : REAL.name_to_handle(dirfd, path, ret, flags);
}

static int faulty_queued_bytes(int fd, uint64_t *ret)
{
	int err = fail(FAULTY_QUEUED_BYTES);

	return err ? err : REAL.queued_bytes(fd, ret);
}

static ssize_t faulty_getdents(int fd, void *buf, size_t size)
{
	int err = fail(FAULTY_GETDENTS);

	return err ? err : REAL.getdents(fd, buf, size);
}

/* Observations are of any length: what follows one need not be aligned. */
static void close_event_fds(const char *bytes, ssize_t length)
{
	struct fanotify_event_metadata metadata;

	for (; length >= (ssize_t)sizeof(metadata);
	     bytes += metadata.event_len, length -= metadata.event_len) {
		memcpy(&metadata, bytes, sizeof(metadata));
		if (metadata.fd >= 0)
			REAL.close(metadata.fd);
	}
}

static ssize_t faulty_read(int fd, void *buf, size_t size)
{
	int err = fail(FAULTY_READ);
	ssize_t length = err ? err : REAL.read(fd, buf, size);

	/* The events' fds are lost to it, but those who wait must not be. */
	if (is_group(fd) && length > 0 && is_turn(FAULTY_GARBAGE)) {
		close_event_fds(buf, length);
		memset(buf, 0x55, (size_t)length);
	}
	return length;
}

static ssize_t faulty_write(int fd, const void *buf, size_t size)
{
	int err = is_group(fd) ? fail(FAULTY_WRITE) : 0;

	return err ? err : REAL.write(fd, buf, size);
}

/* As close(2) does it: the fd is gone even if it says that something went wrong. */
static int faulty_close(int fd)
{
	int err = fail(FAULTY_CLOSE), result = REAL.close(fd);

	if (result == -EBADF)
		atomic_store(&closed_wrong, true);
	return err ? err : result;
}

static int faulty_replace_fd(int from, int to)
{
	int err = fail(FAULTY_REPLACE_FD);

	if (wanted.no_replacing)
		err = calls[FAULTY_REPLACE_FD].error;
	if (!err)
		err = REAL.replace_fd(from, to);
	if (err >= 0 && is_group(from))
		note_group(to);
	return err;
}

static int faulty_poll(struct pollfd *fds, size_t count, int64_t timeout_ns)
{
	int err = fail(FAULTY_POLL);

	return err ? err : REAL.poll(fds, count, timeout_ns);
}

static int faulty_eventfd(unsigned int initial, int flags)
{
	int err = fail(FAULTY_EVENTFD);

	return err ? err : REAL.eventfd(initial, flags);
}

static int faulty_pidfd_open(int32_t pid)
{
	int err = fail(FAULTY_PIDFD_OPEN);

	return err ? err : REAL.pidfd_open(pid);
}

static int faulty_pidfd_alive(int pidfd)
{
	int err = fail(FAULTY_PIDFD_ALIVE);

	return err ? err : REAL.pidfd_alive(pidfd);
}

static int faulty_pidfd_open_thread(int32_t tid)
{
	int err = fail(FAULTY_PIDFD_OPEN_THREAD);

	return err ? err : REAL.pidfd_open_thread(tid);
}

static int faulty_pidfd_info(int pidfd, struct janus__pidfd_info *ret)
{
	int err = fail(FAULTY_PIDFD_INFO);

	return err ? err : REAL.pidfd_info(pidfd, ret);
}

static ssize_t faulty_pread(int fd, void *buf, size_t size, int64_t offset)
{
	int err = fail(FAULTY_PREAD);

	return err ? err : REAL.pread(fd, buf, size, offset);
}

static int faulty_ns_owner(int fd, uint32_t *ret)
{
	int err = fail(FAULTY_NS_OWNER);

	return err ? err : REAL.ns_owner(fd, ret);
}

static int faulty_epoll_create(void)
{
	int err = fail(FAULTY_EPOLL_CREATE);

	return err ? err : REAL.epoll_create();
}

static int faulty_epoll_add(int epoll, int fd, void *data)
{
	int err = fail(FAULTY_EPOLL_ADD);

	return err ? err : REAL.epoll_add(epoll, fd, data);
}

/* It is done all the same: the fd goes at once, and with it its place in the epoll. */
static int faulty_epoll_delete(int epoll, int fd)
{
	int err = fail(FAULTY_EPOLL_DELETE);

	return err ? err : REAL.epoll_delete(epoll, fd);
}

static int faulty_epoll_wait(int epoll, void **ret, int count)
{
	int err = fail(FAULTY_EPOLL_WAIT);

	return err ? err : REAL.epoll_wait(epoll, ret, count);
}

static int faulty_epoll_arm(int epoll, int fd)
{
	int err = fail(FAULTY_EPOLL_ARM);

	return err ? err : REAL.epoll_arm(epoll, fd);
}

static int faulty_memory_create(size_t size)
{
	int err = fail(FAULTY_MEMORY_CREATE);

	return err ? err : REAL.memory_create(size);
}

static int faulty_memory_size(int fd, uint64_t *ret)
{
	int err = fail(FAULTY_MEMORY_SIZE);

	return err ? err : REAL.memory_size(fd, ret);
}

static int faulty_memory_map(int fd, size_t size, void **ret)
{
	int err = fail(FAULTY_MEMORY_MAP);

	return err ? err : REAL.memory_map(fd, size, ret);
}

static void faulty_memory_unmap(void *memory, size_t size)
{
	REAL.memory_unmap(memory, size);
}

static int faulty_timer_create(void)
{
	int err = fail(FAULTY_TIMER_CREATE);

	return err ? err : REAL.timer_create();
}

static int faulty_timer_set(int timer, int64_t when_ns)
{
	int err = fail(FAULTY_TIMER_SET);

	return err ? err : REAL.timer_set(timer, when_ns);
}

static void *run_responder(void *arg)
{
	this_thread = FAULTY_RESPONDER;
	return runs[FAULTY_RESPONDER](arg);
}

static void *run_watchdog(void *arg)
{
	this_thread = FAULTY_WATCHDOG;
	return runs[FAULTY_WATCHDOG](arg);
}

static void *run_follower(void *arg)
{
	this_thread = FAULTY_FOLLOWER;
	return runs[FAULTY_FOLLOWER](arg);
}

static const struct {
	const char *name;
	void *(*run)(void *);
} starts[FAULTY_THREAD_COUNT] = {
	[FAULTY_RESPONDER] = { "janus-responder", run_responder },
	[FAULTY_WATCHDOG] = { "janus-watchdog", run_watchdog },
	[FAULTY_FOLLOWER] = { "janus-follower", run_follower },
};

static int faulty_thread_create(void *thread, const char *name, void *(*run)(void *),
				void *arg)
{
	int err = fail(FAULTY_THREAD_CREATE), at = FAULTY_RESPONDER;

	if (err)
		return err;
	while (strcmp(starts[at].name, name) != 0)
		at++;
	runs[at] = run;
	return REAL.thread_create(thread, name, starts[at].run, arg);
}

const struct janus__kernel faulty_kernel = {
	.fanotify_init = faulty_fanotify_init,
	.fanotify_mark = faulty_fanotify_mark,
	.openat = faulty_openat,
	.openat2 = faulty_openat2,
	.statx = faulty_statx,
	.readlinkat = faulty_readlinkat,
	.fs_type = faulty_fs_type,
	.fs_id = faulty_fs_id,
	.name_to_handle = faulty_name_to_handle,
	.queued_bytes = faulty_queued_bytes,
	.getdents = faulty_getdents,
	.read = faulty_read,
	.pread = faulty_pread,
	.write = faulty_write,
	.close = faulty_close,
	.replace_fd = faulty_replace_fd,
	.poll = faulty_poll,
	.eventfd = faulty_eventfd,
	.pidfd_open = faulty_pidfd_open,
	.pidfd_open_thread = faulty_pidfd_open_thread,
	.pidfd_alive = faulty_pidfd_alive,
	.pidfd_info = faulty_pidfd_info,
	.ns_owner = faulty_ns_owner,
	.epoll_create = faulty_epoll_create,
	.epoll_add = faulty_epoll_add,
	.epoll_delete = faulty_epoll_delete,
	.epoll_wait = faulty_epoll_wait,
	.epoll_arm = faulty_epoll_arm,
	.memory_create = faulty_memory_create,
	.memory_size = faulty_memory_size,
	.memory_map = faulty_memory_map,
	.memory_unmap = faulty_memory_unmap,
	.timer_create = faulty_timer_create,
	.timer_set = faulty_timer_set,
	.thread_create = faulty_thread_create,
};
