// SPDX-License-Identifier: MIT
/*
 * One JSON object a line, in the names of the Elastic Common Schema; docs/records.schema.json.
 */
#include <janus/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "record_format.h"
#include "text_json.h"
#include "util.h"

#define ECS_VERSION "8.11.0"

/* What is longer is cut, and so RECORD_MAX_BYTES is never reached. */
#define STRING_MOST ((size_t)4352) /* PATH_MAX, and " (deleted)" behind it */
#define TAGS_MOST ((size_t)16384)  /* keys and values together */

struct json {
	struct text *out;
	bool first; /* nothing stands in the innermost object yet */
	bool cut;   /* something was left out for its length */
};

/* Where a string of a record goes, and what raw bytes of it are called. */
struct field {
	enum record_string which;
	const char *name;
	const char *full_name;
};

static const struct field file_fields[] = { { RECORD_PATH, "path", "file.path" } };
static const struct field process_fields[] = {
	{ RECORD_COMM, "name", "process.name" },
	{ RECORD_EXE, "executable", "process.executable" },
};
static const struct field container_fields[] = {
	{ RECORD_CONTAINER, "id", "container.id" },
	{ RECORD_RUNTIME, "runtime", "container.runtime" },
};
static const struct field pod_fields[] = {
	{ RECORD_POD, "name", "orchestrator.resource.name" },
};
static const struct field host_fields[] = { { RECORD_NODE, "name", "host.name" } };
static const struct field janus_fields[] = {
	{ RECORD_GUARD, "guard", "janus.guard" },
	{ RECORD_OLD_PATH, "old_path", "janus.old_path" },
	{ RECORD_CGROUP, "cgroup", "janus.cgroup" },
};

struct fields {
	const struct field *list;
	size_t count;
};

#define FIELDS(array)                                                                    \
	{                                                                                \
		array, ARRAY_COUNT(array)                                                \
	}

static const struct fields all_fields[] = {
	FIELDS(file_fields), FIELDS(process_fields), FIELDS(container_fields),
	FIELDS(pod_fields),  FIELDS(host_fields),    FIELDS(janus_fields),
};

static void add_name(struct json *json, const char *name)
{
	if (!json->first)
		text_add(json->out, ",", 1);
	json->first = false;
	text_add(json->out, "\"", 1);
	text_add_string(json->out, name);
	text_add(json->out, "\":", 2);
}

static void open_object(struct json *json, const char *name)
{
	add_name(json, name);
	text_add(json->out, "{", 1);
	json->first = true;
}

static void close_object(struct json *json)
{
	text_add(json->out, "}", 1);
	json->first = false;
}

/* Between two characters. */
static size_t limit_length(const char *string)
{
	size_t length = strnlen(string, STRING_MOST + 1);

	if (length <= STRING_MOST)
		return length;
	length = STRING_MOST;
	while (length && ((unsigned char)string[length] & 0xc0) == 0x80 &&
	       STRING_MOST - length < 3)
		length--;
	return length;
}

static void add_string(struct json *json, const char *name, const char *string)
{
	size_t length = limit_length(string);

	json->cut |= string[length] != '\0';
	add_name(json, name);
	text_json_string(json->out, string, length);
}

/* Of our own words, in which nothing has to be escaped. */
static void add_word(struct json *json, const char *name, const char *word)
{
	add_name(json, name);
	text_add(json->out, "\"", 1);
	text_add_string(json->out, word);
	text_add(json->out, "\"", 1);
}

static void add_number(struct json *json, const char *name, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	add_name(json, name);
	text_add_string(json->out, digits);
}

static void add_pid(struct json *json, const char *name, int32_t pid)
{
	if (pid > 0)
		add_number(json, name, (uint64_t)pid);
}

static void add_time(struct json *json, const char *name, int64_t time_ns)
{
	char when[RECORD_TIME_SIZE];

	add_word(json, name, record_time(when, time_ns, 9));
}

static void add_fields(struct json *json, const struct record *record,
		       struct fields fields)
{
	for (size_t i = 0; i < fields.count; i++)
		if (*record->text[fields.list[i].which])
			add_string(json, fields.list[i].name,
				   record->text[fields.list[i].which]);
}

/* An object of nothing but strings; none at all where all of these are unknown. */
static void add_group(struct json *json, const char *name, const struct record *record,
		      struct fields fields)
{
	bool known = false;

	for (size_t i = 0; i < fields.count; i++)
		known |= *record->text[fields.list[i].which] != '\0';
	if (!known)
		return;
	open_object(json, name);
	add_fields(json, record, fields);
	close_object(json);
}

