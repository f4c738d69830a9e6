// SPDX-License-Identifier: MIT
#include "state_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define MODE 0600

static int open_new(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, MODE);

	/* Of a process that was killed in the middle of this. */
	if (fd < 0 && errno == EEXIST && !unlink(path))
		fd = open(path, flags, MODE);
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, struct wire_bytes bytes)
{
	while (bytes.size) {
		ssize_t written = write(fd, bytes.data, bytes.size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		bytes.data += written;
		bytes.size -= (size_t)written;
	}
	return 0;
}

/* Return: 0, or a negative errno: then nothing of it is left. */
static int make_new(const char *path, struct wire_bytes bytes, const char **step)
{
	int fd = open_new(path);
	int error;

	*step = "made";
	if (fd < 0)
		return fd;
	*step = "written";
	error = write_all(fd, bytes);
	if (!error && fsync(fd))
		error = -errno;
	/* Some file systems tell only now that there is no room. */
	if (close(fd) && !error)
		error = -errno;
	if (error)
		unlink(path);
	return error;
}

static int sync_folder(const char *path)
{
	const char *end = strrchr(path, '/');
	char folder[PATH_MAX];
	autoclose int fd = -1;

	snprintf(folder, sizeof(folder), "%.*s", end > path ? (int)(end - path) : 1,
		 path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems have folders that need no such thing. */
	return fd < 0 || (fsync(fd) && errno != EINVAL) ? -errno : 0;
}

int state_write(const char *path, struct wire_bytes bytes, const char **step)
{
	char beside[PATH_MAX];
	int length = snprintf(beside, sizeof(beside), "%s" STATE_WRITE_SUFFIX, path);
	int error;

	*step = "made";
	if (length < 0 || (size_t)length >= sizeof(beside))
		return -ENAMETOOLONG;
	error = make_new(beside, bytes, step);
	if (error)
		return error;
	*step = "put into its place";
	if (rename(beside, path)) {
		error = -errno;
		unlink(beside);
		return error;
	}
	*step = "secured in its folder";
	return sync_folder(path);
}
