// SPDX-License-Identifier: MIT
/*
 * The real kernel behind the seam. One line of work a call: no retry, no policy, no state.
 */
#include "kernel.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* errno belongs to the embedding program: put it back, hand the error on as a value. */
#define RETURN_RESULT(call)                                                              \
	do {                                                                             \
		int saved_errno = errno;                                                 \
		long result = (call);                                                    \
		if (result < 0)                                                          \
			result = -errno;                                                 \
		errno = saved_errno;                                                     \
		return result;                                                           \
	} while (0)

static int linux_fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
	RETURN_RESULT(fanotify_init(flags, event_f_flags));
}

static int linux_fanotify_mark(int group, unsigned int flags, uint64_t mask, int dirfd,
			       const char *path)
{
	RETURN_RESULT(fanotify_mark(group, flags, mask, dirfd, path));
}

static int linux_openat(int dirfd, const char *path, int flags)
{
	RETURN_RESULT(openat(dirfd, path, flags));
}

static int linux_openat2(int dirfd, const char *path, const struct open_how *how)
{
	RETURN_RESULT(syscall(SYS_openat2, dirfd, path, how, sizeof(*how)));
}

static int linux_statx(int dirfd, const char *path, int flags, unsigned int mask,
		       struct statx *ret)
{
	RETURN_RESULT(statx(dirfd, path, flags, mask, ret));
}

static ssize_t linux_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	RETURN_RESULT(readlinkat(dirfd, path, buf, size));
}

/* The magic number of the filesystem that @fd lies on. */
static int linux_fs_type(int fd, uint64_t *ret)
{
	int saved_errno = errno;
	struct statfs fs;
	int err = fstatfs(fd, &fs) < 0 ? -errno : 0;

	errno = saved_errno;
	if (err == 0)
		*ret = (uint64_t)fs.f_type;
	return err;
}

/* The number of the filesystem that @fd lies on, as in the kernel's events. */
static int linux_fs_id(int fd, uint64_t *ret)
{
	int saved_errno = errno;
	struct statfs fs;
	int err = fstatfs(fd, &fs) < 0 ? -errno : 0;

	errno = saved_errno;
	if (err == 0)
		memcpy(ret, &fs.f_fsid, sizeof(*ret));
	return err;
}

/* The number of the mount is not asked for: an fd that needs it has its fdinfo. */
static int linux_name_to_handle(int dirfd, const char *path, struct file_handle *ret,
				int flags)
{
	int mount_id;

	RETURN_RESULT(name_to_handle_at(dirfd, path, ret, &mount_id, flags));
}

/* How much could be read from @fd now. */
static int linux_queued_bytes(int fd, uint64_t *ret)
{
	int saved_errno = errno;
	int bytes = 0;
	int err = ioctl(fd, FIONREAD, &bytes) < 0 ? -errno : 0;

	errno = saved_errno;
	if (err == 0)
		*ret = (uint64_t)bytes;
	return err;
}

static ssize_t linux_getdents(int fd, void *buf, size_t size)
{
	RETURN_RESULT(syscall(SYS_getdents64, fd, buf, size));
}

static ssize_t linux_read(int fd, void *buf, size_t size)
{
	RETURN_RESULT(read(fd, buf, size));
}

static ssize_t linux_pread(int fd, void *buf, size_t size, int64_t offset)
{
	RETURN_RESULT(pread(fd, buf, size, offset));
}

static ssize_t linux_write(int fd, const void *buf, size_t size)
{
	RETURN_RESULT(write(fd, buf, size));
}

static int linux_close(int fd)
{
	RETURN_RESULT(close(fd));
}

/* @to becomes what @from is, in one step; what it was before is closed. */
static int linux_replace_fd(int from, int to)
{
	RETURN_RESULT(dup3(from, to, O_CLOEXEC));
}

static int linux_poll(struct pollfd *fds, size_t count, int64_t timeout_ns)
{
	struct timespec timeout = {
		.tv_sec = timeout_ns / 1000000000,
		.tv_nsec = timeout_ns % 1000000000,
	};

	RETURN_RESULT(ppoll(fds, count, timeout_ns < 0 ? NULL : &timeout, NULL));
}

static int linux_eventfd(unsigned int initial, int flags)
{
	RETURN_RESULT(eventfd(initial, flags));
}

static int linux_pidfd_open(int32_t pid)
{
	RETURN_RESULT(syscall(SYS_pidfd_open, pid, 0));
}

/* PIDFD_THREAD, since 6.9. */
static int linux_pidfd_open_thread(int32_t tid)
{
	RETURN_RESULT(syscall(SYS_pidfd_open, tid, O_EXCL));
}

/*
 * 0 while the process behind @pidfd lives, -ESRCH afterwards. One of another user, which could not
 * be sent a signal without CAP_KILL, lives: the kernel has found it, and refuses.
 */
static int linux_pidfd_alive(int pidfd)
{
	if (!syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) || errno == EPERM)
		return 0;
	return -errno;
}

/* What linux/pidfd.h has since 6.13, in the size that it had then. */
struct pidfd_info_v0 {
	uint64_t mask;
	uint64_t cgroup_number;
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	uint32_t spare;
};

#define PIDFD_INFO_PID_CREDS_CGROUP 7u
#define PIDFD_GET_INFO_V0 _IOWR(0xff, 11, struct pidfd_info_v0)

