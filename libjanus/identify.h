/* SPDX-License-Identifier: MIT */
/*
 * Event fd -> device, inode, mount, path; where it lies; pid -> owner or not. Allocates
 * nothing and opens nothing but entries of /proc and O_PATH fds, which no mark can delay.
 */
#ifndef JANUS_IDENTIFY_H
#define JANUS_IDENTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel.h"
#include "lookup.h"
#include "proc.h"

struct janus__file {
	struct janus__inode inode;
	uint64_t mount_id;
	int64_t change_time_ns;
	int64_t birth_time_ns; /* 0: unknown */
	uint32_t links;
	uint32_t type; /* S_IFMT bits */
	bool directory;
	bool mount_root; /* seen from where it was opened it lies in no directory */
};

static inline struct janus__seen janus__file_seen(const struct janus__file *file)
{
	return (struct janus__seen){ file->inode, file->birth_time_ns };
}

/* What stands behind an fd, O_PATH or not. Negative errno of statx(2). */
int janus__identify_file(const struct janus__kernel *kernel, int fd,
			 struct janus__file *ret);

/*
 * The path that the kernel knows the fd by, terminated, without the mark of a deleted file.
 * Returns its length; -ENAMETOOLONG where it does not fit.
 */
ssize_t janus__identify_path(const struct janus__proc *proc, int fd,
			     const struct janus__file *file, char *buf, size_t size);

/* An O_PATH fd of the same file, which leads to its path as well. Negative errno of openat(2). */
int janus__identify_link(const struct janus__proc *proc, int fd);

enum janus__filesystem {
	JANUS__FILESYSTEM_PLAIN,
	JANUS__FILESYSTEM_OVERLAY,  /* a file can get another number when it is written */
	JANUS__FILESYSTEM_STALLING, /* somebody else answers it, or does not */
};

/* What kind of filesystem an fd lies on; plain where it cannot be told. */
enum janus__filesystem janus__identify_filesystem(const struct janus__kernel *kernel,
						  int fd);

/* What the kernel itself calls the mount and the inode, which no file system can change. */
struct janus__fdinfo {
	uint64_t mount_id;
	uint64_t inode_number;
};

/* Negative errno of openat(2) or read(2); -EBADMSG: not what the kernel writes. */
int janus__identify_fdinfo(const struct janus__proc *proc, int fd,
			   struct janus__fdinfo *ret);

/* Remembers where files lie. One thread's. */
#define JANUS__PARENTS_COUNT 1024u

struct janus__parents {
	struct janus__parent {
		struct janus__inode child;
		int64_t change_time_ns;
		struct janus__seen parent;
	} slots[JANUS__PARENTS_COUNT];
};

/* An fd that waits for an answer, or for its mark. */
struct janus__waiting {
	int fd;
	int32_t pid; /* whose root its path leads to the file from; 0: ours */
	const struct janus__file *file;
};

/*
 * The directory that a file lies in. -ENOENT: it cannot be told, for the file is the root of a
 * mount, was moved while we looked, or is out of reach.
 */
int janus__identify_parent_now(const struct janus__proc *proc,
			       const struct janus__waiting *waiting,
			       struct janus__file *ret);

/* The same, and an O_PATH fd of the directory, the caller's. */
int janus__identify_parent_open(const struct janus__proc *proc,
				const struct janus__waiting *waiting,
				struct janus__file *ret);

/* The same, from what is remembered where that is still true. */
int janus__identify_parent(struct janus__parents *parents, const struct janus__proc *proc,
			   const struct janus__waiting *waiting, struct janus__seen *ret);

#endif
