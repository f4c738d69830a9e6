// SPDX-License-Identifier: MIT
#include "event_message.h"

#include <janus/event.h>

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "janus/v1/guard_service.pb-c.h"
#include "labels.h"
#include "text.h"
#include "util.h"

/* Each byte that is no UTF-8 becomes three; an escaped one becomes four. */
#define TEXT_MAX ((size_t)64 << 10)

typedef Janus__V1__Event__TagsEntry tag_entry;

/* A text from outside, and what it is where it cannot be told as it stands. */
enum {
	TEXT_PATH,
	TEXT_OLD_PATH,
	TEXT_COMM,
	TEXT_EXE,
	TEXT_CGROUP,
	TEXT_CONTAINER,
	TEXT_COUNT
};

struct event_message {
	Janus__V1__Event event;
	Janus__V1__Process process;
	tag_entry *tags;
	tag_entry **tag_pointers;
	size_t tag_room;
	struct text texts[TEXT_COUNT];
	uint8_t *bytes;
	size_t room;
};

struct event_message *event_message_create(void)
{
	struct event_message *message = calloc(1, sizeof(*message));

	if (!message)
		return NULL;
	for (size_t i = 0; i < TEXT_COUNT; i++)
		message->texts[i].limit = TEXT_MAX;
	return message;
}

void event_message_destroy(struct event_message *message)
{
	if (!message)
		return;
	for (size_t i = 0; i < TEXT_COUNT; i++)
		text_done(&message->texts[i]);
	free(message->tags);
	free(message->tag_pointers);
	free(message->bytes);
	free(message);
}

/* Packing only reads, whatever the type says. */
static char *unchanged(const char *text)
{
	return (char *)text;
}

static bool is_utf8(const char *string, size_t length)
{
	uint32_t point;

	for (size_t i = 0, taken; i < length; i += taken) {
		taken = (unsigned char)string[i] < 0x80
				? 1
				: text_utf8_next(string + i, length - i, &point);
		if (!taken)
			return false;
	}
	return true;
}

static char *replace(struct text *text, const char *string, size_t length)
{
	uint32_t point;

	text_clear(text);
	for (size_t i = 0, taken; i < length; i += taken) {
		taken = text_utf8_next(string + i, length - i, &point);
		if (taken)
			text_add(text, string + i, taken);
		else
			text_add_string(text, "\xef\xbf\xbd");
		taken += !taken;
	}
	return text->data && !text->cut ? text->data : unchanged("");
}

/* @raw is set where the text is not the path itself. */
static char *path_of(struct text *text, const char *path, ProtobufCBinaryData *raw)
{
	size_t length = strlen(path);

	*raw = (ProtobufCBinaryData){ 0, NULL };
	if (is_utf8(path, length))
		return unchanged(path);
	raw->len = length;
	raw->data = (uint8_t *)unchanged(path);
	return replace(text, path, length);
}

/* Whether escaping would leave it as it is; most are. */
static bool is_plain(const char *string)
{
	for (; *string; string++)
		if (*string < ' ' || *string > '~' || *string == '\\' || *string == '\'')
			return false;
	return true;
}

static char *escaped(struct text *text, const char *string)
{
	if (is_plain(string))
		return unchanged(string);
	text_clear(text);
	text_escape_string(text, string);
	return text->data ? text->data : unchanged("");
}

static void set_process(struct event_message *message, const struct janus_event *event)
{
	Janus__V1__Process *process = &message->process;
	struct text *texts = message->texts;

	janus__v1__process__init(process);
	process->pid = janus_event_get_pid(event);
	process->inner_pid = janus_event_get_inner_pid(event);
	process->parent_pid = janus_event_get_parent_pid(event);
	process->uid = janus_event_get_uid(event);
	process->gid = janus_event_get_gid(event);
	process->comm = escaped(&texts[TEXT_COMM], janus_event_get_comm(event));
	process->exe = escaped(&texts[TEXT_EXE], janus_event_get_exe(event));
	process->cgroup = escaped(&texts[TEXT_CGROUP], janus_event_get_cgroup(event));
	process->container = escaped(&texts[TEXT_CONTAINER],
				     janus_event_get_container_id(event));
	process->runtime = unchanged(janus_event_get_runtime(event));
	message->event.process = process;
}

