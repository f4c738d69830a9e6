/* SPDX-License-Identifier: MIT */
/*
 * Lines on their way to standard output: gathered, then written at once. Owns its memory, not
 * the fd.
 */
#ifndef JANUSCTL_WATCH_OUT_H
#define JANUSCTL_WATCH_OUT_H

#include <signal.h>
#include <stddef.h>

struct watch_out {
	int fd;
	const volatile sig_atomic_t *stopped; /* then nobody is waited for any more */
	char *data;
	size_t used;
	size_t size;
};

/* Return: 0, or -ENOMEM. */
int watch_out_init(struct watch_out *out, int fd, const volatile sig_atomic_t *stopped);
void watch_out_done(struct watch_out *out);

/*
 * Room for @size bytes behind what is used. Return: 0, -ENOMEM, or what watch_out_flush()
 * returns, which it may call.
 */
int watch_out_reserve(struct watch_out *out, size_t size);

/*
 * Write what is there. Return: 0, -EINTR when stopped, -EPIPE when nobody reads any more, or
 * another negative errno.
 */
int watch_out_flush(struct watch_out *out);

#endif
