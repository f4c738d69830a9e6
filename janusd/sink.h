/* SPDX-License-Identifier: MIT */
/*
 * Where lines go. Whoever writes is never held up: lines wait in a bounded buffer for a
 * thread of the sink's own; what finds no room is dropped, counted, and told when there
 * is room again.
 */
#ifndef JANUSD_SINK_H
#define JANUSD_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_NEWS_SIZE 160

struct sink;

/*
 * A sink that writes text to @fd, which stays the caller's. @room: bytes that may wait.
 * Starts a thread: signals must be blocked by then. Return: 0, or a negative errno.
 */
int sink_text_create(struct sink **ret, int fd, size_t room);

/* One line; the line feed is added here. From any thread. */
void sink_write(struct sink *sink, const char *line, size_t length);

/*
 * Likewise, from a thread that can wait: until at most half of the room is taken, but not longer
 * than this. Return: false: the time was over, and nothing was written.
 */
bool sink_offer(struct sink *sink, const char *line, size_t length, int64_t timeout_ns);

/* Lines that were lost since the beginning. */
uint64_t sink_count_lost(struct sink *sink);

/*
 * The line that tells of @dropped ones, without a line feed. @error: why they could not be
 * written; 0: there was no room. Return: its length.
 */
size_t sink_news(char line[SINK_NEWS_SIZE], uint64_t dropped, int error);

/* Wait until everything is written, at most this long. Return: whether it is. */
bool sink_flush(struct sink *sink, int64_t timeout_ns);

/*
 * Flush, then free. A writer that is still blocked at the deadline keeps its memory and
 * is left to the end of the process. NULL: nothing happens.
 */
void sink_destroy(struct sink *sink, int64_t timeout_ns);

#endif
