// SPDX-License-Identifier: MIT
#include "fake_kernel.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#define FIRST_FD 1000
#define FDS_MAX 8192
#define FILES_MAX 64
#define LOG_MAX 65536
#define READS_MAX 256
#define PROCESSES_MAX 8
#define PATIENCE_S 10

enum kind { CLOSED, PLACE, EVENTFD, GROUP, TEXT };

struct open_fd {
	enum kind kind;
	struct fake_file *file; /* of a PLACE; NULL: /proc */
	uint64_t counter;       /* of an EVENTFD */
	char text[128];         /* of a TEXT: what is still to be read */
	uint32_t answer;
};

struct call {
	const char *name;
	int fd;
};

/* What one read of the group gives. */
struct group_read {
	int error;
	size_t length;
	char bytes[64 * sizeof(struct fanotify_event_metadata)];
};

static struct {
	struct open_fd fds[FDS_MAX];
	int fd_count;
	struct fake_file files[FILES_MAX];
	size_t file_count;
	struct call log[LOG_MAX];
	size_t log_length;
	struct group_read reads[READS_MAX], ahead;
	size_t read_first, read_end;
	struct call failing, interrupted;
	int error;
	unsigned int times;
	void (*interrupt)(void);
	char stats[PROCESSES_MAX][128];
	int32_t pids[PROCESSES_MAX];
	size_t process_count;
	size_t wrong_closes;
	bool responder_waits, responder_gone;
} fake;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;

static struct timespec deadline(int64_t ns)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	ns += at.tv_nsec;
	at.tv_sec += ns / 1000000000;
	at.tv_nsec = ns % 1000000000;
	return at;
}

static bool matches(const struct call *wanted, const char *name, int fd)
{
	return wanted->name && strcmp(wanted->name, name) == 0 &&
	       (wanted->fd == -1 || wanted->fd == fd);
}

/* Every call begins here and goes on under the lock; negative: it fails with that. */
static int enter(const char *name, int fd)
{
	void (*interrupt)(void) = NULL;

	pthread_mutex_lock(&lock);
	if (matches(&fake.interrupted, name, fd)) {
		interrupt = fake.interrupt;
		fake.interrupted.name = NULL;
		pthread_mutex_unlock(&lock);
		interrupt();
		pthread_mutex_lock(&lock);
	}
	if (fake.log_length < LOG_MAX)
		fake.log[fake.log_length++] = (struct call){ name, fd };
	pthread_cond_broadcast(&changed);
	if (fake.times == 0 || !matches(&fake.failing, name, fd))
		return 0;
	fake.times--;
	return fake.error;
}

/* ... and ends here. */
static long leave(long result)
{
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return result;
}

static struct open_fd *get(int fd)
{
	int index = fd - FIRST_FD;

	if (index < 0 || index >= fake.fd_count || fake.fds[index].kind == CLOSED)
		return NULL;
	return &fake.fds[index];
}

static int new_fd(enum kind kind, struct fake_file *file)
{
	if (fake.fd_count == FDS_MAX)
		return -EMFILE;
	fake.fds[fake.fd_count] = (struct open_fd){ .kind = kind, .file = file };
	return FIRST_FD + fake.fd_count++;
}

static int new_text(const char *text)
{
	int fd = new_fd(TEXT, NULL);

	if (fd >= 0)
		snprintf(get(fd)->text, sizeof(get(fd)->text), "%s", text);
	return fd;
}

static struct fake_file *find_file(const char *path)
{
	for (size_t i = 0; i < fake.file_count; i++)
		if (strcmp(fake.files[i].path, path) == 0)
			return &fake.files[i];
	return NULL;
}

static int fake_fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
	int err = enter("fanotify_init", -1);

	(void)flags;
	(void)event_f_flags;
	return (int)leave(err ? err : new_fd(GROUP, NULL));
}

/* The file behind "self/fd/N" as seen from /proc. */
static struct fake_file *linked_file(int dirfd, const char *path)
{
	struct open_fd *proc = get(dirfd), *place;
	int fd;

	if (!proc || proc->kind != PLACE || proc->file || !path ||
	    sscanf(path, "self/fd/%d", &fd) != 1)
		return NULL;
	place = get(fd);
	return place && place->kind == PLACE ? place->file : NULL;
}

static int fake_fanotify_mark(int group, unsigned int flags, uint64_t mask, int dirfd,
			      const char *path)
{
	int err = enter("fanotify_mark", dirfd);
	struct fake_file *file = linked_file(dirfd, path);

	if (!err && (!get(group) || get(group)->kind != GROUP || dirfd == -1))
		err = -EBADF;
	else if (!err && !file)
		err = -ENOENT;
	else if (!err && (flags & FAN_MARK_ADD))
		file->mark |= mask;
	else if (!err)
		file->mark &= ~mask;
	return (int)leave(err);
}

