// SPDX-License-Identifier: MIT
/*
 * What the fake kernel's calls do. A walk knows whole paths only, and "." and "..".
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "fake_world.h"

static int new_text(const char *text)
{
	int fd = fake_new_fd(FAKE_TEXT, NULL);

	if (fd >= 0)
		snprintf(fake_get(fd)->text, sizeof(fake_get(fd)->text), "%s", text);
	return fd;
}

static int fake_fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
	int err = fake_enter("fanotify_init", -1);

	(void)event_f_flags;
	/* It asks for permission, and tells of nothing else. */
	if (!err && (flags & FAN_REPORT_FID))
		err = -EINVAL;
	if (!err) {
		cr_assert_lt(fake.group_count, FAKE_GROUPS_MAX);
		err = fake_new_fd(FAKE_GROUP, NULL);
		fake_get(err)->group = fake.group_count++;
	}
	return (int)fake_leave(err);
}

/* The file behind "self/fd/N" as seen from /proc. */
static struct fake_file *linked_file(int dirfd, const char *path)
{
	struct fake_fd *proc = fake_get(dirfd), *place;
	int fd;

	if (!proc || proc->kind != FAKE_PLACE || proc->file || !path ||
	    sscanf(path, "self/fd/%d", &fd) != 1)
		return NULL;
	place = fake_get(fd);
	return place && place->kind == FAKE_PLACE ? place->file : NULL;
}

static int fake_fanotify_mark(int group, unsigned int flags, uint64_t mask, int dirfd,
			      const char *path)
{
	int err = fake_enter("fanotify_mark", dirfd);
	struct fake_file *file = linked_file(dirfd, path);
	struct fake_fd *open = fake_get(group);

	if (!err && (!open || open->kind != FAKE_GROUP || dirfd == -1))
		err = -EBADF;
	else if (!err && (flags & FAN_MARK_FLUSH) && open->group)
		for (size_t i = 0; i < fake.file_count; i++)
			fake.files[i].ignored = 0;
	else if (!err && !file)
		err = -ENOENT;
	else if (!err && (flags & FAN_MARK_IGNORE) && open->group)
		file->ignored |= mask;
	else if (!err && (flags & FAN_MARK_ADD))
		file->mark |= mask;
	else if (!err)
		file->mark &= ~mask;
	return (int)fake_leave(err);
}

static int open_in_proc(const char *path)
{
	int fd, pid;

	if (strcmp(path, "self/root") == 0)
		return fake_new_fd(FAKE_PLACE, fake_find_file("/"));
	if (sscanf(path, "self/fdinfo/%d", &fd) == 1 && fake_get(fd) &&
	    fake_get(fd)->file) {
		char text[128];

		snprintf(text, sizeof(text),
			 "pos:\t0\nflags:\t0\nmnt_id:\t%llu\nino:\t7\n",
			 (unsigned long long)fake_get(fd)->file->mount_id);
		return new_text(text);
	}
	if (sscanf(path, "%d/", &pid) != 1)
		return -ENOENT;
	for (size_t i = 0; i < fake.process_count; i++) {
		if (fake.pids[i] != pid)
			continue;
		return strstr(path, "/root")
			       ? fake_new_fd(FAKE_PLACE, fake_find_file("/"))
			       : new_text(fake.stats[i]);
	}
	return -ENOENT;
}

static int fake_openat(int dirfd, const char *path, int flags)
{
	int result = fake_enter("openat", dirfd);
	struct fake_fd *from = fake_get(dirfd);

	(void)flags;
	if (!result && dirfd == AT_FDCWD)
		result = fake_new_fd(FAKE_PLACE,
				     strcmp(path, "/proc") ? fake_find_file(path) : NULL);
	else if (!result && from && from->kind == FAKE_PLACE && !from->file)
		result = open_in_proc(path);
	else if (!result)
		result = -EBADF;
	return (int)fake_leave(result);
}

