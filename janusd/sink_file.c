// SPDX-License-Identifier: MIT
/*
 * Lines to a file. Owns the fd of a path, and what becomes of the file: how large and how old it
 * gets, and what its former ones are called. A line is never torn: what was written of one that did
 * not fit is taken back, where that is possible.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nowait.h"
#include "sink_writers.h"
#include "util.h"

#define FILE_MODE 0640
/* What a pipe takes at once or not at all. */
#define PIPE_CHUNK 4096
/* After a rotation that failed. */
#define ROTATE_AGAIN_SECONDS 10

struct sink_file {
	struct sink_file_options options;
	char *path;
	int fd;
	bool is_regular;
	uint64_t size;
	time_t born;         /* of the file, as CLOCK_REALTIME has it */
	time_t rotate_again; /* not before then */
	size_t partial;      /* of the first line, written already */
	int trouble;
};

void *sink_file_create(const struct sink_file_options *options)
{
	struct sink_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->options = *options;
	file->fd = options->path ? -1 : options->fd;
	file->path = options->path ? strdup(options->path) : NULL;
	if (options->path && !file->path) {
		free(file);
		return NULL;
	}
	return file;
}

static void close_file(struct sink_file *file)
{
	file->partial = 0;
	if (!file->path)
		return;
	util_close(&file->fd);
	file->fd = -1;
}

static void destroy(void *writer)
{
	struct sink_file *file = writer;

	close_file(file);
	free(file->path);
	free(file);
}

static void reopen(void *writer)
{
	close_file(writer);
}

static int take_trouble(void *writer)
{
	struct sink_file *file = writer;
	int trouble = file->trouble;

	file->trouble = 0;
	return trouble;
}

/* A restart is no reason to begin counting anew. */
static time_t birth_of(int fd, time_t otherwise)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) ||
	    !(status.stx_mask & STATX_BTIME))
		return otherwise;
	return (time_t)status.stx_btime.tv_sec;
}

/* Nothing here may wait: not for the reader of a FIFO either. Return: 0, or a negative errno. */
static int open_file(struct sink_file *file)
{
	struct stat status;

	if (file->fd >= 0)
		return 0;
	file->fd = open(file->path,
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			FILE_MODE);
	if (file->fd < 0 || fstat(file->fd, &status)) {
		int error = -errno;

		close_file(file);
		return error;
	}
	file->is_regular = S_ISREG(status.st_mode);
	file->size = file->is_regular ? (uint64_t)status.st_size : 0;
	file->born = birth_of(file->fd, time(NULL));
	return 0;
}

bool sink_file_old_name(char *buf, size_t size, const char *path, uint32_t number)
{
	int length = snprintf(buf, size, "%s.%" PRIu32, path, number);

	return length >= 0 && (size_t)length < size;
}