static int open_in_proc(const char *path)
{
	int fd, pid;

	if (strcmp(path, "self/root") == 0)
		return new_fd(PLACE, find_file("/"));
	if (sscanf(path, "self/fdinfo/%d", &fd) == 1 && get(fd) && get(fd)->file) {
		char text[128];

		snprintf(text, sizeof(text), "pos:\t0\nflags:\t0\nmnt_id:\t%llu\nino:\t7\n",
			 (unsigned long long)get(fd)->file->mount_id);
		return new_text(text);
	}
	if (sscanf(path, "%d/", &pid) != 1)
		return -ENOENT;
	for (size_t i = 0; i < fake.process_count; i++) {
		if (fake.pids[i] != pid)
			continue;
		return strstr(path, "/root") ? new_fd(PLACE, find_file("/"))
					     : new_text(fake.stats[i]);
	}
	return -ENOENT;
}

static int fake_openat(int dirfd, const char *path, int flags)
{
	int result = enter("openat", dirfd);
	struct open_fd *from = get(dirfd);

	(void)flags;
	if (!result && dirfd == AT_FDCWD)
		result = new_fd(PLACE, strcmp(path, "/proc") ? find_file(path) : NULL);
	else if (!result && from && from->kind == PLACE && !from->file)
		result = open_in_proc(path);
	else if (!result)
		result = -EBADF;
	return (int)leave(result);
}

/* The fake has no links and no "..", but as a whole path. */
static struct fake_file *walk(const struct fake_file *from, const char *path)
{
	char joined[512];
	char *slash;

	if (strcmp(path, ".") == 0)
		return find_file(from->path);
	snprintf(joined, sizeof(joined), "%s", from->path);
	if (strcmp(path, "..") == 0) {
		slash = strrchr(joined, '/');
		slash[slash == joined ? 1 : 0] = '\0';
		return find_file(joined);
	}
	path += path[0] == '/';
	snprintf(joined, sizeof(joined), "%s/%s",
		 strcmp(from->path, "/") == 0 ? "" : from->path, path);
	return find_file(path[0] ? joined : from->path);
}

static int fake_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int result = enter("openat2", dirfd);
	struct open_fd *from = get(dirfd);
	struct fake_file *file = NULL;

	if (!result && from && from->kind == PLACE && from->file)
		file = walk(from->file, path);
	else if (!result)
		result = -EBADF;
	if (!result && !file)
		result = -ENOENT;
	else if (!result && (how->resolve & RESOLVE_NO_XDEV) &&
		 file->mount_id != from->file->mount_id)
		result = -EXDEV;
	return (int)leave(result ? result : new_fd(PLACE, file));
}

static int fake_statx(int dirfd, const char *path, int flags, unsigned int mask,
		      struct statx *ret)
{
	int err = enter("statx", dirfd);
	struct open_fd *place = get(dirfd);

	if (!err && (!place || !place->file || path[0] || !(flags & AT_EMPTY_PATH)))
		err = -EBADF;
	if (!err)
		*ret = (struct statx){
			.stx_mask = mask,
			.stx_dev_major = major(place->file->device),
			.stx_dev_minor = minor(place->file->device),
			.stx_ino = place->file->number,
			.stx_nlink = place->file->links,
			.stx_mode = place->file->mode,
			.stx_mnt_id = place->file->mount_id,
			.stx_ctime.tv_sec = place->file->change_time_ns / 1000000000,
			.stx_ctime.tv_nsec =
				(uint32_t)(place->file->change_time_ns % 1000000000),
		};
	return (int)leave(err);
}

static ssize_t fake_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	long result = enter("readlinkat", dirfd);
	const struct fake_file *file = linked_file(dirfd, path);
	char text[8192];
	int length;

	if (result || !file)
		return leave(result ? result : -ENOENT);
	length = snprintf(text, sizeof(text), "%s%s", file->path,
			  file->links ? "" : " (deleted)");
	if ((size_t)length > size)
		length = (int)size;
	memcpy(buf, text, (size_t)length);
	return leave(length);
}

static int fake_fs_type(int fd, uint64_t *ret)
{
	int err = enter("fs_type", fd);
	struct open_fd *place = get(fd);

	if (!err && (!place || !place->file))
		err = -EBADF;
	if (!err)
		*ret = place->file->fs_type;
	return (int)leave(err);
}

