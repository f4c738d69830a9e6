/* SPDX-License-Identifier: MIT */
/*
 * The other ends of sinks: files, fds, sockets, and standard error, which the daemon's log shares.
 * Each is made on the main thread, which opens nothing, and lives on its queue's thread.
 */
#ifndef JANUSD_SINK_WRITERS_H
#define JANUSD_SINK_WRITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink_queue.h"

struct sink;

/* As in struct sink_settings. */
struct sink_file_options {
	const char *path; /* copied; NULL: @fd */
	int fd;           /* stays the caller's */
	uint64_t rotate_bytes;
	uint32_t rotate_seconds;
	uint32_t rotate_keep;
};

/* Lines to a file, a FIFO, a terminal. Return: NULL if there is no memory. */
void *sink_file_create(const struct sink_file_options *options);
extern const struct sink_writer_ops sink_file_ops;

/* Where the @number-th newest old file goes: "PATH.1". Return: false: @path is too long. */
bool sink_file_old_name(char *buf, size_t size, const char *path, uint32_t number);

/*
 * Datagrams to a unix socket; with @by_memfd what is too large for one goes as a file in memory,
 * which only journald understands. Return: NULL if there is no memory or @path is too long.
 */
void *sink_socket_create(const char *path, bool by_memfd);
extern const struct sink_writer_ops sink_socket_ops;

/* Lines to standard error through the log's sink, so that none breaks into another. */
void *sink_shared_create(struct sink *sink);
extern const struct sink_writer_ops sink_shared_ops;

#endif
