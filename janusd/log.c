// SPDX-License-Identifier: MIT
#include "log.h"

#include <janus/types.h>

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 2048

static struct sink *log_sink;

void log_set_sink(struct sink *sink)
{
	log_sink = sink;
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
	if (log_sink)
		sink_write(log_sink, line, length);
	else
		fprintf(stderr, "%s\n", line);
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