static ssize_t fake_getdents(int fd, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return leave(enter("getdents", fd));
}

static long read_group(char *buf, size_t size)
{
	struct group_read *next = &fake.reads[fake.read_first % READS_MAX];

	if (fake.read_first == fake.read_end)
		return -EAGAIN;
	fake.read_first++;
	if (next->error)
		return next->error;
	cr_assert_leq(next->length, size);
	memcpy(buf, next->bytes, next->length);
	return (long)next->length;
}

static ssize_t fake_read(int fd, void *buf, size_t size)
{
	long result = enter("read", fd);
	struct open_fd *open = get(fd);

	if (result || !open)
		return leave(result ? result : -EBADF);
	if (open->kind == GROUP) {
		result = read_group(buf, size);
	} else if (open->kind == EVENTFD) {
		result = open->counter ? 8 : -EAGAIN;
		memcpy(buf, &open->counter, 8);
		open->counter = 0;
	} else if (open->kind == TEXT) {
		result = (long)strnlen(open->text, size);
		memcpy(buf, open->text, (size_t)result);
		memmove(open->text, open->text + result,
			sizeof(open->text) - (size_t)result);
	} else {
		result = -EINVAL;
	}
	return leave(result);
}

static ssize_t fake_write(int fd, const void *buf, size_t size)
{
	long result = enter("write", fd);
	struct open_fd *open = get(fd);
	struct fanotify_response response;
	uint64_t amount;

	if (result || !open)
		return leave(result ? result : -EBADF);
	if (open->kind == EVENTFD) {
		memcpy(&amount, buf, sizeof(amount));
		open->counter += amount;
		return leave((long)size);
	}
	if (open->kind != GROUP || size != sizeof(response))
		return leave(-EINVAL);
	memcpy(&response, buf, sizeof(response));
	if (!get(response.fd) || get(response.fd)->answer)
		return leave(-ENOENT);
	get(response.fd)->answer = response.response;
	return leave((long)size);
}

static int fake_close(int fd)
{
	int err = enter("close", fd);
	struct open_fd *open = get(fd);

	if (!open) {
		fake.wrong_closes++;
		return (int)leave(-EBADF);
	}
	open->kind = CLOSED;
	return (int)leave(err);
}

static int fake_replace_fd(int from, int to)
{
	int err = enter("replace_fd", from);

	if (!err && (!get(from) || !get(to)))
		err = -EBADF;
	if (!err)
		*get(to) = *get(from);
	return (int)leave(err ? err : to);
}

static bool is_readable(int fd)
{
	const struct open_fd *open = get(fd);

	if (!open)
		return true;
	return open->kind == GROUP ? fake.read_first != fake.read_end : open->counter > 0;
}

static int count_readable(struct pollfd *fds, size_t count)
{
	int readable = 0;

	for (size_t i = 0; i < count; i++) {
		fds[i].revents = is_readable(fds[i].fd) ? POLLIN : 0;
		readable += fds[i].revents != 0;
	}
	return readable;
}

static int fake_poll(struct pollfd *fds, size_t count, int64_t timeout_ns)
{
	int result = enter("poll", fds[0].fd);
	struct timespec end =
		deadline(timeout_ns < 0 ? PATIENCE_S * 1000000000ll : timeout_ns);
	bool late = result < 0;

	while (!late && (result = count_readable(fds, count)) == 0) {
		fake.responder_waits |= count > 1;
		pthread_cond_broadcast(&changed);
		late = pthread_cond_timedwait(&changed, &lock, &end) == ETIMEDOUT;
	}
	if (count > 1)
		fake.responder_waits = false;
	return (int)leave(result);
}

static int fake_eventfd(unsigned int initial, int flags)
{
	int err = enter("eventfd", -1);

	(void)initial;
	(void)flags;
	return (int)leave(err ? err : new_fd(EVENTFD, NULL));
}

static int fake_pidfd_open(int32_t pid)
{
	int err = enter("pidfd_open", pid);

	return (int)leave(err ? err : new_fd(EVENTFD, NULL));
}

static int fake_pidfd_alive(int pidfd)
{
	return (int)leave(enter("pidfd_alive", pidfd));
}

static void *(*thread_run)(void *);

static void *run_thread(void *arg)
{
	void *ret = thread_run(arg);

	enter("thread_end", -1);
	fake.responder_gone = true;
	leave(0);
	return ret;
}

static int fake_thread_create(void *thread, void *(*run)(void *), void *arg)
{
	int err = enter("thread_create", -1);

	leave(0);
	thread_run = run;
	return err ? err : janus__kernel_linux.thread_create(thread, run_thread, arg);
}
