/* SPDX-License-Identifier: MIT */
/*
 * The seam to the kernel: every system call the library makes stands in this table, so that
 * tests can script events and fail the Nth call. Owns no fd.
 *
 * Each call returns what the system call returns, or a negative errno; errno is not touched
 * on the way. Constants that the build machine's headers lack are defined here.
 */
#ifndef JANUS_KERNEL_H
#define JANUS_KERNEL_H

#include <fcntl.h>
#include <linux/fanotify.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef FAN_REPORT_FD_ERROR
#define FAN_REPORT_FD_ERROR 0x00002000
#endif

#ifndef FAN_REPORT_MNT
#define FAN_REPORT_MNT 0x00004000
#define FAN_MARK_MNTNS 0x00000110
#define FAN_MNT_ATTACH 0x01000000
#define FAN_MNT_DETACH 0x02000000
#define FAN_EVENT_INFO_TYPE_MNT 7
#endif

/* Handles that need not lead back to their file; since 6.5. */
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID AT_REMOVEDIR
#endif

struct file_handle;
struct pollfd;
struct statx;

/* What the kernel tells of a living process through its pidfd. */
struct janus__pidfd_info {
	int32_t parent_pid; /* 0: none that can be seen */
	uint32_t uid;       /* effective, as is the next */
	uint32_t gid;
	uint64_t cgroup_number; /* cgroup v2 */
};

struct janus__kernel {
	int (*fanotify_init)(unsigned int flags, unsigned int event_f_flags);
	int (*fanotify_mark)(int group, unsigned int flags, uint64_t mask, int dirfd,
			     const char *path);
	int (*openat)(int dirfd, const char *path, int flags);
	int (*openat2)(int dirfd, const char *path, const struct open_how *how);
	int (*statx)(int dirfd, const char *path, int flags, unsigned int mask,
		     struct statx *ret);
	ssize_t (*readlinkat)(int dirfd, const char *path, char *buf, size_t size);
	int (*fs_type)(int fd, uint64_t *ret);
	int (*fs_id)(int fd, uint64_t *ret);
	int (*name_to_handle)(int dirfd, const char *path, struct file_handle *ret,
			      int flags);
	int (*queued_bytes)(int fd, uint64_t *ret);
	ssize_t (*getdents)(int fd, void *buf, size_t size);
	ssize_t (*read)(int fd, void *buf, size_t size);
	ssize_t (*pread)(int fd, void *buf, size_t size, int64_t offset);
	ssize_t (*write)(int fd, const void *buf, size_t size);
	int (*close)(int fd);
	int (*replace_fd)(int from, int to);
	int (*poll)(struct pollfd *fds, size_t count, int64_t timeout_ns);
	int (*eventfd)(unsigned int initial, int flags);
	int (*pidfd_open)(int32_t pid);
	int (*pidfd_open_thread)(int32_t tid);
	int (*pidfd_alive)(int pidfd);
	int (*pidfd_info)(int pidfd, struct janus__pidfd_info *ret);
	int (*ns_owner)(int fd, uint32_t *ret);
	int (*epoll_create)(void);
	int (*epoll_add)(int epoll, int fd, void *data);
	int (*epoll_delete)(int epoll, int fd);
	int (*epoll_arm)(int epoll, int fd);
	int (*epoll_wait)(int epoll, void **ret, int count);
	int (*timer_create)(void);
	int (*timer_set)(int timer, int64_t when_ns);
	int (*memory_create)(size_t size);
	int (*memory_size)(int fd, uint64_t *ret);
	int (*memory_map)(int fd, size_t size, void **ret);
	void (*memory_unmap)(void *memory, size_t size);
	int (*thread_create)(void *thread, const char *name, void *(*run)(void *),
			     void *arg);
};

/* The real one. */
extern const struct janus__kernel janus__kernel_linux;

/* An fd that is closed through the seam it came from when its scope ends. */
struct janus__fd {
	const struct janus__kernel *kernel;
	int fd;
};

static inline void janus__fd_done(struct janus__fd *f)
{
	if (f->fd >= 0)
		f->kernel->close(f->fd);
	f->fd = -1;
}

/* Give away what an autoclose variable holds. */
static inline int janus__fd_steal(struct janus__fd *f)
{
	int fd = f->fd;

	f->fd = -1;
	return fd;
}

#define janus__autoclose __attribute__((cleanup(janus__fd_done)))

#endif
