// SPDX-License-Identifier: MIT
/*
 * Owns how a handle is asked for.
 */
#include "handle.h"

#include <errno.h>

int janus__handle_read(const struct janus__kernel *kernel, int fd, const char *name,
		       struct janus__handle *ret)
{
	struct file_handle *handle = (struct file_handle *)(void *)ret->memory;
	int flags = name[0] ? 0 : AT_EMPTY_PATH;
	int err;

	handle->handle_bytes = JANUS__HANDLE_MAX;
	/* A handle that only names is enough, and overlayfs has no other. */
	err = kernel->name_to_handle(fd, name, handle, flags | AT_HANDLE_FID);
	if (err == -EINVAL) { /* a kernel before 6.5 */
		handle->handle_bytes = JANUS__HANDLE_MAX;
		err = kernel->name_to_handle(fd, name, handle, flags);
	}
	if (err < 0)
		return err == -EOVERFLOW ? -EOPNOTSUPP : err;
	ret->fid.type = handle->handle_type;
	ret->fid.length = handle->handle_bytes;
	ret->fid.bytes = handle->f_handle;
	return 0;
}

int janus__handle_of_fd(const struct janus__kernel *kernel, int fd,
			struct janus__handle *ret)
{
	int err = kernel->fs_id(fd, &ret->fid.fsid);

	if (err < 0)
		return err;
	/* The first one without a number that a group observes keeps all others out of it. */
	return ret->fid.fsid ? janus__handle_read(kernel, fd, "", ret) : -EOPNOTSUPP;
}