static const char *type_of_kind(uint32_t kind)
{
	switch (kind) {
	case JANUS_EVENT_EXEC:
		return "start";
	case JANUS_EVENT_CREATE:
		return "creation";
	case JANUS_EVENT_DELETE:
		return "deletion";
	case JANUS_EVENT_OPEN:
	case JANUS_EVENT_ACCESS:
		return "access";
	default:
		return "change";
	}
}

static void add_type(struct json *json, const struct record *record)
{
	add_name(json, "type");
	text_add_string(json->out, "[\"");
	text_add_string(json->out, type_of_kind(record->kind));
	if (record->verdict == JANUS_VERDICT_DENY)
		text_add_string(json->out, "\",\"denied");
	else if (record->verdict == JANUS_VERDICT_ALLOW ||
		 record->verdict == JANUS_VERDICT_WOULD_DENY)
		text_add_string(json->out, "\",\"allowed");
	text_add_string(json->out, "\"]");
}

static const char *outcome_of(uint32_t verdict)
{
	if (verdict == JANUS_VERDICT_DENY)
		return "failure";
	return verdict == JANUS_VERDICT_ASK ? "unknown" : "success";
}

static void add_event(struct json *json, const struct record *record)
{
	open_object(json, "event");
	add_word(json, "kind", record_priority(record) < 6 ? "alert" : "event");
	add_name(json, "category");
	text_add_string(json->out, record->kind == JANUS_EVENT_EXEC
					   ? "[\"file\",\"process\"]"
					   : "[\"file\"]");
	add_type(json, record);
	add_word(json, "action", janus_event_kind_name(record->kind));
	add_word(json, "outcome", outcome_of(record->verdict));
	add_word(json, "provider", "janusd");
	add_number(json, "sequence", record->sequence);
	if (record->count > 1) {
		add_time(json, "start", record->first_ns);
		add_time(json, "end", record->last_ns);
	}
	close_object(json);
}

static const char *file_type(uint32_t type)
{
	if (type == JANUS_FILE_DIRECTORY)
		return "dir";
	return janus_file_type_name(type);
}

static void add_file(struct json *json, const struct record *record)
{
	open_object(json, "file");
	add_fields(json, record, (struct fields)FIELDS(file_fields));
	add_word(json, "type", file_type(record->file_type));
	close_object(json);
}

static void add_inner_pid(struct json *json, const char *object, const char *name,
			  int32_t pid)
{
	if (pid <= 0)
		return;
	open_object(json, object);
	add_pid(json, name, pid);
	close_object(json);
}

static void add_process(struct json *json, const struct record *record)
{
	if (record->pid <= 0 && !*record->text[RECORD_COMM] && !*record->text[RECORD_EXE])
		return;
	open_object(json, "process");
	add_pid(json, "pid", record->pid);
	add_inner_pid(json, "thread", "id", record->tid);
	add_inner_pid(json, "parent", "pid", record->parent_pid);
	add_fields(json, record, (struct fields)FIELDS(process_fields));
	close_object(json);
}

/* ECS has ids of users as words. */
static void add_id(struct json *json, const char *object, uint32_t id)
{
	char digits[16];

	if (id == UINT32_MAX)
		return;
	snprintf(digits, sizeof(digits), "%" PRIu32, id);
	open_object(json, object);
	add_word(json, "id", digits);
	close_object(json);
}

static bool is_clean(const char *string)
{
	return text_is_utf8(string, strlen(string));
}

static const char *value_of(const struct janus_tag *tag)
{
	return tag->value ? tag->value : "";
}

static size_t tag_length(const struct janus_tag *tag)
{
	return strnlen(tag->key, STRING_MOST) + strnlen(value_of(tag), STRING_MOST);
}

/* How many of them are told. */
static size_t count_tags(const struct record *record)
{
	size_t bytes = 0;

	for (size_t i = 0; i < record->tag_count; i++) {
		bytes += tag_length(&record->tags[i]);
		if (bytes > TAGS_MOST)
			return i;
	}
	return record->tag_count;
}

/* No name stands twice in an object; of a guard no two tags have the same key. */
static bool has_own_key(const struct record *record, size_t which)
{
	for (size_t i = 0; i < which; i++)
		if (!strncmp(record->tags[i].key, record->tags[which].key, STRING_MOST))
			return false;
	return true;
}

static void add_labels(struct json *json, const struct record *record)
{
	size_t count = count_tags(record);

	json->cut |= count < record->tag_count;
	if (!count)
		return;
	open_object(json, "labels");
	for (size_t i = 0; i < count; i++) {
		const struct janus_tag *tag = &record->tags[i];

		if (!is_clean(tag->key) || !has_own_key(record, i))
			continue;
		if (!json->first)
			text_add(json->out, ",", 1);
		json->first = false;
		text_json_string(json->out, tag->key, limit_length(tag->key));
		text_add(json->out, ":", 1);
		text_json_string(json->out, value_of(tag), limit_length(value_of(tag)));
	}
	close_object(json);
}

