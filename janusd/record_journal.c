// SPDX-License-Identifier: MIT
/*
 * A record as journald's native protocol has it: KEY=value, or, for a value of any bytes, KEY, its
 * length in 64 bits, little end first, and the bytes.
 */
#include <janus/error.h>

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "record_format.h"
#include "text_json.h"
#include "util.h"

struct field {
	enum record_string which;
	const char *name;
};

static const struct field fields[] = {
	{ RECORD_PATH, "JANUS_PATH" },
	{ RECORD_OLD_PATH, "JANUS_OLD_PATH" },
	{ RECORD_GUARD, "JANUS_GUARD" },
	{ RECORD_POD, "JANUS_POD" },
	{ RECORD_NODE, "JANUS_NODE" },
	{ RECORD_COMM, "JANUS_COMM" },
	{ RECORD_EXE, "JANUS_EXE" },
	{ RECORD_CGROUP, "JANUS_CGROUP" },
	{ RECORD_CONTAINER, "JANUS_CONTAINER_ID" },
	{ RECORD_RUNTIME, "JANUS_CONTAINER_RUNTIME" },
};

static bool is_plain(const char *value, size_t length)
{
	return !memchr(value, '\n', length) && text_is_utf8(value, length);
}

static void add_field(struct text *out, const char *name, const char *value,
		      size_t length)
{
	uint64_t size = htole64(length);

	text_add_string(out, name);
	if (is_plain(value, length)) {
		text_add(out, "=", 1);
	} else {
		text_add(out, "\n", 1);
		text_add(out, (const char *)&size, sizeof(size));
	}
	text_add(out, value, length);
	text_add(out, "\n", 1);
}

static void add_string(struct text *out, const char *name, const char *value)
{
	add_field(out, name, value, strlen(value));
}

static void add_number(struct text *out, const char *name, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	add_string(out, name, digits);
}

static void add_pid(struct text *out, const char *name, int32_t pid)
{
	if (pid > 0)
		add_number(out, name, (uint64_t)pid);
}

static void add_id(struct text *out, const char *name, uint32_t id)
{
	if (id != UINT32_MAX)
		add_number(out, name, id);
}

static void add_us(struct text *out, const char *name, int64_t time_ns)
{
	add_number(out, name, (uint64_t)(time_ns / 1000));
}

static void add_who(struct text *out, const struct record *record)
{
	add_pid(out, "JANUS_PID", record->pid);
	add_pid(out, "JANUS_TID", record->tid);
	add_pid(out, "JANUS_INNER_PID", record->inner_pid);
	add_pid(out, "JANUS_PARENT_PID", record->parent_pid);
	add_id(out, "JANUS_UID", record->uid);
	add_id(out, "JANUS_GID", record->gid);
}

/* A field may stand more than once: each tag is one JANUS_TAG. */
static void add_tags(struct text *out, const struct record *record)
{
	static const char name[] = "JANUS_TAG";

	for (size_t i = 0; i < record->tag_count; i++) {
		const struct janus_tag *tag = &record->tags[i];
		const char *value = tag->value ? tag->value : "";
		size_t key_length = strlen(tag->key), value_length = strlen(value);
		uint64_t size = htole64(key_length + 1 + value_length);

		text_add_string(out, name);
		text_add(out, "\n", 1);
		text_add(out, (const char *)&size, sizeof(size));
		text_add(out, tag->key, key_length);
		text_add(out, "=", 1);
		text_add(out, value, value_length);
		text_add(out, "\n", 1);
	}
}

static void begin(struct text *out, uint64_t priority)
{
	add_number(out, "PRIORITY", priority);
	add_string(out, "SYSLOG_IDENTIFIER", "janusd");
	add_number(out, "JANUS_SCHEMA", RECORD_SCHEMA);
	text_add_string(out, "MESSAGE=");
}

void record_journal(const struct record *record, struct text *out)
{
	begin(out, (uint64_t)record_priority(record));
	text_add_string(out, record->text[RECORD_LINE]);
	record_add_count(record, out);
	text_add(out, "\n", 1);
	add_string(out, "JANUS_VERDICT", record_verdict(record));
	if (record->reason)
		add_string(out, "JANUS_REASON", janus_reason_name(record->reason));
	add_string(out, "JANUS_EVENT", janus_event_kind_name(record->kind));
	add_string(out, "JANUS_FILE_TYPE", janus_file_type_name(record->file_type));
	add_number(out, "JANUS_SEQUENCE", record->sequence);
	if (record->generation)
		add_number(out, "JANUS_GENERATION", record->generation);
	add_number(out, "JANUS_COUNT", record->count);
	add_us(out, "JANUS_TIME_USEC", record->first_ns);
	if (record->count > 1)
		add_us(out, "JANUS_LAST_USEC", record->last_ns);
	add_who(out, record);
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
		if (*record->text[fields[i].which])
			add_string(out, fields[i].name, record->text[fields[i].which]);
	add_tags(out, record);
}

void record_journal_loss(const struct record_loss *loss, struct text *out)
{
	begin(out, 4);
	record_add_loss(loss, out);
	text_add(out, "\n", 1);
	add_number(out, "JANUS_DROPPED_QUEUE", loss->drops.queue);
	add_number(out, "JANUS_DROPPED_RATE", loss->drops.rate);
	add_number(out, "JANUS_DROPPED_ERROR", loss->drops.error);
}
