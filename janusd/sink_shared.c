// SPDX-License-Identifier: MIT
/*
 * Lines to the sink of the log. Half of its room is left to the log: records that come without end
 * must not keep it from telling.
 */
#include <stdlib.h>
#include <string.h>

#include "sink.h"
#include "sink_writers.h"

struct shared {
	struct sink *sink;
};

void *sink_shared_create(struct sink *sink)
{
	struct shared *shared = calloc(1, sizeof(*shared));

	if (shared)
		shared->sink = sink;
	return shared;
}

static ssize_t write_line(void *writer, const char *bytes, size_t length)
{
	const struct shared *shared = writer;
	const char *end = memchr(bytes, '\n', length);
	size_t line = end ? (size_t)(end - bytes) : length;

	if (!sink_offer(shared->sink, bytes, line, SINK_TICK_MS * INT64_C(1000000)))
		return 0;
	return (ssize_t)(end ? line + 1 : line);
}

const struct sink_writer_ops sink_shared_ops = {
	.write = write_line,
	.destroy = free,
	.takes_many = true,
};
