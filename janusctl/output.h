/* SPDX-License-Identifier: MIT */
/*
 * What people and programs read: lines or JSON on stdout; warnings and failures on stderr.
 * What came from a server is escaped.
 */
#ifndef JANUSCTL_OUTPUT_H
#define JANUSCTL_OUTPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A guard as janusd tells it. */
struct output_guard {
	const char *node;
	const char *pod;
	const int32_t *pids;
	size_t pid_count;
};

/* "janusctl: WHAT: MESSAGE", escaped, to stderr. */
void output_message(const char *what, const char *message);

/* One line: node, pod, pids. */
void output_guard_line(const struct output_guard *guard);

/* The same as an object. NULL: no memory. */
json_t *output_guard_json(const struct output_guard *guard);

/* A string of any bytes. NULL: no memory. */
json_t *output_string_json(const char *text);

/* Print @json, which becomes the callee's; NULL stands for no memory. Return: 0, or -1 and told. */
int output_json(json_t *json);

/* Return: 0, or -1 and told: stdout did not take all of it. */
int output_finish(void);

#endif