/* The fake has no links and no "..", but as a whole path. */
static struct fake_file *walk(const struct fake_file *from, const char *path)
{
	char joined[512];
	char *slash;

	if (strcmp(path, ".") == 0)
		return fake_find_file(from->path);
	snprintf(joined, sizeof(joined), "%s", from->path);
	if (strcmp(path, "..") == 0) {
		slash = strrchr(joined, '/');
		slash[slash == joined ? 1 : 0] = '\0';
		return fake_find_file(joined);
	}
	path += path[0] == '/';
	snprintf(joined, sizeof(joined), "%s/%s",
		 strcmp(from->path, "/") == 0 ? "" : from->path, path);
	return fake_find_file(path[0] ? joined : from->path);
}

static int fake_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int result = fake_enter("openat2", dirfd);
	struct fake_fd *from = fake_get(dirfd);
	struct fake_file *file = NULL;

	if (!result && from && from->kind == FAKE_PLACE && from->file)
		file = walk(from->file, path);
	else if (!result)
		result = -EBADF;
	if (!result && !file)
		result = -ENOENT;
	else if (!result && (how->resolve & RESOLVE_NO_XDEV) &&
		 file->mount_id != from->file->mount_id)
		result = -EXDEV;
	return (int)fake_leave(result ? result : fake_new_fd(FAKE_PLACE, file));
}

static bool is_mount_root(const struct fake_file *file)
{
	const struct fake_file *above;

	if (file->path[0] != '/') /* of no file system that anybody sees */
		return false;
	above = walk(file, "..");
	return !above || above == file || above->mount_id != file->mount_id;
}

static int fake_statx(int dirfd, const char *path, int flags, unsigned int mask,
		      struct statx *ret)
{
	int err = fake_enter("statx", dirfd);
	struct fake_fd *place = fake_get(dirfd);

	if (!err && (!place || !place->file || path[0] || !(flags & AT_EMPTY_PATH)))
		err = -EBADF;
	if (!err)
		*ret = (struct statx){
			.stx_mask = place->file->birth_time_ns ? mask
							       : mask & ~STATX_BTIME,
			.stx_btime.tv_sec = place->file->birth_time_ns / 1000000000,
			.stx_btime.tv_nsec =
				(uint32_t)(place->file->birth_time_ns % 1000000000),
			.stx_dev_major = major(place->file->device),
			.stx_dev_minor = minor(place->file->device),
			.stx_ino = place->file->number,
			.stx_nlink = place->file->links,
			.stx_mode = place->file->mode,
			.stx_mnt_id = place->file->mount_id,
			.stx_attributes =
				is_mount_root(place->file) ? STATX_ATTR_MOUNT_ROOT : 0,
			.stx_ctime.tv_sec = place->file->change_time_ns / 1000000000,
			.stx_ctime.tv_nsec =
				(uint32_t)(place->file->change_time_ns % 1000000000),
		};
	return (int)fake_leave(err);
}

static ssize_t fake_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	long result = fake_enter("readlinkat", dirfd);
	const struct fake_file *file = linked_file(dirfd, path);
	char text[8192];
	int length;

	if (result || !file)
		return fake_leave(result ? result : -ENOENT);
	length = snprintf(text, sizeof(text), "%s%s", file->path,
			  file->links ? "" : " (deleted)");
	if ((size_t)length > size)
		length = (int)size;
	memcpy(buf, text, (size_t)length);
	return fake_leave(length);
}

static int fake_fs_type(int fd, uint64_t *ret)
{
	int err = fake_enter("fs_type", fd);
	struct fake_fd *place = fake_get(fd);

	if (!err && (!place || !place->file))
		err = -EBADF;
	if (!err)
		*ret = place->file->fs_type;
	return (int)fake_leave(err);
}

