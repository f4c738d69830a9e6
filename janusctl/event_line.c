// SPDX-License-Identifier: MIT
#include "event_line.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "event_words.h"
#include "util.h"
#include "watch_string.h"

#define OTHER_BYTES 1024 /* all of a line but its texts */

/* janusd always sends one. */
static const Janus__V1__Process nobody = JANUS__V1__PROCESS__INIT;

static const Janus__V1__Process *process_of(const Janus__V1__Event *event)
{
	return event->process ? event->process : &nobody;
}

size_t event_line_bound(const Janus__V1__Event *event)
{
	const Janus__V1__Process *who = process_of(event);
	size_t length = strlen(event->path) + event->raw_path.len +
			strlen(event->old_path) + event->raw_old_path.len +
			strlen(event->guard) + strlen(event->pod) + strlen(event->node) +
			strlen(who->comm) + strlen(who->exe) + strlen(who->cgroup) +
			strlen(who->container) + strlen(who->runtime);

	for (size_t i = 0; i < event->n_tags; i++)
		length += strlen(event->tags[i]->key) + strlen(event->tags[i]->value) + 2;
	return OTHER_BYTES + length * WATCH_STRING_JSON_FACTOR;
}

/* The path with the bytes that it has. NULL: no memory. */
static char *bytes_of(const char *path, const ProtobufCBinaryData *raw)
{
	return raw->len ? strndup((const char *)raw->data, raw->len) : strdup(path);
}

struct paths {
	char *path;
	char *old_path;
};

static void paths_done(struct paths *paths)
{
	free(paths->path);
	free(paths->old_path);
}

static char *put_named(char *at, const char *name, const char *text)
{
	if (!*text)
		return at;
	*at++ = ' ';
	at = watch_string_put(at, name);
	*at++ = '=';
	return watch_string_text(at, text);
}

/* Numbers of processes and users; those that are not known are left out. */
static char *put_pid(char *at, int32_t pid)
{
	if (pid <= 0)
		return at;
	at = watch_string_put(at, " pid=");
	return watch_string_number(at, (uint64_t)pid);
}

static char *put_text(char *at, const Janus__V1__Event *event, const struct paths *paths)
{
	const Janus__V1__Process *who = process_of(event);

	*at++ = ' ';
	at = watch_string_put(at, event_word_of_verdict(event->verdict));
	*at++ = ' ';
	at = watch_string_put(at, event_word_of_kind(event->kind));
	*at++ = ',';
	at = watch_string_put(at, event_word_of_type(event->file_type));
	*at++ = ' ';
	if (*paths->old_path) {
		at = watch_string_text(at, paths->old_path);
		at = watch_string_put(at, " -> ");
	}
	at = watch_string_text(at, *paths->path ? paths->path : "?");
	at = put_named(at, "guard", event->guard);
	at = put_named(at, "pod", event->pod);
	at = put_pid(at, who->pid);
	return put_named(at, "exe", who->exe);
}

static char *put_number(char *at, const char *name, int64_t number, int64_t unknown)
{
	at = watch_string_put(at, ",\"");
	at = watch_string_put(at, name);
	at = watch_string_put(at, "\":");
	if (number == unknown)
		return watch_string_put(at, "null");
	return watch_string_number(at, (uint64_t)number);
}

static char *put_text_or_null(char *at, const char *name, const char *text)
{
	if (*text)
		return watch_string_json(at, name, text);
	at = watch_string_put(at, ",\"");
	at = watch_string_put(at, name);
	return watch_string_put(at, "\":null");
}

/* Keys are from outside, too. NULL: no memory. */
static char *put_tags(char *at, const Janus__V1__Event *event)
{
	json_t *tags = json_object();
	size_t room = OTHER_BYTES, size;

	for (size_t i = 0; tags && i < event->n_tags; i++) {
		const Janus__V1__Event__TagsEntry *tag = event->tags[i];

		room += (strlen(tag->key) + strlen(tag->value) + 2) *
			WATCH_STRING_JSON_FACTOR;
		/* What is no UTF-8 is refused, and was by janusd. */
		json_object_set_new(tags, tag->key, json_string(tag->value));
	}
	at = watch_string_put(at, ",\"tags\":");
	size = tags ? json_dumpb(tags, at, room, JSON_COMPACT | JSON_ENSURE_ASCII) : 0;
	json_decref(tags);
	return size ? at + size : NULL;
}

static char *put_who(char *at, const Janus__V1__Process *who)
{
	at = put_number(at, "pid", who->pid, 0);
	at = put_text_or_null(at, "exe", who->exe);
	at = put_text_or_null(at, "comm", who->comm);
	at = put_number(at, "inner_pid", who->inner_pid, 0);
	at = put_number(at, "parent_pid", who->parent_pid, 0);
	at = put_number(at, "uid", who->uid, UINT32_MAX);
	at = put_number(at, "gid", who->gid, UINT32_MAX);
	at = put_text_or_null(at, "cgroup", who->cgroup);
	at = put_text_or_null(at, "container", who->container);
	return put_text_or_null(at, "runtime", who->runtime);
}

static char *put_json(char *at, const Janus__V1__Event *event, const struct paths *paths)
{
	at = watch_string_json(at, "event", event_word_of_kind(event->kind));
	at = put_text_or_null(at, "path", paths->path);
	at = put_text_or_null(at, "old_path", paths->old_path);
	at = watch_string_json(at, "ftype", event_word_of_type(event->file_type));
	at = put_who(at, process_of(event));
	at = put_number(at, "sequence", (int64_t)event->sequence, -1);
	at = watch_string_json(at, "verdict", event_word_of_verdict(event->verdict));
	at = watch_string_json(at, "reason", event_word_of_reason(event->reason));
	at = put_text_or_null(at, "guard", event->guard);
	at = put_text_or_null(at, "pod", event->pod);
	at = put_text_or_null(at, "node", event->node);
	at = put_number(at, "generation", (int64_t)event->generation, -1);
	at = put_tags(at, event);
	if (at)
		*at++ = '}';
	return at;
}

char *event_line_put(struct watch_format *format, char *at, const Janus__V1__Event *event)
{
	cleanup(paths_done) struct paths paths = {
		bytes_of(event->path, &event->raw_path),
		bytes_of(event->old_path, &event->raw_old_path),
	};

	if (!paths.path || !paths.old_path)
		return NULL;
	if (format->json) {
		at = watch_string_put(at, "{\"time\":\"");
		at = watch_format_time(format, at, event->time_ns);
		*at++ = '"';
		at = put_json(at, event, &paths);
	} else {
		at = watch_format_time(format, at, event->time_ns);
		at = put_text(at, event, &paths);
	}
	if (at)
		*at++ = '\n';
	return at;
}
