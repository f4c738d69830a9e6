// SPDX-License-Identifier: MIT
#include "watch_out.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_SIZE ((size_t)256 * 1024)

int watch_out_init(struct watch_out *out, int fd, const volatile sig_atomic_t *stopped)
{
	*out = (struct watch_out){ .fd = fd, .stopped = stopped };
	out->data = malloc(FIRST_SIZE);
	out->size = FIRST_SIZE;
	return out->data ? 0 : -ENOMEM;
}

void watch_out_done(struct watch_out *out)
{
	free(out->data);
}

int watch_out_reserve(struct watch_out *out, size_t size)
{
	char *data;
	int err;

	if (size <= out->size - out->used)
		return 0;
	err = watch_out_flush(out);
	if (err || size <= out->size)
		return err;
	data = realloc(out->data, size);
	if (!data)
		return -ENOMEM;
	out->data = data;
	out->size = size;
	return 0;
}

/* Whoever made the pipe may have made it one that does not block. */
static int wait_for_room(int fd)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };

	return poll(&writable, 1, -1) < 0 ? -errno : 0;
}

int watch_out_flush(struct watch_out *out)
{
	size_t written = 0;

	while (written < out->used) {
		ssize_t n = write(out->fd, out->data + written, out->used - written);
		int err = n < 0 ? -errno : 0;

		if (err == -EAGAIN)
			err = wait_for_room(out->fd);
		if (err && (err != -EINTR || *out->stopped))
			return err;
		written += n > 0 ? (size_t)n : 0;
	}
	out->used = 0;
	return 0;
}
