// SPDX-License-Identifier: MIT
/*
 * The sink that writes text. Owns the buffer of waiting bytes and the thread that writes
 * them; does not own the fd. What a line says is not known here.
 */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
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
#define AGAIN_NS INT64_C(1000000000)

struct sink {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t filled;  /* there is something to write, or an end */
	pthread_cond_t emptied; /* everything is written */
	pthread_cond_t halved;  /* something was taken, and half of the room is free */
	char *ring;
	size_t room;
	size_t start;
	size_t used;
	uint64_t taken;   /* bytes, since the beginning */
	uint64_t dropped; /* lines that were lost, and nothing said about it yet */
	uint64_t lost;    /* lines, since the beginning */
	uint64_t telling; /* lines that the news in the ring tells of; 0: there is none */
	uint64_t news_end; /* where in all bytes that ends */
	int fd;
	int error; /* why writing failed last */
	bool writing;
	bool stopping;
};

/* What the thread knows of the other end. */
struct end {
	int fd;
	int error;
	bool midline;  /* what was written last was no line feed */
	bool torn;     /* and the rest of that line will not come */
	bool skipping; /* nor will that of the line which comes next */
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

size_t sink_news(char line[SINK_NEWS_SIZE], uint64_t dropped, int error)
{
	int length = snprintf(line, SINK_NEWS_SIZE,
			      "janusd: warning: %" PRIu64 " log lines were dropped: "
			      "standard error %s%s",
			      dropped,
			      error ? "cannot be written: " : "was not read in time",
			      error ? strerror(error) : "");

	return (size_t)length < SINK_NEWS_SIZE ? (size_t)length : SINK_NEWS_SIZE - 1;
}

/*
 * Called with the mutex held. One at a time, so that it is known what is lost with it. False: not
 * even the news of the loss has room.
 */
static bool tell_dropped(struct sink *sink)
{
	char line[SINK_NEWS_SIZE];

	if (!sink->dropped || sink->telling)
		return true;
	if (!put_line(sink, line, sink_news(line, sink->dropped, sink->error)))
		return false;
	sink->telling = sink->dropped;
	sink->news_end = sink->taken + sink->used;
	sink->dropped = 0;
	sink->error = 0;
	return true;
}

/* Called with the mutex held. */
static void write_line(struct sink *sink, const char *line, size_t length)
{
	if (!tell_dropped(sink) || !put_line(sink, line, length)) {
		sink->dropped++;
		sink->lost++;
	}
	pthread_cond_signal(&sink->filled);
}

void sink_write(struct sink *sink, const char *line, size_t length)
{
	pthread_mutex_lock(&sink->mutex);
	write_line(sink, line, length);
	pthread_mutex_unlock(&sink->mutex);
}

uint64_t sink_count_lost(struct sink *sink)
{
	uint64_t lost;

	pthread_mutex_lock(&sink->mutex);
	lost = sink->lost;
	pthread_mutex_unlock(&sink->mutex);
	return lost;
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
	sink->taken += length;
	if (sink->used <= sink->room / 2)
		pthread_cond_broadcast(&sink->halved);
	return length;
}

static uint64_t count_lines(const char *bytes, size_t length)
{
	uint64_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += bytes[i] == '\n';
	return count;
}

/* Return: how much could be written. */
static size_t write_bytes(struct end *end, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		struct pollfd ready = { .fd = end->fd, .events = POLLOUT };
		ssize_t written;

		if (poll(&ready, 1, POLL_MS) <= 0)
			continue;
		written = write(end->fd, bytes + done, length - done);
		if (written > 0)
			done += (size_t)written;
		else if (written < 0 && errno != EINTR && errno != EAGAIN) {
			end->error = errno;
			break;
		}
	}
	return done;
}

/* The rest of a line whose beginning is lost already. Return: how long that is. */
static size_t skip(struct end *end, const char *chunk, size_t length)
{
	const char *last = end->skipping ? memchr(chunk, '\n', length) : NULL;

	if (!end->skipping)
		return 0;
	if (!last)
		return length;
	end->skipping = false;
	return (size_t)(last - chunk) + 1;
}

/* Return: how much could not be written of what stands at the end of the chunk. */
static size_t write_chunk(struct end *end, const char *chunk, size_t length)
{
	size_t done = 0;

	if (!length)
		return 0;
	if (end->torn && write_bytes(end, "\n", 1))
		end->torn = end->midline = false;
	if (!end->torn)
		done = write_bytes(end, chunk, length);
	if (done)
		end->midline = chunk[done - 1] != '\n';
	if (done == length)
		return 0;
	end->skipping = chunk[length - 1] != '\n';
	/* Of a line that lacks nothing but its end, that is written later. */
	done += !end->torn && end->midline && chunk[done] == '\n';
	end->torn = end->midline;
	return length - done;
}

/* Called with the mutex held. The news counts for the lines that it tells of. */
static void count_lost(struct sink *sink, uint64_t lines, size_t bytes)
{
	bool was_taken = sink->telling && sink->news_end <= sink->taken;

	sink->dropped += lines;
	sink->lost += lines;
	if (was_taken && sink->news_end > sink->taken - bytes)
		sink->dropped += sink->telling - 1;
	if (was_taken)
		sink->telling = 0;
}

static void write_some(struct sink *sink, struct end *end)
{
	char chunk[CHUNK_SIZE];
	size_t length = take_chunk(sink, chunk);
	size_t skipped, lost;
	uint64_t lines;

	sink->writing = true;
	pthread_mutex_unlock(&sink->mutex);
	skipped = skip(end, chunk, length);
	lost = write_chunk(end, chunk + skipped, length - skipped);
	lines = count_lines(chunk, skipped) + count_lines(chunk + length - lost, lost);
	pthread_mutex_lock(&sink->mutex);
	sink->writing = false;
	if (lost)
		sink->error = end->error;
	count_lost(sink, lines, lost);
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

/* Where writing has failed, the news of it waits for the next line, or for a while. */
static void wait_for_lines(struct sink *sink)
{
	struct timespec again = deadline_after(AGAIN_NS);

	if (!sink->dropped)
		pthread_cond_wait(&sink->filled, &sink->mutex);
	else if (pthread_cond_timedwait(&sink->filled, &sink->mutex, &again) == ETIMEDOUT)
		tell_dropped(sink);
}

static void *run_writer(void *arg)
{
	struct sink *sink = arg;
	struct end end = { .fd = sink->fd };

	pthread_mutex_lock(&sink->mutex);
	for (;;) {
		if (!sink->used && !sink->error)
			tell_dropped(sink);
		if (sink->used) {
			write_some(sink, &end);
			continue;
		}
		pthread_cond_broadcast(&sink->emptied);
		if (sink->stopping)
			break;
		wait_for_lines(sink);
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
	pthread_cond_init(&sink->filled, &monotonic);
	pthread_cond_init(&sink->emptied, &monotonic);
	pthread_cond_init(&sink->halved, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void sink_free(struct sink *sink)
{
	pthread_cond_destroy(&sink->halved);
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

bool sink_offer(struct sink *sink, const char *line, size_t length, int64_t timeout_ns)
{
	struct timespec deadline = deadline_after(timeout_ns);
	bool has_room;

	pthread_mutex_lock(&sink->mutex);
	while (sink->used > sink->room / 2)
		if (pthread_cond_timedwait(&sink->halved, &sink->mutex, &deadline))
			break;
	has_room = sink->used <= sink->room / 2;
	if (has_room)
		write_line(sink, line, length);
	pthread_mutex_unlock(&sink->mutex);
	return has_room;
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
