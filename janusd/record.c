// SPDX-License-Identifier: MIT
#include "record.h"

#include <janus/error.h>
#include <janus/event.h>

#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "util.h"

static void set_tags(struct record *record, const struct janus_event *event)
{
	size_t count = janus_event_get_tag_count(event);

	record->tag_count = count < RECORD_TAGS_MAX ? count : RECORD_TAGS_MAX;
	for (size_t i = 0; i < record->tag_count; i++)
		record->tags[i] = *janus_event_get_tag(event, i);
}

static void set_who(struct record *record, const struct janus_event *event)
{
	record->pid = janus_event_get_pid(event);
	record->tid = janus_event_get_tid(event);
	record->inner_pid = janus_event_get_inner_pid(event);
	record->parent_pid = janus_event_get_parent_pid(event);
	record->uid = janus_event_get_uid(event);
	record->gid = janus_event_get_gid(event);
	record->text[RECORD_COMM] = janus_event_get_comm(event);
	record->text[RECORD_EXE] = janus_event_get_exe(event);
	record->text[RECORD_CGROUP] = janus_event_get_cgroup(event);
	record->text[RECORD_CONTAINER] = janus_event_get_container_id(event);
	record->text[RECORD_RUNTIME] = janus_event_get_runtime(event);
}

void record_init(struct record *ret, const struct janus_event *event,
		 const struct label *label)
{
	ret->kind = janus_event_get_kind(event);
	ret->verdict = janus_event_get_verdict(event);
	ret->reason = janus_event_get_reason(event);
	ret->file_type = janus_event_get_file_type(event);
	ret->sequence = janus_event_get_sequence(event);
	ret->generation = label ? label->generation : 0;
	ret->count = 1;
	ret->first_ns = ret->last_ns = janus_event_get_time_ns(event);
	ret->text[RECORD_PATH] = janus_event_get_path(event);
	ret->text[RECORD_OLD_PATH] = janus_event_get_old_path(event);
	ret->text[RECORD_GUARD] = label ? label->name : "";
	ret->text[RECORD_POD] = label ? label->pod : "";
	ret->text[RECORD_NODE] = label ? label->node : "";
	ret->text[RECORD_LINE] = "";
	set_who(ret, event);
	set_tags(ret, event);
}

const char *record_verdict(const struct record *record)
{
	return record->verdict ? janus_verdict_name(record->verdict) : "OBSERVED";
}

int record_priority(const struct record *record)
{
	if (record->verdict == JANUS_VERDICT_DENY)
		return 4;
	return record->verdict == JANUS_VERDICT_WOULD_DENY ? 5 : 6;
}

static size_t strings_size(const struct record *record)
{
	size_t size = 0;

	for (size_t i = 0; i < RECORD_STRING_COUNT; i++)
		size += strlen(record->text[i]) + 1;
	for (size_t i = 0; i < record->tag_count; i++) {
		size += strlen(record->tags[i].key) + 1;
		if (record->tags[i].value)
			size += strlen(record->tags[i].value) + 1;
	}
	return size;
}

static const char *move_string(char **at, const char *string)
{
	size_t size = strlen(string) + 1;
	char *start = memcpy(*at, string, size);

	*at += size;
	return start;
}

struct record *record_copy(const struct record *record)
{
	struct record *copy = malloc(sizeof(*copy) + strings_size(record));
	char *at = (char *)(copy + 1);

	if (!copy)
		return NULL;
	*copy = *record;
	for (size_t i = 0; i < RECORD_STRING_COUNT; i++)
		copy->text[i] = move_string(&at, record->text[i]);
	for (size_t i = 0; i < record->tag_count; i++) {
		copy->tags[i].key = move_string(&at, record->tags[i].key);
		if (record->tags[i].value)
			copy->tags[i].value = move_string(&at, record->tags[i].value);
	}
	return copy;
}

static const enum record_string identity[] = {
	RECORD_PATH,  RECORD_OLD_PATH, RECORD_EXE,  RECORD_CONTAINER,
	RECORD_GUARD, RECORD_POD,      RECORD_NODE,
};

bool record_is_same(const struct record *one, const struct record *other)
{
	if (one->kind != other->kind || one->verdict != other->verdict ||
	    one->reason != other->reason || one->file_type != other->file_type ||
	    one->uid != other->uid || one->gid != other->gid ||
	    one->generation != other->generation)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(identity); i++)
		if (strcmp(one->text[identity[i]], other->text[identity[i]]) != 0)
			return false;
	return true;
}

/* FNV-1a. */
uint64_t record_hash(const struct record *record)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ record->kind ^
			(uint64_t)record->verdict << 32;

	for (size_t i = 0; i < ARRAY_COUNT(identity); i++) {
		const char *at = record->text[identity[i]];

		do
			hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
		while (*at++);
	}
	return hash ^ hash >> 32;
}
