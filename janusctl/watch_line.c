// SPDX-License-Identifier: MIT
#include "watch_line.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include <janus/error.h>
#include <janus/types.h>

#include "util.h"
#include "watch_string.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define OTHER_BYTES 512 /* all of a line but its paths */

static const struct {
	uint32_t kind;
	const char *text;
	const char *json;
} kinds[] = {
	{ JANUS_EVENT_OPEN, "OPEN", "open" },
	{ JANUS_EVENT_ACCESS, "ACCESS", "access" },
	{ JANUS_EVENT_EXEC, "EXEC", "exec" },
	{ JANUS_EVENT_CREATE, "CREATE", "create" },
	{ JANUS_EVENT_MODIFY, "MODIFY", "modify" },
	{ JANUS_EVENT_CLOSE_WRITE, "CLOSE_WRITE", "close_write" },
	{ JANUS_EVENT_ATTRIB, "ATTRIB", "attrib" },
	{ JANUS_EVENT_DELETE, "DELETE", "delete" },
	{ JANUS_EVENT_RENAME, "RENAME", "rename" },
	{ JANUS_EVENT_GAP, "GAP", "gap" },
};

static const char *kind_name(const struct watch_format *format, uint32_t kind)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (kinds[i].kind == kind)
			return format->json ? kinds[i].json : kinds[i].text;
	return format->json ? "unknown" : "UNKNOWN";
}

static const char *type_name(uint32_t type)
{
	switch (type) {
	case JANUS_FILE_REGULAR:
		return "file";
	case JANUS_FILE_DIRECTORY:
		return "directory";
	case JANUS_FILE_SYMLINK:
		return "symlink";
	default:
		return "other";
	}
}

static const char *gap_cause(int32_t error)
{
	switch (error) {
	case -ENOBUFS:
		return "events came faster than they were printed";
	case -EOVERFLOW:
		return "the kernel's queue was full";
	default:
		return janus_strerror(error);
	}
}

void watch_format_init(struct watch_format *format, bool json)
{
	*format = (struct watch_format){ .json = json, .second = INT64_MIN };
}

/* With zeroes in front. */
static char *put_digits(char *at, uint32_t number, size_t width)
{
	for (size_t i = width; i; i--, number /= 10)
		at[i - 1] = (char)('0' + number % 10);
	return at + width;
}

static void set_prefix(struct watch_format *format, int64_t second)
{
	time_t time = (time_t)second;
	struct tm tm = { 0 };

	if (format->json) {
		gmtime_r(&time, &tm);
		format->prefix_length = strftime(format->prefix, sizeof(format->prefix),
						 "%Y-%m-%dT%H:%M:%S.", &tm);
	} else {
		localtime_r(&time, &tm);
		format->prefix_length = strftime(format->prefix, sizeof(format->prefix),
						 "%H:%M:%S.", &tm);
	}
	format->second = second;
}

char *watch_format_time(struct watch_format *format, char *at, int64_t time_ns)
{
	int64_t second = time_ns / NS_PER_SECOND;
	int64_t rest = time_ns % NS_PER_SECOND;

	if (rest < 0) {
		rest += NS_PER_SECOND;
		second--;
	}
	if (second != format->second)
		set_prefix(format, second);
	memcpy(at, format->prefix, format->prefix_length);
	at += format->prefix_length;
	if (!format->json)
		return put_digits(at, (uint32_t)(rest / 1000), 6);
	at = put_digits(at, (uint32_t)rest, 9);
	*at++ = 'Z';
	return at;
}

/* The number behind "lost": the kernel does not tell how many its queue could not take. */
static char *put_lost(char *at, const struct watch_line *line, const char *unknown)
{
	if (line->error == -EOVERFLOW)
		return watch_string_put(at, unknown);
	return watch_string_number(at, line->lost);
}

static char *put_text_gap(char *at, const struct watch_line *line)
{
	at = watch_string_put(at, ",lost=");
	at = put_lost(at, line, "?");
	*at++ = ' ';
	if (line->path[0]) {
		at = watch_string_text(at, line->path);
		at = watch_string_put(at, ": ");
	}
	return watch_string_put(at, gap_cause(line->error));
}

static char *put_text(struct watch_format *format, char *at,
		      const struct watch_line *line)
{
	at = watch_format_time(format, at, line->time_ns);
	*at++ = ' ';
	at = watch_string_put(at, kind_name(format, line->kind));
	if (line->kind == JANUS_EVENT_GAP)
		return put_text_gap(at, line);
	*at++ = ',';
	at = watch_string_put(at, type_name(line->file_type));
	*at++ = ' ';
	if (line->old_path[0]) {
		at = watch_string_text(at, line->old_path);
		at = watch_string_put(at, " -> ");
	}
	return watch_string_text(at, line->path[0] ? line->path : "?");
}

static char *put_path_or_null(char *at, const char *name, const char *path)
{
	if (path && path[0])
		return watch_string_json(at, name, path);
	at = watch_string_put(at, ",\"");
	at = watch_string_put(at, name);
	return watch_string_put(at, "\":null");
}

static char *put_json(struct watch_format *format, char *at,
		      const struct watch_line *line)
{
	bool gap = line->kind == JANUS_EVENT_GAP;

	at = watch_string_put(at, "{\"time\":\"");
	at = watch_format_time(format, at, line->time_ns);
	at = watch_string_put(at, "\",\"event\":\"");
	at = watch_string_put(at, kind_name(format, line->kind));
	*at++ = '"';
	at = put_path_or_null(at, "path", line->path);
	at = put_path_or_null(at, "old_path", line->old_path);
	at = put_path_or_null(at, "ftype", gap ? NULL : type_name(line->file_type));
	at = watch_string_put(at, ",\"pid\":");
	at = line->pid > 0 ? watch_string_number(at, (uint64_t)line->pid)
			   : watch_string_put(at, "null");
	at = put_path_or_null(at, "exe", line->exe);
	if (gap) {
		at = watch_string_put(at, ",\"lost\":");
		at = put_lost(at, line, "null");
		at = watch_string_json(at, "error", gap_cause(line->error));
	}
	*at++ = '}';
	return at;
}

size_t watch_format_bound(const struct watch_format *format,
			  const struct watch_line *line)
{
	size_t length = strlen(line->path) + strlen(line->old_path) +
			(line->exe ? strlen(line->exe) : 0);

	return OTHER_BYTES + length * (format->json ? WATCH_STRING_JSON_FACTOR
						    : WATCH_STRING_TEXT_FACTOR);
}

char *watch_format_put(struct watch_format *format, char *at,
		       const struct watch_line *line)
{
	at = format->json ? put_json(format, at, line) : put_text(format, at, line);
	*at++ = '\n';
	return at;
}