static int fake_fs_id(int fd, uint64_t *ret)
{
	int err = fake_enter("fs_id", fd);
	struct fake_fd *place = fake_get(fd);

	if (!err && (!place || !place->file))
		err = -EBADF;
	if (!err)
		*ret = place->file->device;
	return (int)fake_leave(err);
}

/* A file's handle is its number. */
static int fake_name_to_handle(int dirfd, const char *path, struct file_handle *ret,
			       int flags)
{
	int err = fake_enter("name_to_handle", dirfd);
	struct fake_fd *place = fake_get(dirfd);
	const struct fake_file *file = NULL;

	if (!err && (!place || !place->file))
		err = -EBADF;
	else if (!err)
		file = path[0] ? walk(place->file, path) : place->file;
	if (!err && !path[0] && !(flags & AT_EMPTY_PATH))
		err = -ENOENT;
	if (!err && !file)
		err = -ENOENT;
	if (!err && ret->handle_bytes < sizeof(file->number))
		err = -EOVERFLOW;
	if (!err) {
		ret->handle_bytes = sizeof(file->number);
		ret->handle_type = 1;
		memcpy(ret->f_handle, &file->number, sizeof(file->number));
	}
	return (int)fake_leave(err);
}

static int fake_queued_bytes(int fd, uint64_t *ret)
{
	int err = fake_enter("queued_bytes", fd);
	struct fake_fd *open = fake_get(fd);
	const struct fake_queue *queue;

	if (!err && (!open || open->kind != FAKE_GROUP))
		err = -ENOTTY;
	if (err)
		return (int)fake_leave(err);
	queue = &fake.queues[open->group];
	*ret = 0;
	for (size_t i = queue->first; i != queue->end; i++)
		*ret += queue->reads[i % FAKE_READS_MAX].length;
	return (int)fake_leave(0);
}

static ssize_t fake_getdents(int fd, void *buf, size_t size)
{
	(void)buf;
	(void)size;
	return fake_leave(fake_enter("getdents", fd));
}

static long read_group(struct fake_queue *queue, char *buf, size_t size)
{
	struct fake_read *next = &queue->reads[queue->first % FAKE_READS_MAX];

	if (queue->first == queue->end)
		return -EAGAIN;
	queue->first++;
	if (next->error)
		return next->error;
	cr_assert_leq(next->length, size);
	memcpy(buf, next->bytes, next->length);
	return (long)next->length;
}

static ssize_t fake_read(int fd, void *buf, size_t size)
{
	long result = fake_enter("read", fd);
	struct fake_fd *open = fake_get(fd);

	if (result || !open)
		return fake_leave(result ? result : -EBADF);
	if (open->kind == FAKE_GROUP) {
		result = read_group(&fake.queues[open->group], buf, size);
	} else if (open->kind == FAKE_EVENTFD) {
		result = open->counter ? 8 : -EAGAIN;
		memcpy(buf, &open->counter, 8);
		open->counter = 0;
	} else if (open->kind == FAKE_TEXT) {
		result = (long)strnlen(open->text, size);
		memcpy(buf, open->text, (size_t)result);
		memmove(open->text, open->text + result,
			sizeof(open->text) - (size_t)result);
	} else {
		result = -EINVAL;
	}
	return fake_leave(result);
}

/* The whole text, again and again. */
static ssize_t fake_pread(int fd, void *buf, size_t size, int64_t offset)
{
	long result = fake_enter("pread", fd);
	struct fake_fd *open = fake_get(fd);

	if (!result && (!open || open->kind != FAKE_TEXT || offset))
		result = -EBADF;
	if (!result) {
		result = (long)strnlen(open->text, size);
		memcpy(buf, open->text, (size_t)result);
	}
	return fake_leave(result);
}

