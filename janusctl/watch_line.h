/* SPDX-License-Identifier: MIT */
/*
 * One event as one line, for people or as JSON. By hand and without memory of its own: it is
 * done for each event of a busy tree. Pure, but for the time zone.
 */
#ifndef JANUSCTL_WATCH_LINE_H
#define JANUSCTL_WATCH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is told. */
struct watch_line {
	int64_t time_ns;      /* since the epoch */
	uint32_t kind;        /* as enum janus_event_kind */
	uint32_t file_type;   /* as enum janus_file_type */
	int32_t pid;          /* 0: not known */
	int32_t error;        /* of a gap: a negative errno */
	uint64_t lost;        /* of a gap */
	const char *path;     /* "": not known */
	const char *old_path; /* "": none */
	const char *exe;      /* NULL: not known; told in JSON only */
};

/* How lines are written; holds the second that was formatted last. */
struct watch_format {
	bool json;
	int64_t second;
	size_t prefix_length;
	char prefix[32];
};

void watch_format_init(struct watch_format *format, bool json);

/* The time as a line begins with it, JSON without the quotes: 40 bytes at most. */
char *watch_format_time(struct watch_format *format, char *at, int64_t time_ns);

/* The room that the line can need at most. */
size_t watch_format_bound(const struct watch_format *format,
			  const struct watch_line *line);

/* Write the line with its line feed to @at. Returns the end. */
char *watch_format_put(struct watch_format *format, char *at,
		       const struct watch_line *line);

#endif
