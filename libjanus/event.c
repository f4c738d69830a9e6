// SPDX-License-Identifier: MIT
/*
 * Owns the events that the caller looks at, and one reference on a spec for each of them.
 */
#include "event.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

#define CAPACITY_DEFAULT 256
#define CAPACITY_MAX 65536
#define PATH_ROOM 128 /* an event, on average */

struct janus_event {
	struct janus__record record;
	const char *path;
	const char *old_path; /* behind it in the same text; "": none */
};

struct janus_event_buffer {
	size_t capacity;
	size_t count;
	size_t text_size;
	size_t text_used;
	char *text; /* the paths */
	struct janus_event events[];
};

int janus_event_buffer_create(struct janus_event_buffer **ret, size_t capacity)
{
	struct janus_event_buffer *buffer;

	if (!ret || capacity > CAPACITY_MAX)
		return -EINVAL;
	if (capacity == 0)
		capacity = CAPACITY_DEFAULT;
	buffer = calloc(1, sizeof(*buffer) + capacity * sizeof(buffer->events[0]));
	if (!buffer)
		return -ENOMEM;
	buffer->capacity = capacity;
	buffer->text_size = (size_t)2 * PATH_MAX + capacity * PATH_ROOM;
	buffer->text = malloc(buffer->text_size);
	if (!buffer->text) {
		free(buffer);
		return -ENOMEM;
	}
	*ret = buffer;
	return 0;
}

void janus__event_buffer_clear(struct janus_event_buffer *buffer)
{
	for (size_t i = 0; i < buffer->count; i++)
		janus__spec_unref(buffer->events[i].record.spec);
	buffer->count = 0;
	buffer->text_used = 0;
}

void janus_event_buffer_destroy(struct janus_event_buffer *buffer)
{
	if (!buffer)
		return;
	janus__event_buffer_clear(buffer);
	free(buffer->text);
	free(buffer);
}

bool janus__event_buffer_append(struct janus_event_buffer *buffer,
				const struct janus__record *record, const char *path,
				size_t path_length)
{
	char *text = buffer->text + buffer->text_used;

	if (buffer->count == buffer->capacity ||
	    path_length >= buffer->text_size - buffer->text_used)
		return false;
	memcpy(text, path, path_length);
	text[path_length] = '\0';
	buffer->text_used += path_length + 1;
	buffer->events[buffer->count++] = (struct janus_event){
		.record = *record,
		.path = text,
		.old_path = text +
			    (strlen(text) < path_length ? strlen(text) + 1 : path_length),
	};
	return true;
}

size_t janus_event_buffer_get_count(const struct janus_event_buffer *buffer)
{
	return buffer ? buffer->count : 0;
}

const struct janus_event *janus_event_buffer_get(const struct janus_event_buffer *buffer,
						 size_t index)
{
	return index < buffer->count ? &buffer->events[index] : NULL;
}

int janus_event_copy(const struct janus_event *event, struct janus_event **ret)
{
	struct janus_event *copy;
	size_t text_size;

	if (!event || !ret)
		return -EINVAL;
	text_size = (size_t)(event->old_path - event->path) + strlen(event->old_path) + 1;
	copy = malloc(sizeof(*copy) + text_size);
	if (!copy)
		return -ENOMEM;
	copy->record = event->record;
	copy->path = memcpy(copy + 1, event->path, text_size);
	copy->old_path = copy->path + (event->old_path - event->path);
	if (copy->record.spec)
		janus__spec_ref(copy->record.spec);
	*ret = copy;
	return 0;
}

void janus_event_destroy(struct janus_event *event)
{
	if (!event)
		return;
	janus__spec_unref(event->record.spec);
	free(event);
}

uint32_t janus_event_get_kind(const struct janus_event *event)
{
	return event->record.kind;
}

uint32_t janus_event_get_verdict(const struct janus_event *event)
{
	return event->record.verdict;
}

uint32_t janus_event_get_reason(const struct janus_event *event)
{
	return event->record.reason;
}

const char *janus_event_get_path(const struct janus_event *event)
{
	return event->path;
}

const char *janus_event_get_old_path(const struct janus_event *event)
{
	return event->old_path;
}

uint32_t janus_event_get_file_type(const struct janus_event *event)
{
	return event->record.file_type;
}

int32_t janus_event_get_error(const struct janus_event *event)
{
	return event->record.error;
}

bool janus_event_is_directory(const struct janus_event *event)
{
	return event->record.file_type == JANUS_FILE_DIRECTORY;
}

int32_t janus_event_get_pid(const struct janus_event *event)
{
	return event->record.pid;
}

int64_t janus_event_get_time_ns(const struct janus_event *event)
{
	return event->record.time_ns;
}

uint64_t janus_event_get_sequence(const struct janus_event *event)
{
	return event->record.sequence;
}

uint64_t janus_event_get_watch_id(const struct janus_event *event)
{
	return event->record.spec ? event->record.spec->watch_id : 0;
}

uint64_t janus_event_get_cookie(const struct janus_event *event)
{
	return event->record.spec ? event->record.spec->cookie : 0;
}

/* NULL: a gap. */
static const struct janus__subject *subject_of(const struct janus_event *event)
{
	const struct janus__record *record = &event->record;

	return record->spec ? janus__spec_subject_of(record->spec, record->rule) : NULL;
}

size_t janus_event_get_subject(const struct janus_event *event)
{
	return event->record.rule ? event->record.rule->subject : 0;
}

size_t janus_event_get_tag_count(const struct janus_event *event)
{
	const struct janus__subject *subject = subject_of(event);

	return subject ? subject->tag_count : 0;
}

const struct janus_tag *janus_event_get_tag(const struct janus_event *event, size_t index)
{
	const struct janus__subject *subject = subject_of(event);

	return subject && index < subject->tag_count ? &subject->tags[index] : NULL;
}

uint64_t janus_event_get_lost_count(const struct janus_event *event)
{
	return event->record.lost;
}