static void add_base64(struct json *json, const char *name, const char *string)
{
	add_name(json, name);
	text_add(json->out, "\"", 1);
	text_base64(json->out, string, limit_length(string));
	text_add(json->out, "\"", 1);
}

static bool has_raw_tag(const struct record *record)
{
	for (size_t i = 0; i < count_tags(record); i++)
		if (!is_clean(record->tags[i].key) ||
		    !is_clean(value_of(&record->tags[i])))
			return true;
	return false;
}

static void add_raw_tags(struct json *json, const struct record *record)
{
	bool first = true;

	if (!has_raw_tag(record))
		return;
	add_name(json, "labels");
	text_add(json->out, "[", 1);
	for (size_t i = 0; i < count_tags(record); i++) {
		const struct janus_tag *tag = &record->tags[i];

		if (is_clean(tag->key) && is_clean(value_of(tag)))
			continue;
		text_add_string(json->out, first ? "{" : ",{");
		first = false;
		json->first = true;
		add_base64(json, "key", tag->key);
		add_base64(json, "value", value_of(tag));
		close_object(json);
	}
	text_add(json->out, "]", 1);
}

static bool is_raw(const struct record *record)
{
	for (size_t i = 0; i < RECORD_LINE; i++)
		if (!is_clean(record->text[i]))
			return true;
	return has_raw_tag(record);
}

/* All bytes of what is no UTF-8. */
static void add_raw(struct json *json, const struct record *record)
{
	if (!is_raw(record))
		return;
	open_object(json, "raw");
	for (size_t i = 0; i < ARRAY_COUNT(all_fields); i++)
		for (size_t k = 0; k < all_fields[i].count; k++) {
			const struct field *field = &all_fields[i].list[k];

			if (!is_clean(record->text[field->which]))
				add_base64(json, field->full_name,
					   record->text[field->which]);
		}
	add_raw_tags(json, record);
	close_object(json);
}

static void add_janus(struct json *json, const struct record *record)
{
	open_object(json, "janus");
	add_number(json, "schema", RECORD_SCHEMA);
	add_word(json, "verdict", record_verdict(record));
	if (record->reason)
		add_word(json, "reason", janus_reason_name(record->reason));
	if (record->generation)
		add_number(json, "generation", record->generation);
	add_number(json, "count", record->count);
	add_fields(json, record, (struct fields)FIELDS(janus_fields));
	add_pid(json, "inner_pid", record->inner_pid);
	add_raw(json, record);
	if (json->cut) {
		add_name(json, "cut");
		text_add_string(json->out, "true");
	}
	close_object(json);
}

static struct json begin(struct text *out, int64_t time_ns)
{
	struct json json = { .out = out, .first = true };

	text_add(out, "{", 1);
	add_time(&json, "@timestamp", time_ns);
	open_object(&json, "ecs");
	add_word(&json, "version", ECS_VERSION);
	close_object(&json);
	return json;
}

void record_json(const struct record *record, struct text *out)
{
	struct json json = begin(out, record->first_ns);

	add_event(&json, record);
	add_file(&json, record);
	add_process(&json, record);
	add_id(&json, "user", record->uid);
	add_id(&json, "group", record->gid);
	add_group(&json, "container", record, (struct fields)FIELDS(container_fields));
	if (*record->text[RECORD_POD]) {
		open_object(&json, "orchestrator");
		add_group(&json, "resource", record, (struct fields)FIELDS(pod_fields));
		close_object(&json);
	}
	add_group(&json, "host", record, (struct fields)FIELDS(host_fields));
	add_labels(&json, record);
	add_janus(&json, record);
	text_add(out, "}\n", 2);
}

void record_json_loss(const struct record_loss *loss, struct text *out)
{
	struct json json = begin(out, loss->time_ns);

	open_object(&json, "event");
	add_word(&json, "kind", "pipeline_error");
	add_word(&json, "action", "records-dropped");
	add_word(&json, "provider", "janusd");
	close_object(&json);
	add_name(&json, "message");
	text_add(out, "\"", 1);
	record_add_loss(loss, out);
	text_add(out, "\"", 1);
	if (*loss->node) {
		open_object(&json, "host");
		add_string(&json, "name", loss->node);
		close_object(&json);
	}
	open_object(&json, "janus");
	add_number(&json, "schema", RECORD_SCHEMA);
	open_object(&json, "dropped");
	add_number(&json, "queue", loss->drops.queue);
	add_number(&json, "rate", loss->drops.rate);
	add_number(&json, "error", loss->drops.error);
	close_object(&json);
	close_object(&json);
	text_add(out, "}\n", 2);
}
