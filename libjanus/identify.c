// SPDX-License-Identifier: MIT
/*
 * Owns how a file is told from another: by device, inode and mount, never by the text of a
 * path alone, for a container can call any file by any name.
 */
#include "identify.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define OVERLAYFS_MAGIC 0x794c7630u

/* A file that is being moved about may need a second look. */
#define LOOKS_MAX 3

int janus__identify_file(const struct janus__kernel *kernel, int fd,
			 struct janus__file *ret)
{
	const unsigned int wanted = STATX_TYPE | STATX_INO | STATX_NLINK | STATX_CTIME |
				    STATX_MNT_ID;
	struct statx stx;
	int err = kernel->statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, wanted, &stx);

	if (err < 0)
		return err;
	*ret = (struct janus__file){
		.inode.device = makedev(stx.stx_dev_major, stx.stx_dev_minor),
		.inode.number = stx.stx_ino,
		.mount_id = stx.stx_mnt_id,
		.change_time_ns = stx.stx_ctime.tv_sec * 1000000000 +
				  stx.stx_ctime.tv_nsec,
		.links = stx.stx_nlink,
		.type = stx.stx_mode & S_IFMT,
		.directory = S_ISDIR(stx.stx_mode),
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

bool janus__identify_overlay(const struct janus__kernel *kernel, int fd)
{
	uint64_t magic;

	return kernel->fs_type(fd, &magic) == 0 && magic == OVERLAYFS_MAGIC;
}

/* Where a directory lies it knows itself. */
static int parent_of_directory(const struct janus__kernel *kernel,
			       const struct janus__waiting *waiting,
			       struct janus__file *ret)
{
	janus__autoclose struct janus__fd parent = {
		.kernel = kernel,
		.fd = kernel->openat(waiting->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};

	return parent.fd < 0 ? parent.fd : janus__identify_file(kernel, parent.fd, ret);
}

/* Whether @name in the directory is the waiting file, and not another one by now. */
static bool is_entry(const struct janus__kernel *kernel, int directory, const char *name,
		     const struct janus__file *file)
{
	struct statx stx;

	if (file->links == 0) /* it has no entry any more */
		return true;
	return kernel->statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
			     STATX_INO, &stx) == 0 &&
	       stx.stx_ino == file->inode.number &&
	       makedev(stx.stx_dev_major, stx.stx_dev_minor) == file->inode.device;
}

/* Walk from a root to the directory part of @path, and look for the file in it. */
static int parent_under(const struct janus__kernel *kernel, int root, char *path,
			const struct janus__file *file, struct janus__file *ret)
{
	char *slash = strrchr(path, '/');
	janus__autoclose struct janus__fd directory = { .kernel = kernel, .fd = -1 };
	int err;

	*slash = '\0';
	directory.fd = kernel->openat(root, slash == path ? "." : path + 1,
				      O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (directory.fd < 0)
		return directory.fd;
	err = janus__identify_file(kernel, directory.fd, ret);
	if (err < 0)
		return err;
	return is_entry(kernel, directory.fd, slash + 1, file) ? 0 : -ENOENT;
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
		err = parent_under(proc->kernel, root.fd, path, waiting->file, ret);
		if (err == 0)
			return 0;
	}
	return err;
}

static int look(const struct janus__proc *proc, const struct janus__waiting *waiting,
		struct janus__file *ret)
{
	char path[PATH_MAX];
	int err = -ENOENT;

	if (waiting->file->directory)
		return parent_of_directory(proc->kernel, waiting, ret);
	for (int i = 0; i < LOOKS_MAX && err; i++) {
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

static struct janus__parent *slot_of(struct janus__parents *parents,
				     struct janus__inode child)
{
	uint64_t mixed = (child.number ^ (child.device << 32)) * 0x9e3779b97f4a7c15u;

	return &parents->slots[(mixed >> 32) & (JANUS__PARENTS_COUNT - 1)];
}

/*
 * A file with one link, and any directory, lies in one place, and cannot leave it without a
 * new change time. So one look is good until then.
 */
static bool lies_in_one_place(const struct janus__file *file)
{
	return file->directory || file->links == 1;
}

int janus__identify_parent(struct janus__parents *parents, const struct janus__proc *proc,
			   const struct janus__waiting *waiting, struct janus__inode *ret)
{
	const struct janus__file *file = waiting->file;
	struct janus__parent *slot = slot_of(parents, file->inode);
	struct janus__file parent;
	int err;

	if (lies_in_one_place(file) && slot->change_time_ns == file->change_time_ns &&
	    slot->child.number == file->inode.number &&
	    slot->child.device == file->inode.device) {
		*ret = slot->parent;
		return 0;
	}
	err = look(proc, waiting, &parent);
	if (err < 0)
		return err;
	/* Above the root of a mount lies the place it is mounted on, not what holds the file. */
	if (parent.mount_id != file->mount_id)
		return -ENOENT;
	if (lies_in_one_place(file))
		*slot = (struct janus__parent){
			.child = file->inode,
			.change_time_ns = file->change_time_ns,
			.parent = parent.inode,
		};
	*ret = parent.inode;
	return 0;
}
