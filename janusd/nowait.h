/* SPDX-License-Identifier: MIT */
/*
 * Writing a line to a fd that others share, without ever waiting for whoever reads it. The
 * fd's own flags are everybody's and stay as they are.
 */
#ifndef JANUSD_NOWAIT_H
#define JANUSD_NOWAIT_H

#include <stddef.h>
#include <sys/types.h>

/* @length: PIPE_BUF at most. Return: how much was written, or a negative errno. */
ssize_t nowait_write(int fd, const void *bytes, size_t length);

#endif
