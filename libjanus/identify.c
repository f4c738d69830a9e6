// SPDX-License-Identifier: MIT
/*
 * Owns how a file is told from another: by device, inode and mount, never by the text of a
 * path alone, for a container can call any file by any name.
 */
#include "identify.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util.h"

static const struct {
	uint64_t magic;
	enum janus__filesystem kind;
} filesystems[] = {
	{ 0x794c7630, JANUS__FILESYSTEM_OVERLAY },
	{ 0x65735546, JANUS__FILESYSTEM_STALLING }, /* fuse */
	{ 0x6969, JANUS__FILESYSTEM_STALLING },     /* nfs */
	{ 0x01021997, JANUS__FILESYSTEM_STALLING }, /* 9p */
	{ 0x517b, JANUS__FILESYSTEM_STALLING },     /* smb */
	{ 0xff534d42, JANUS__FILESYSTEM_STALLING }, /* cifs */
	{ 0xfe534d42, JANUS__FILESYSTEM_STALLING }, /* smb2 */
	{ 0x00c36400, JANUS__FILESYSTEM_STALLING }, /* ceph */
	{ 0x6b414653, JANUS__FILESYSTEM_STALLING }, /* afs */
	{ 0x5346414f, JANUS__FILESYSTEM_STALLING }, /* afs, the older one */
	{ 0x73757245, JANUS__FILESYSTEM_STALLING }, /* coda */
	{ 0x0187, JANUS__FILESYSTEM_STALLING },     /* autofs */
};

/* A file that is being moved about may need a second look. */
#define LOOKS_MAX 3

/* Longer than the clock of a file system stands still, unless it counts whole seconds. */
#define CLOCK_GRAIN_NS 50000000

static int64_t to_ns(struct statx_timestamp time)
{
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

int janus__identify_file(const struct janus__kernel *kernel, int fd,
			 struct janus__file *ret)
{
	const unsigned int wanted = STATX_TYPE | STATX_INO | STATX_NLINK | STATX_CTIME |
				    STATX_MNT_ID | STATX_BTIME;
	struct statx stx;
	int err = kernel->statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, wanted, &stx);

	if (err < 0)
		return err;
	*ret = (struct janus__file){
		.inode.device = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.inode.number = stx.stx_ino,
		.mount_id = stx.stx_mnt_id,
		.change_time_ns = to_ns(stx.stx_ctime),
		.birth_time_ns = stx.stx_mask & STATX_BTIME ? to_ns(stx.stx_btime) : 0,
		.links = stx.stx_nlink,
		.type = stx.stx_mode & S_IFMT,
		.directory = S_ISDIR(stx.stx_mode),
		.mount_root = (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0,
	};
	return 0;
}

ssize_t janus__identify_path(const struct janus__proc *proc, int fd,
			     const struct janus__file *file, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	const size_t deleted_length = sizeof(deleted) - 1;
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	length = proc->kernel->readlinkat(proc->fd, link, buf, size);
	if (length < 0)
		return length;
	if ((size_t)length == size)
		return -ENAMETOOLONG;
	buf[length] = '\0';
	if (file->links == 0 && (size_t)length > deleted_length &&
	    strcmp(buf + (size_t)length - deleted_length, deleted) == 0) {
		length -= (ssize_t)deleted_length;
		buf[length] = '\0';
	}
	return length;
}

enum janus__filesystem janus__identify_filesystem(const struct janus__kernel *kernel,
						  int fd)
{
	uint64_t magic;

	if (kernel->fs_type(fd, &magic) < 0)
		return JANUS__FILESYSTEM_PLAIN;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(filesystems); i++)
		if (filesystems[i].magic == magic)
			return filesystems[i].kind;
	return JANUS__FILESYSTEM_PLAIN;
}

/*
 * Walks of the responder must not wait for anybody: a container can mount a FUSE of its own
 * that never answers, and bind a guarded directory below it. So a walk goes through what the
 * kernel has in memory or not at all, and an fd that a walk led to is not even looked at
 * before it is known to lie on the mount of the file that was opened.
 */
