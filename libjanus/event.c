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
#define TEXT_ROOM 256 /* an event, on average */
#define TEXT_MAX ((size_t)(JANUS__TEXT_COUNT + 1) * PATH_MAX + JANUS__CGROUPS_SIZE)

struct janus_event {
	struct janus__record record;
	struct janus__texts texts; /* terminated */
};

struct janus_event_buffer {
	size_t capacity;
	size_t count;
	size_t text_size;
	size_t text_used;
	char *text;
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
	buffer->text_size = TEXT_MAX + capacity * TEXT_ROOM;
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
				const struct janus__record *record,
				const struct janus__texts *texts)
{
	size_t size = janus__texts_size(texts);
	struct janus_event *event = &buffer->events[buffer->count];

	if (buffer->count == buffer->capacity ||
	    size > buffer->text_size - buffer->text_used)
		return false;
	event->record = *record;
	janus__texts_copy(buffer->text + buffer->text_used, texts, &event->texts);
	buffer->text_used += size;
	buffer->count++;
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

	if (!event || !ret)
		return -EINVAL;
	copy = malloc(sizeof(*copy) + janus__texts_size(&event->texts));
	if (!copy)
		return -ENOMEM;
	copy->record = event->record;
	janus__texts_copy((char *)(copy + 1), &event->texts, &copy->texts);
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
	return event->texts.at[JANUS__TEXT_PATH];
}

const char *janus_event_get_old_path(const struct janus_event *event)
{
	return event->texts.at[JANUS__TEXT_OLD_PATH];
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
	return event->record.who.pid;
}

bool janus_event_is_process_gone(const struct janus_event *event)
{
	return event->record.who.gone;
}

int32_t janus_event_get_tid(const struct janus_event *event)
{
	return event->record.who.tid;
}

int32_t janus_event_get_inner_pid(const struct janus_event *event)
{
	return event->record.who.pid_inside;
}

int32_t janus_event_get_parent_pid(const struct janus_event *event)
{
	return event->record.who.parent_pid;
}

/* A gap is nobody's. */
static bool is_known(const struct janus_event *event)
{
	return event->record.who.pid && !event->record.who.gone;
}

uint32_t janus_event_get_uid(const struct janus_event *event)
{
	return is_known(event) ? event->record.who.uid : UINT32_MAX;
}

uint32_t janus_event_get_gid(const struct janus_event *event)
{
	return is_known(event) ? event->record.who.gid : UINT32_MAX;
}

const char *janus_event_get_comm(const struct janus_event *event)
{
	return event->record.who.comm;
}

const char *janus_event_get_exe(const struct janus_event *event)
{
	return event->texts.at[JANUS__TEXT_EXE];
}

const char *janus_event_get_cgroup(const struct janus_event *event)
{
	return event->texts.at[JANUS__TEXT_CGROUP];
}

const char *janus_event_get_container_id(const struct janus_event *event)
{
	return event->texts.at[JANUS__TEXT_CONTAINER];
}

const char *janus_event_get_runtime(const struct janus_event *event)
{
	const char *runtime = event->record.who.runtime;

	return runtime ? runtime : "";
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

/* NULL: a gap, or a watch as such. */
static const struct janus__subject *subject_of(const struct janus_event *event)
{
	const struct janus__record *record = &event->record;

	return record->rule ? janus__spec_subject_of(record->spec, record->rule) : NULL;
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

uint64_t janus__event_ticket(const struct janus_event *event)
{
	return event->record.ticket;
}