static int grow_tags(struct event_message *message, size_t count)
{
	tag_entry *tags;
	tag_entry **pointers;

	if (count <= message->tag_room)
		return 0;
	tags = reallocarray(message->tags, count, sizeof(*tags));
	if (!tags)
		return -1;
	message->tags = tags;
	pointers = reallocarray(message->tag_pointers, count, sizeof(tag_entry *));
	if (!pointers)
		return -1;
	message->tag_pointers = pointers;
	message->tag_room = count;
	for (size_t i = 0; i < count; i++) {
		janus__v1__event__tags_entry__init(&tags[i]);
		pointers[i] = &tags[i];
	}
	return 0;
}

static int set_tags(struct event_message *message, const struct janus_event *event)
{
	size_t count = janus_event_get_tag_count(event);

	if (grow_tags(message, count))
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct janus_tag *tag = janus_event_get_tag(event, i);

		message->tags[i].key = unchanged(tag->key);
		message->tags[i].value = unchanged(tag->value ? tag->value : "");
	}
	message->event.n_tags = count;
	message->event.tags = message->tag_pointers;
	return 0;
}

static Janus__V1__FileType file_type_of(const struct janus_event *event)
{
	switch (janus_event_get_file_type(event)) {
	case JANUS_FILE_REGULAR:
		return JANUS__V1__FILE_TYPE__FILE_TYPE_REGULAR;
	case JANUS_FILE_DIRECTORY:
		return JANUS__V1__FILE_TYPE__FILE_TYPE_DIRECTORY;
	case JANUS_FILE_SYMLINK:
		return JANUS__V1__FILE_TYPE__FILE_TYPE_SYMLINK;
	default:
		return JANUS__V1__FILE_TYPE__FILE_TYPE_OTHER;
	}
}

static Janus__V1__Verdict verdict_of(const struct janus_event *event)
{
	switch (janus_event_get_verdict(event)) {
	case JANUS_VERDICT_ALLOW:
		return JANUS__V1__VERDICT__VERDICT_ALLOW;
	case JANUS_VERDICT_DENY:
		return JANUS__V1__VERDICT__VERDICT_DENY;
	case JANUS_VERDICT_WOULD_DENY:
		return JANUS__V1__VERDICT__VERDICT_WOULD_DENY;
	default:
		return JANUS__V1__VERDICT__VERDICT_UNSPECIFIED;
	}
}

/* Both count the kinds in the same order, and the reasons with the same numbers. */
_Static_assert(JANUS_EVENT_OPEN == 1 && JANUS_EVENT_RENAME == 1u << 8, "kinds of events");
_Static_assert(JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN == 1 &&
		       JANUS__V1__EVENT_KIND__EVENT_KIND_RENAME == 9,
	       "kinds of events");
_Static_assert((int)JANUS_REASON_RULE == JANUS__V1__REASON__REASON_RULE &&
		       (int)JANUS_REASON_DEADLINE == JANUS__V1__REASON__REASON_DEADLINE,
	       "reasons");

static void set_facts(struct event_message *message, const struct janus_event *event)
{
	Janus__V1__Event *out = &message->event;

	out->time_ns = janus_event_get_time_ns(event);
	out->kind = (Janus__V1__EventKind)ffs((int)janus_event_get_kind(event));
	out->verdict = verdict_of(event);
	out->reason = (Janus__V1__Reason)janus_event_get_reason(event);
	out->file_type = file_type_of(event);
	out->path = path_of(&message->texts[TEXT_PATH], janus_event_get_path(event),
			    &out->raw_path);
	out->old_path = path_of(&message->texts[TEXT_OLD_PATH],
				janus_event_get_old_path(event), &out->raw_old_path);
}

static int reserve(struct event_message *message, size_t size)
{
	uint8_t *bytes;

	if (size <= message->room)
		return 0;
	bytes = realloc(message->bytes, size);
	if (!bytes)
		return -1;
	message->bytes = bytes;
	message->room = size;
	return 0;
}

struct wire_bytes event_message_pack(struct event_message *message,
				     const struct janus_event *event,
				     const struct label *label, uint64_t sequence)
{
	const struct wire_bytes none = { NULL, 0 };
	Janus__V1__Event *out = &message->event;
	size_t size;

	janus__v1__event__init(out);
	out->sequence = sequence;
	if (label) {
		out->guard = unchanged(label->name);
		out->pod = unchanged(label->pod);
		out->node = unchanged(label->node);
		out->generation = label->generation;
	}
	set_facts(message, event);
	set_process(message, event);
	if (set_tags(message, event))
		return none;
	size = janus__v1__event__get_packed_size(out);
	if (reserve(message, size))
		return none;
	janus__v1__event__pack(out, message->bytes);
	return (struct wire_bytes){ message->bytes, size };
}
