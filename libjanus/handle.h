/* SPDX-License-Identifier: MIT */
/*
 * The handle that the kernel's events know an inode by, asked for by us. Opens nothing.
 */
#ifndef JANUS_HANDLE_H
#define JANUS_HANDLE_H

#include "decode_fid.h"
#include "kernel.h"

#define JANUS__HANDLE_MAX 128

/* A handle and its bytes; not to be copied, for the fid points into it. */
struct janus__handle {
	struct janus__fid fid;
	_Alignas(uint64_t) unsigned char memory[sizeof(uint64_t) + JANUS__HANDLE_MAX];
};

/*
 * Of @name in the directory @fd, which is not followed, or of @fd itself ("", O_PATH or not).
 * The fsid is left as it is. -EOPNOTSUPP: the file system has none; else as openat(2).
 */
int janus__handle_read(const struct janus__kernel *kernel, int fd, const char *name,
		       struct janus__handle *ret);

/* With the fsid of the file system that @fd lies on. -EOPNOTSUPP, too: it has none. */
int janus__handle_of_fd(const struct janus__kernel *kernel, int fd,
			struct janus__handle *ret);

#endif