static int walk(const struct janus__kernel *kernel, int from, const char *path,
		uint64_t resolve)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS | resolve,
	};

	return kernel->openat2(from, path, &how);
}

/* The number behind a key that a line begins with. */
static bool find_number(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);

	while (strncmp(text, key, length) != 0) {
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
	*ret = strtoull(text + length, NULL, 10);
	return true;
}

int janus__identify_fdinfo(const struct janus__proc *proc, int fd,
			   struct janus__fdinfo *ret)
{
	char name[32], text[256];
	janus__autoclose struct janus__fd info = { .kernel = proc->kernel, .fd = -1 };
	ssize_t length;

	snprintf(name, sizeof(name), "self/fdinfo/%d", fd);
	info.fd = proc->kernel->openat(proc->fd, name, O_RDONLY | O_CLOEXEC);
	if (info.fd < 0)
		return info.fd;
	length = proc->kernel->read(info.fd, text, sizeof(text) - 1);
	if (length < 0)
		return (int)length;
	text[length] = '\0';
	if (!find_number(text, "mnt_id:", &ret->mount_id) ||
	    !find_number(text, "ino:", &ret->inode_number))
		return -EBADMSG;
	return 0;
}

/* Where a directory lies it knows itself. The root of a mount lies nowhere. Returns an fd. */
static int parent_of_directory(const struct janus__proc *proc,
			       const struct janus__waiting *waiting,
			       struct janus__file *ret)
{
	janus__autoclose struct janus__fd parent = {
		.kernel = proc->kernel,
		.fd = walk(proc->kernel, waiting->fd, "..", RESOLVE_NO_XDEV),
	};
	int err = parent.fd;

	if (err >= 0)
		err = janus__identify_file(proc->kernel, parent.fd, ret);
	return err < 0 ? err : janus__fd_steal(&parent);
}

/* Whether @name in the directory is the waiting file, and not another one by now. */
static bool is_entry(const struct janus__kernel *kernel, int directory, const char *name,
		     const struct janus__file *file)
{
	struct janus__file entry;
	janus__autoclose struct janus__fd fd = { .kernel = kernel, .fd = -1 };

	if (file->links == 0) /* it has no entry any more */
		return true;
	fd.fd = walk(kernel, directory, name, RESOLVE_NO_XDEV);
	return fd.fd >= 0 && janus__identify_file(kernel, fd.fd, &entry) == 0 &&
	       entry.inode.number == file->inode.number &&
	       entry.inode.device == file->inode.device;
}

/*
 * Walk from a root to the directory part of @path, and look for the file in it. Returns an fd
 * of the directory.
 */
static int parent_under(const struct janus__proc *proc, int root, char *path,
			const struct janus__file *file, struct janus__file *ret)
{
	char *slash = strrchr(path, '/');
	janus__autoclose struct janus__fd directory = { .kernel = proc->kernel,
							.fd = -1 };
	struct janus__fdinfo info;
	int err;

	*slash = '\0';
	directory.fd = walk(proc->kernel, root, slash == path ? "." : path + 1, 0);
	*slash = '/';
	if (directory.fd < 0)
		return directory.fd;
	/* The root of a mount shows the path it is mounted on, not what holds the file. */
	err = janus__identify_fdinfo(proc, directory.fd, &info);
	if (err < 0 || info.mount_id != file->mount_id)
		return err < 0 ? err : -ENOENT;
	err = janus__identify_file(proc->kernel, directory.fd, ret);
	if (err < 0)
		return err;
	if (!is_entry(proc->kernel, directory.fd, slash + 1, file))
		return -ENOENT;
	return janus__fd_steal(&directory);
}

struct root {
	const struct janus__proc *proc;
	const char *link; /* in /proc */
	int fd;
};

/*
 * The root of who has only changed it (chroot) lies deeper than that of its mounts, and paths
 * tell the way from there, if it is none that leads through ours.
 */
static int parent_under_name(const struct root *from, char *path,
			     const struct janus__file *file, struct janus__file *ret)
{
	char name[PATH_MAX];
	ssize_t length = from->proc->kernel->readlinkat(from->proc->fd, from->link, name,
							sizeof(name));

	if (length <= 1 || (size_t)length == sizeof(name) ||
	    strncmp(path, name, (size_t)length) != 0 || path[length] != '/')
		return -ENOENT;
	return parent_under(from->proc, from->fd, path + length, file, ret);
}

