// SPDX-License-Identifier: MIT
#include "log.h"

#include <janus/types.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nowait.h"

#define LINE_SIZE 2048

static struct sink *log_sink;

/* Of what is written without a sink, on the only thread that there is then. */
static struct {
	uint64_t lost; /* lines that could not be written */
	int error;     /* why; 0: there was no room */
	bool torn; /* the last one has no end; or that of a worker, who had no room either */
} direct;

/* Where the last line is kept for others. */
static pthread_mutex_t last_mutex = PTHREAD_MUTEX_INITIALIZER;
static char *last_line;
static size_t last_size;

void log_set_sink(struct sink *sink)
{
	log_sink = sink;
	if (sink) /* what the keeper has lost it tells itself */
		memset(&direct, 0, sizeof(direct));
}

void log_set_last(char *last, size_t size)
{
	pthread_mutex_lock(&last_mutex);
	last_line = last;
	last_size = size;
	pthread_mutex_unlock(&last_mutex);
}

static void keep_last(const char *line)
{
	pthread_mutex_lock(&last_mutex);
	if (last_line)
		snprintf(last_line, last_size, "%s", line);
	pthread_mutex_unlock(&last_mutex);
}

static bool write_bytes(const char *bytes, size_t length)
{
	ssize_t written = nowait_write(STDERR_FILENO, bytes, length);

	if (written == (ssize_t)length) {
		direct.torn = false;
		return true;
	}
	if (written == -EAGAIN)
		return false;
	direct.torn = true;
	if (written < 0)
		direct.error = (int)-written;
	return false;
}

/* The line feed goes in the place of the terminator. */
static bool write_line(char *line, size_t length)
{
	bool written = !direct.torn || write_bytes("\n", 1);

	line[length] = '\n';
	written = written && write_bytes(line, length + 1);
	line[length] = '\0';
	direct.lost += !written;
	return written;
}

/* Whoever has no sink has no thread either that could wait for the reader. */
static void write_directly(char *line, size_t length)
{
	uint64_t lost = direct.lost;
	char news[SINK_NEWS_SIZE];

	if (lost) {
		if (!write_line(news, sink_news(news, lost, direct.error)))
			return;
		direct.lost = 0;
		direct.error = 0;
	}
	write_line(line, length);
}

format_like_printf(2, 0) static void log_line(const char *prefix, const char *format,
					      va_list values)
{
	char line[LINE_SIZE];
	int used = snprintf(line, sizeof(line), "janusd: %s", prefix);
	int more = vsnprintf(line + used, sizeof(line) - (size_t)used, format, values);
	size_t length = strlen(line);

	if (more < 0)
		return;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	keep_last(line);
	if (log_sink)
		sink_write(log_sink, line, length);
	else
		write_directly(line, length);
}

void log_error(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	log_line("error: ", format, values);
	va_end(values);
}

void log_warning(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	log_line("warning: ", format, values);
	va_end(values);
}

void log_info(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	log_line("info: ", format, values);
	va_end(values);
}

void log_notice(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	log_line("", format, values);
	va_end(values);
}

void log_library_line(void *userdata, uint32_t level, const char *message)
{
	(void)userdata;
	if (level <= JANUS_LOG_ERROR)
		log_error("%s", message);
	else if (level == JANUS_LOG_WARNING)
		log_warning("%s", message);
	else
		log_info("%s", message);
}
