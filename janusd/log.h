/* SPDX-License-Identifier: MIT */
/*
 * What the daemon itself has to say: lines "janusd: level: text" through the sink, or
 * straight to standard error while there is none, where a line that cannot be written at once
 * is dropped. From any thread. What guards record is not said here.
 */
#ifndef JANUSD_LOG_H
#define JANUSD_LOG_H

#include <stddef.h>

#include "sink.h"
#include "util.h"

/* NULL: from now on straight to standard error. The sink stays the caller's. */
void log_set_sink(struct sink *sink);

/* Keep a copy of the last line in here, terminated; NULL: no more. It stays the caller's. */
void log_set_last(char *last, size_t size);

/* What is put in must be escaped; a control character that slips through becomes "?". */
format_like_printf(1, 2) void log_error(const char *format, ...);
format_like_printf(1, 2) void log_warning(const char *format, ...);
format_like_printf(1, 2) void log_info(const char *format, ...);

/* "janusd: text", for the lines that others wait for. */
format_like_printf(1, 2) void log_notice(const char *format, ...);

/* Fits janus_context_options.log. */
void log_library_line(void *userdata, uint32_t level, const char *message);

#endif