static ssize_t fake_write(int fd, const void *buf, size_t size)
{
	long result = fake_enter("write", fd);
	struct fake_fd *open = fake_get(fd);
	struct fanotify_response response;
	uint64_t amount;

	if (result || !open)
		return fake_leave(result ? result : -EBADF);
	if (open->kind == FAKE_EVENTFD) {
		memcpy(&amount, buf, sizeof(amount));
		open->counter += amount;
		return fake_leave((long)size);
	}
	if (open->kind != FAKE_GROUP || size != sizeof(response))
		return fake_leave(-EINVAL);
	memcpy(&response, buf, sizeof(response));
	if (!fake_get(response.fd) || fake_get(response.fd)->answer ||
	    fake_get(response.fd)->group != open->group)
		return fake_leave(-ENOENT);
	fake_get(response.fd)->answer = response.response;
	return fake_leave((long)size);
}

static int fake_close(int fd)
{
	int err = fake_enter("close", fd);
	struct fake_fd *open = fake_get(fd);

	if (!open) {
		fake.wrong_closes++;
		return (int)fake_leave(-EBADF);
	}
	open->kind = FAKE_CLOSED;
	return (int)fake_leave(err);
}

static int fake_replace_fd(int from, int to)
{
	int err = fake_enter("replace_fd", from);

	if (!err && (!fake_get(from) || !fake_get(to)))
		err = -EBADF;
	if (!err)
		*fake_get(to) = *fake_get(from);
	return (int)fake_leave(err ? err : to);
}

static bool is_readable(int fd)
{
	const struct fake_fd *open = fake_get(fd);

	if (!open)
		return true;
	for (int i = FAKE_FIRST_FD; open->kind == FAKE_EPOLL && fake_in_use(i); i++)
		if (fake_get(i) && fake_get(i)->epoll == fd && fake_get(i)->counter > 0)
			return true;
	return open->kind == FAKE_GROUP
		       ? fake.queues[open->group].first != fake.queues[open->group].end
		       : open->counter > 0;
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
	int result = fake_enter("poll", fds[0].fd);
	struct timespec end = fake_deadline(timeout_ns < 0 ? FAKE_PATIENCE_NS
							   : timeout_ns);
	bool late = result < 0;

	while (!late && (result = count_readable(fds, count)) == 0) {
		fake.responder_waits |= count > 1 && timeout_ns < 0;
		late = !fake_wait(&end);
	}
	if (count > 1)
		fake.responder_waits = false;
	if (result == 0 && timeout_ns < 0)
		result = -ETIME; /* it would have waited for ever */
	return (int)fake_leave(result);
}

static int fake_eventfd(unsigned int initial, int flags)
{
	int err = fake_enter("eventfd", -1);

	(void)initial;
	(void)flags;
	return (int)fake_leave(err ? err : fake_new_fd(FAKE_EVENTFD, NULL));
}

const struct janus__kernel fake_kernel = {
	.fanotify_init = fake_fanotify_init,
	.fanotify_mark = fake_fanotify_mark,
	.openat = fake_openat,
	.openat2 = fake_openat2,
	.statx = fake_statx,
	.readlinkat = fake_readlinkat,
	.fs_type = fake_fs_type,
	.fs_id = fake_fs_id,
	.name_to_handle = fake_name_to_handle,
	.queued_bytes = fake_queued_bytes,
	.getdents = fake_getdents,
	.read = fake_read,
	.pread = fake_pread,
	.write = fake_write,
	.close = fake_close,
	.replace_fd = fake_replace_fd,
	.poll = fake_poll,
	.eventfd = fake_eventfd,
	.pidfd_open = fake_pidfd_open,
	.pidfd_open_thread = fake_pidfd_open_thread,
	.pidfd_alive = fake_pidfd_alive,
	.pidfd_info = fake_pidfd_info,
	.ns_owner = fake_ns_owner,
	.epoll_create = fake_epoll_create,
	.epoll_add = fake_epoll_add,
	.epoll_delete = fake_epoll_delete,
	.epoll_wait = fake_epoll_wait,
	.timer_create = fake_timer_create,
	.timer_set = fake_timer_set,
	.thread_create = fake_thread_create,
};