/* The path leads to the file from the opener's root, or from ours. */
static int parent_of_path(const struct janus__proc *proc,
			  const struct janus__waiting *waiting, char *path,
			  struct janus__file *ret)
{
	char opener[32];
	const char *roots[] = { opener, "self/root" };
	int err = -ENOENT;

	snprintf(opener, sizeof(opener), "%d/root", waiting->pid);
	for (size_t i = waiting->pid > 0 ? 0 : 1; i < 2; i++) {
		janus__autoclose struct janus__fd root = {
			.kernel = proc->kernel,
			.fd = proc->kernel->openat(proc->fd, roots[i],
						   O_PATH | O_DIRECTORY | O_CLOEXEC),
		};

		if (root.fd < 0)
			continue;
		err = parent_under(proc, root.fd, path, waiting->file, ret);
		if (err < 0)
			err = parent_under_name(&(struct root){ proc, roots[i], root.fd },
						path, waiting->file, ret);
		if (err >= 0)
			return err;
	}
	return err;
}

int janus__identify_parent_open(const struct janus__proc *proc,
				const struct janus__waiting *waiting,
				struct janus__file *ret)
{
	char path[PATH_MAX];
	int err = -ENOENT;

	if (waiting->file->directory)
		return parent_of_directory(proc, waiting, ret);
	for (int i = 0; i < LOOKS_MAX && err < 0; i++) {
		ssize_t length = janus__identify_path(proc, waiting->fd, waiting->file,
						      path, sizeof(path));

		if (length < 0)
			return (int)length;
		if (path[0] != '/')
			return -ENOENT;
		err = parent_of_path(proc, waiting, path, ret);
	}
	return err;
}

int janus__identify_parent_now(const struct janus__proc *proc,
			       const struct janus__waiting *waiting,
			       struct janus__file *ret)
{
	int fd = janus__identify_parent_open(proc, waiting, ret);

	if (fd < 0)
		return fd;
	proc->kernel->close(fd);
	return 0;
}

static struct janus__parent *slot_of(struct janus__parents *parents,
				     struct janus__inode child)
{
	uint64_t mixed = (child.number ^ (child.device << 32)) * 0x9e3779b97f4a7c15u;

	return &parents->slots[(mixed >> 32) & (JANUS__PARENTS_COUNT - 1)];
}

/*
 * A file with one link, and any directory, lies in one place, and cannot leave it without a
 * new change time. So one look is good until then, if the clock has ticked since the last
 * change: else a move that follows at once could bear the same time.
 */
static bool can_be_remembered(const struct janus__file *file)
{
	struct timespec now;

	if (!file->directory && file->links != 1)
		return false;
	if (file->change_time_ns % 1000000000 == 0)
		return false;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec - file->change_time_ns >
	       CLOCK_GRAIN_NS;
}

int janus__identify_parent(struct janus__parents *parents, const struct janus__proc *proc,
			   const struct janus__waiting *waiting, struct janus__seen *ret)
{
	const struct janus__file *file = waiting->file;
	struct janus__parent *slot = slot_of(parents, file->inode);
	bool remember = can_be_remembered(file);
	struct janus__file parent;
	int err;

	if (remember && slot->change_time_ns == file->change_time_ns &&
	    slot->child.number == file->inode.number &&
	    slot->child.device == file->inode.device) {
		*ret = slot->parent;
		return 0;
	}
	err = janus__identify_parent_now(proc, waiting, &parent);
	if (err < 0)
		return err;
	if (remember)
		*slot = (struct janus__parent){
			.child = file->inode,
			.change_time_ns = file->change_time_ns,
			.parent = janus__file_seen(&parent),
		};
	*ret = janus__file_seen(&parent);
	return 0;
}

int janus__identify_link(const struct janus__proc *proc, int fd)
{
	char link[32];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	return proc->kernel->openat(proc->fd, link, O_PATH | O_CLOEXEC);
}
