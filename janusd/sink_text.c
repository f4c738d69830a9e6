// SPDX-License-Identifier: MIT
/*
 * The sink that writes text. Owns the buffer of waiting bytes and the thread that writes
 * them; does not own the fd. What a line says is not known here.
 */
#include "sink.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

/*
 * What is written at once: a pipe that has room for something has room for this, so the
 * write does not block where poll() said that it would not.
 */
#define CHUNK_SIZE 4096
#define POLL_MS 1000

struct sink {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t filled;  /* there is something to write, or an end */
	pthread_cond_t emptied; /* everything is written */
	char *ring;
	size_t room;
	size_t start;
	size_t used;
	uint64_t dropped; /* lines that found no room since it was last told */
	int fd;
	bool writing;
	bool stopping;
};

static void put_bytes(struct sink *sink, const char *bytes, size_t length)
{
	size_t end = (sink->start + sink->used) % sink->room;
	size_t first = sink->room - end;

	if (first > length)
		first = length;
	memcpy(sink->ring + end, bytes, first);
	memcpy(sink->ring, bytes + first, length - first);
	sink->used += length;
}

static bool put_line(struct sink *sink, const char *line, size_t length)
{
	if (length + 1 > sink->room - sink->used)
		return false;
	put_bytes(sink, line, length);
	put_bytes(sink, "\n", 1);
	return true;
}

/* Called with the mutex held. False: not even the news of the loss has room. */
static bool tell_dropped(struct sink *sink)
{
	char line[128];
	int length;

	if (!sink->dropped)
		return true;
	length = snprintf(line, sizeof(line),
			  "janusd: warning: %llu log lines were dropped: "
			  "standard error was not read in time",
			  (unsigned long long)sink->dropped);
	if (!put_line(sink, line, (size_t)length))
		return false;
	sink->dropped = 0;
	return true;
}

void sink_write(struct sink *sink, const char *line, size_t length)
{
	pthread_mutex_lock(&sink->mutex);
	if (!tell_dropped(sink) || !put_line(sink, line, length))
		sink->dropped++;
	pthread_cond_signal(&sink->filled);
	pthread_mutex_unlock(&sink->mutex);
}

/* Take a chunk, whole lines where that is possible. Called with the mutex held. */
static size_t take_chunk(struct sink *sink, char chunk[CHUNK_SIZE])
{
	size_t length = sink->used < CHUNK_SIZE ? sink->used : CHUNK_SIZE;
	size_t first = sink->room - sink->start;
	const char *last;

	if (first > length)
		first = length;
	memcpy(chunk, sink->ring + sink->start, first);
	memcpy(chunk + first, sink->ring, length - first);
	last = memrchr(chunk, '\n', length);
	if (last)
		length = (size_t)(last - chunk) + 1;
	sink->start = (sink->start + length) % sink->room;
	sink->used -= length;
	return length;
}

static uint64_t count_lines(const char *bytes, size_t length)
{
	uint64_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += bytes[i] == '\n';
	return count;
}

/* Return: how many lines could not be written. */
static uint64_t write_chunk(int fd, const char *chunk, size_t length)
{
	while (length) {
		struct pollfd ready = { .fd = fd, .events = POLLOUT };
		ssize_t written;

		if (poll(&ready, 1, POLL_MS) <= 0)
			continue;
		written = write(fd, chunk, length);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return count_lines(chunk, length);
		if (written > 0) {
			chunk += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

static void *run_writer(void *arg)
{
	struct sink *sink = arg;
	char chunk[CHUNK_SIZE];
	bool broken = false;

	pthread_mutex_lock(&sink->mutex);
	for (;;) {
		size_t length;
		uint64_t lost;

		/*
		 * Where writing fails, the news of it waits for the next line of
		 * somebody.
		 */
		if (!sink->used && !broken)
			tell_dropped(sink);
		if (!sink->used) {
			pthread_cond_broadcast(&sink->emptied);
			if (sink->stopping)
				break;
			pthread_cond_wait(&sink->filled, &sink->mutex);
			continue;
		}
		length = take_chunk(sink, chunk);
		sink->writing = true;
		pthread_mutex_unlock(&sink->mutex);
		lost = write_chunk(sink->fd, chunk, length);
		pthread_mutex_lock(&sink->mutex);
		sink->writing = false;
		sink->dropped += lost;
		broken = lost > 0;
	}
	pthread_mutex_unlock(&sink->mutex);
	return NULL;
}

static void init_conditions(struct sink *sink)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&sink->mutex, NULL);
	pthread_cond_init(&sink->filled, NULL);
	pthread_cond_init(&sink->emptied, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void sink_free(struct sink *sink)
{
	pthread_cond_destroy(&sink->emptied);
	pthread_cond_destroy(&sink->filled);
	pthread_mutex_destroy(&sink->mutex);
	free(sink->ring);
	free(sink);
}

int sink_text_create(struct sink **ret, int fd, size_t room)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	int error;

	if (!sink)
		return -ENOMEM;
	init_conditions(sink);
	sink->fd = fd;
	sink->room = room;
	sink->ring = malloc(room);
	error = sink->ring ? pthread_create(&sink->thread, NULL, run_writer, sink)
			   : ENOMEM;
	if (error) {
		sink_free(sink);
		return -error;
	}
	*ret = sink;
	return 0;
}

static struct timespec deadline_after(int64_t timeout_ns)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += (time_t)(timeout_ns / 1000000000);
	when.tv_nsec += (long)(timeout_ns % 1000000000);
	if (when.tv_nsec >= 1000000000) {
		when.tv_nsec -= 1000000000;
		when.tv_sec++;
	}
	return when;
}

bool sink_flush(struct sink *sink, int64_t timeout_ns)
{
	struct timespec deadline = deadline_after(timeout_ns);
	bool written;

	pthread_mutex_lock(&sink->mutex);
	while (sink->used || sink->writing)
		if (pthread_cond_timedwait(&sink->emptied, &sink->mutex, &deadline))
			break;
	written = !sink->used && !sink->writing;
	pthread_mutex_unlock(&sink->mutex);
	return written;
}

void sink_destroy(struct sink *sink, int64_t timeout_ns)
{
	if (!sink || !sink_flush(sink, timeout_ns))
		return;
	pthread_mutex_lock(&sink->mutex);
	sink->stopping = true;
	pthread_cond_signal(&sink->filled);
	pthread_mutex_unlock(&sink->mutex);
	pthread_join(sink->thread, NULL);
	sink_free(sink);
}
