// SPDX-License-Identifier: MIT
#include "nowait.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static bool has_room(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT);
}

/* Somebody else may fill the pipe after poll() has looked; newer kernels can be told. */
static ssize_t write_pipe(int fd, const void *bytes, size_t length)
{
	const struct iovec part = { (void *)(uintptr_t)bytes, length };
	ssize_t written = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);

	if (written < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		written = write(fd, bytes, length);
	return written;
}

ssize_t nowait_write(int fd, const void *bytes, size_t length)
{
	struct stat status;
	ssize_t written;

	if (fstat(fd, &status))
		return -errno;
	if (!has_room(fd))
		return -EAGAIN;
	if (S_ISSOCK(status.st_mode))
		written = send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (S_ISFIFO(status.st_mode))
		written = write_pipe(fd, bytes, length);
	else
		written = write(fd, bytes, length);
	return written < 0 ? -errno : written;
}
