/* SPDX-License-Identifier: MIT */
/*
 * The template of a guard's records: compiled once, rendered for each record. Pure.
 *
 * {response} {event} {ftype} {path} {pod} {node} {tags} stand for values, and so do, for who
 * it was, {pid} {nspid} {ppid} {comm} {exe} {uid} {gid} {cgroup} {container} {runtime}; {{ and
 * }} stand for braces. What is unknown is told as "-". Values are escaped (see text.h), control
 * characters of the template itself too; line feeds at its end are dropped. So a record is one
 * line, whatever it holds.
 */
#ifndef JANUSD_TEMPLATE_H
#define JANUSD_TEMPLATE_H

#include <janus/watch.h>

#include <stddef.h>

#include "text.h"

#define TEMPLATE_DEFAULT "<{response}> {event} {ftype} '{path}' ({pod}:{node}) {tags}"
#define TEMPLATE_ERROR_SIZE 320

struct template;

enum template_value {
	VALUE_RESPONSE,
	VALUE_EVENT,
	VALUE_FTYPE,
	VALUE_PATH,
	VALUE_POD,
	VALUE_NODE,
	VALUE_PID,
	VALUE_NSPID,
	VALUE_PPID,
	VALUE_COMM,
	VALUE_EXE,
	VALUE_UID,
	VALUE_GID,
	VALUE_CGROUP,
	VALUE_CONTAINER,
	VALUE_RUNTIME,
	VALUE_COUNT,
};

struct template_values {
	const char *text[VALUE_COUNT];       /* NULL: unknown */
	const struct janus_tag *const *tags; /* printed k=v,k=v in this order */
	size_t tag_count;
};

/*
 * @format: UTF-8; NULL or empty: TEMPLATE_DEFAULT.
 * Return: 0, -EINVAL with the cause in @error, or -ENOMEM.
 */
int template_compile(struct template **ret, const char *format,
		     char error[TEMPLATE_ERROR_SIZE]);

void template_destroy(struct template *template);

/* Adds to @line. */
void template_render(const struct template *template,
		     const struct template_values *values, struct text *line);

#endif