/* -ESRCH: it is gone; other errors: this kernel does not tell all of it. */
static int linux_pidfd_info(int pidfd, struct janus__pidfd_info *ret)
{
	struct pidfd_info_v0 info = { .mask = PIDFD_INFO_PID_CREDS_CGROUP };
	int saved_errno = errno;
	int err = ioctl(pidfd, PIDFD_GET_INFO_V0, &info) < 0 ? -errno : 0;

	errno = saved_errno;
	if (err)
		return err;
	if ((info.mask & PIDFD_INFO_PID_CREDS_CGROUP) != PIDFD_INFO_PID_CREDS_CGROUP)
		return -ENODATA;
	*ret = (struct janus__pidfd_info){
		.parent_pid = (int32_t)info.ppid,
		.uid = info.euid,
		.gid = info.egid,
		.cgroup_number = info.cgroup_number,
	};
	return 0;
}

/* The user who owns a user namespace. */
static int linux_ns_owner(int fd, uint32_t *ret)
{
	int saved_errno = errno;
	uid_t owner;
	int err = ioctl(fd, NS_GET_OWNER_UID, &owner) < 0 ? -errno : 0;

	errno = saved_errno;
	if (!err)
		*ret = owner;
	return err;
}

static int linux_epoll_create(void)
{
	RETURN_RESULT(epoll_create1(EPOLL_CLOEXEC));
}

static int linux_epoll_add(int epoll, int fd, void *data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

	RETURN_RESULT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static int linux_epoll_delete(int epoll, int fd)
{
	RETURN_RESULT(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
}

/* Let an fd that is in it, or is put into it, be readable there once more. */
static int linux_epoll_arm(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int saved_errno = errno;
	int err = epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;

	if (err == -ENOENT)
		err = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
	errno = saved_errno;
	return err;
}

/* The data of up to @count fds that are readable now; waits for nothing. */
static int linux_epoll_wait(int epoll, void **ret, int count)
{
	struct epoll_event events[64];
	int saved_errno = errno;
	int found = epoll_wait(epoll, events, count < 64 ? count : 64, 0);

	if (found < 0)
		found = -errno;
	errno = saved_errno;
	for (int i = 0; i < found; i++)
		ret[i] = events[i].data.ptr;
	return found;
}

static int linux_timer_create(void)
{
	RETURN_RESULT(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

/* Readable from then on, by CLOCK_MONOTONIC; 0: never. */
static int linux_timer_set(int timer, int64_t when_ns)
{
	const struct itimerspec when = {
		.it_value.tv_sec = when_ns / 1000000000,
		.it_value.tv_nsec = when_ns % 1000000000,
	};

	RETURN_RESULT(timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL));
}

/* Memory that is an fd, so that another process can have it, too; all 0. */
static int linux_memory_create(size_t size)
{
	int saved_errno = errno;
	int fd = memfd_create("janus-ledger", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = fd < 0 ? -errno : 0;

	/* Nobody can cut it under the feet of those who have it mapped. */
	if (!err && (ftruncate(fd, (off_t)size) < 0 ||
		     fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0))
		err = -errno;
	if (err && fd >= 0)
		close(fd);
	errno = saved_errno;
	return err ? err : fd;
}

/* -EINVAL: it is no such memory. */
static int linux_memory_size(int fd, uint64_t *ret)
{
	int saved_errno = errno;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	int err = fstat(fd, &st) < 0 ? -errno : 0;

	errno = saved_errno;
	if (err)
		return err;
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EINVAL;
	*ret = (uint64_t)st.st_size;
	return 0;
}

static int linux_memory_map(int fd, size_t size, void **ret)
{
	int saved_errno = errno;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int err = memory == MAP_FAILED ? -errno : 0;

	errno = saved_errno;
	if (!err)
		*ret = memory;
	return err;
}

static void linux_memory_unmap(void *memory, size_t size)
{
	munmap(memory, size);
}

/*
 * The new thread blocks every signal: they are the embedding program's. Its name is for whoever
 * looks at it, such as with ps -L.
 */
static int linux_thread_create(void *thread, const char *name, void *(*run)(void *),
			       void *arg)
{
	sigset_t all, saved;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	err = pthread_create(thread, NULL, run, arg);
	if (!err)
		(void)pthread_setname_np(*(pthread_t *)thread, name);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	return -err;
}

const struct janus__kernel janus__kernel_linux = {
	.fanotify_init = linux_fanotify_init,
	.fanotify_mark = linux_fanotify_mark,
	.openat = linux_openat,
	.openat2 = linux_openat2,
	.statx = linux_statx,
	.readlinkat = linux_readlinkat,
	.fs_type = linux_fs_type,
	.fs_id = linux_fs_id,
	.name_to_handle = linux_name_to_handle,
	.queued_bytes = linux_queued_bytes,
	.getdents = linux_getdents,
	.read = linux_read,
	.pread = linux_pread,
	.write = linux_write,
	.close = linux_close,
	.replace_fd = linux_replace_fd,
	.poll = linux_poll,
	.eventfd = linux_eventfd,
	.pidfd_open = linux_pidfd_open,
	.pidfd_open_thread = linux_pidfd_open_thread,
	.pidfd_alive = linux_pidfd_alive,
	.pidfd_info = linux_pidfd_info,
	.ns_owner = linux_ns_owner,
	.epoll_create = linux_epoll_create,
	.epoll_add = linux_epoll_add,
	.epoll_delete = linux_epoll_delete,
	.epoll_wait = linux_epoll_wait,
	.epoll_arm = linux_epoll_arm,
	.timer_create = linux_timer_create,
	.timer_set = linux_timer_set,
	.memory_create = linux_memory_create,
	.memory_size = linux_memory_size,
	.memory_map = linux_memory_map,
	.memory_unmap = linux_memory_unmap,
	.thread_create = linux_thread_create,
};
