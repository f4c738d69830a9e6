// SPDX-License-Identifier: MIT
#include "log.h"

#include <janus/types.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "nowait.h"

#define LINE_SIZE 2048

static struct sink *log_sink;
static atomic_uint_fast64_t lost_lines; /* that could not be written without a sink */

/* Where the last line is kept for others. */
static pthread_mutex_t last_mutex = PTHREAD_MUTEX_INITIALIZER;
static char *last_line;
static size_t last_size;

void log_set_sink(struct sink *sink)
{
	log_sink = sink;
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

/* The line feed goes in the place of the terminator. */
static bool write_line(char *line, size_t length)
{
	bool written;

	line[length] = '\n';
	written = nowait_write(STDERR_FILENO, line, length + 1);
	line[length] = '\0';
	return written;
}

/* Whoever has no sink has no thread either that could wait for the reader. */
static void write_directly(char *line, size_t length)
{
	uint64_t lost = atomic_exchange(&lost_lines, 0);
	char news[128];
	int used;

	if (lost) {
		used = snprintf(news, sizeof(news),
				"janusd: warning: %" PRIu64 " log lines were dropped: "
				"standard error was not read in time",
				lost);
		if (!write_line(news, (size_t)used)) {
			atomic_fetch_add(&lost_lines, lost + 1);
			return;
		}
	}
	if (!write_line(line, length))
		atomic_fetch_add(&lost_lines, 1);
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