/* From the oldest on, which is overwritten. Return: 0, or a negative errno. */
static int move_old_ones(const struct sink_file *file)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (uint32_t number = file->options.rotate_keep; number > 1; number--) {
		if (!sink_file_old_name(from, sizeof(from), file->path, number - 1) ||
		    !sink_file_old_name(to, sizeof(to), file->path, number))
			return -ENAMETOOLONG;
		if (rename(from, to) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int move_file(const struct sink_file *file)
{
	char to[PATH_MAX];
	int error;

	if (!file->options.rotate_keep)
		return unlink(file->path) ? -errno : 0;
	error = move_old_ones(file);
	if (error)
		return error;
	if (!sink_file_old_name(to, sizeof(to), file->path, 1))
		return -ENAMETOOLONG;
	return rename(file->path, to) ? -errno : 0;
}

/* Where it fails the file goes on as it is: to be too long is better than to be lost. */
static int rotate(struct sink_file *file)
{
	int error = move_file(file);

	if (error) {
		file->trouble = -error;
		file->rotate_again = time(NULL) + ROTATE_AGAIN_SECONDS;
		return 0;
	}
	close_file(file);
	return open_file(file);
}

static bool is_old(const struct sink_file *file, time_t now)
{
	return file->options.rotate_seconds && file->size &&
	       now - file->born >= (time_t)file->options.rotate_seconds;
}

static size_t first_line(const char *bytes, size_t length)
{
	const char *end = memchr(bytes, '\n', length);

	return end ? (size_t)(end - bytes) + 1 : length;
}

/*
 * How many whole lines fit into the file; a line that is longer than files may get has one of its
 * own. 0: none, the file is full.
 */
static size_t lines_that_fit(const struct sink_file *file, const char *bytes,
			     size_t length)
{
	uint64_t left;
	const char *end;

	if (!file->options.rotate_bytes)
		return length;
	left = file->size < file->options.rotate_bytes
		       ? file->options.rotate_bytes - file->size
		       : 0;
	if (length <= left)
		return length;
	end = left ? memrchr(bytes, '\n', (size_t)left) : NULL;
	if (end)
		return (size_t)(end - bytes) + 1;
	return file->size ? 0 : first_line(bytes, length);
}

/* Return: how much is to be written to the file, which may be another one by now; or an errno. */
static ssize_t prepare(struct sink_file *file, const char *bytes, size_t length)
{
	time_t now = time(NULL);
	size_t fits;
	int error;

	if (!file->is_regular || !file->path || now < file->rotate_again)
		return (ssize_t)length;
	fits = lines_that_fit(file, bytes, length);
	if (fits && !is_old(file, now))
		return (ssize_t)fits;
	error = rotate(file);
	if (error)
		return error;
	fits = lines_that_fit(file, bytes, length);
	return (ssize_t)(fits ? fits : length);
}

/* Take back what was written of a line whose rest had no room. */
static void take_back(const struct sink_file *file, size_t length)
{
	off_t end = lseek(file->fd, 0, SEEK_CUR);

	if (length && end >= (off_t)length && ftruncate(file->fd, end - (off_t)length))
		return; /* it stays torn, and the next line begins in it */
}

/* Return: whole lines that were written, in bytes. */
static ssize_t write_regular(struct sink_file *file, const char *bytes, size_t length)
{
	ssize_t written = write(file->fd, bytes, length);
	const char *end;
	size_t whole;

	if (written < 0)
		return -errno;
	end = memrchr(bytes, '\n', (size_t)written);
	whole = end ? (size_t)(end - bytes) + 1 : 0;
	take_back(file, (size_t)written - whole);
	file->size += whole;
	return whole ? (ssize_t)whole : -ENOSPC;
}

static void wait_for_room(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	poll(&ready, 1, SINK_TICK_MS);
}

/* A reader may have got part of a line: it is to get the rest, or, if it goes, nobody is. */
static ssize_t write_stream(struct sink_file *file, const char *bytes, size_t length)
{
	size_t left = length - file->partial;
	const char *end;
	ssize_t written;
	size_t total, whole;

	written = nowait_write(file->fd, bytes + file->partial,
			       left < PIPE_CHUNK ? left : PIPE_CHUNK);
	if (written == -EAGAIN || written == -EINTR) {
		wait_for_room(file->fd);
		return 0;
	}
	if (written < 0)
		return written;
	total = file->partial + (size_t)written;
	end = memrchr(bytes, '\n', total);
	whole = end ? (size_t)(end - bytes) + 1 : 0;
	file->partial = total - whole;
	return (ssize_t)whole;
}

static ssize_t write_lines(void *writer, const char *bytes, size_t length)
{
	struct sink_file *file = writer;
	ssize_t result = open_file(file);

	if (!result)
		result = prepare(file, bytes, length);
	if (result > 0)
		result = file->is_regular ? write_regular(file, bytes, (size_t)result)
					  : write_stream(file, bytes, (size_t)result);
	if (result < 0)
		close_file(file);
	return result;
}

const struct sink_writer_ops sink_file_ops = {
	.write = write_lines,
	.reopen = reopen,
	.trouble = take_trouble,
	.destroy = destroy,
	.takes_many = true,
};
