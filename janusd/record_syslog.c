// SPDX-License-Identifier: MIT
/*
 * A record as RFC 5424 has it. Its data stands in an element janus@32473: that number is the one
 * which RFC 5612 keeps for examples, for this project has none of its own.
 */
#include <janus/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "record_format.h"
#include "util.h"

#define FACILITY_DAEMON 3
#define HOSTNAME_MOST 255
#define BOM "\xef\xbb\xbf"

struct param {
	enum record_string which;
	const char *name;
};

static const struct param params[] = {
	{ RECORD_PATH, "path" },
	{ RECORD_OLD_PATH, "oldPath" },
	{ RECORD_GUARD, "guard" },
	{ RECORD_POD, "pod" },
	{ RECORD_NODE, "node" },
	{ RECORD_COMM, "comm" },
	{ RECORD_EXE, "exe" },
	{ RECORD_CGROUP, "cgroup" },
	{ RECORD_CONTAINER, "containerId" },
	{ RECORD_RUNTIME, "containerRuntime" },
};

static bool is_special(char byte)
{
	return byte == '"' || byte == '\\' || byte == ']';
}

/* A backslash before each special byte from @start on. */
static void protect(struct text *out, size_t start)
{
	size_t from = out->length;
	size_t to;

	for (size_t i = start; i < from; i++)
		if (is_special(out->data[i]))
			text_add(out, "\\", 1);
	if (out->cut)
		return;
	to = out->length;
	while (from > start && from < to) {
		char byte = out->data[--from];

		out->data[--to] = byte;
		if (is_special(byte))
			out->data[--to] = '\\';
	}
}

/*
 * First as in text lines, which leaves no control characters and nothing but UTF-8; then as RFC
 * 5424 wants it.
 */
static void add_param(struct text *out, const char *name, const char *value)
{
	size_t start;

	text_add(out, " ", 1);
	text_add_string(out, name);
	text_add(out, "=\"", 2);
	start = out->length;
	text_escape_string(out, value);
	protect(out, start);
	text_add(out, "\"", 1);
}

static void add_number(struct text *out, const char *name, uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	add_param(out, name, digits);
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

/* Printable ASCII without spaces; "-" where nothing is known. */
static void add_hostname(struct text *out, const char *name)
{
	size_t length = strnlen(name, HOSTNAME_MOST);

	for (size_t i = 0; i < length; i++) {
		bool printable = name[i] > ' ' && name[i] <= '~';

		text_add(out, printable ? name + i : "?", 1);
	}
	text_add_string(out, length ? " " : "- ");
}

static void begin(struct text *out, int priority, int64_t time_ns, const char *node)
{
	char head[32 + RECORD_TIME_SIZE], when[RECORD_TIME_SIZE];

	snprintf(head, sizeof(head), "<%d>1 %s ", FACILITY_DAEMON * 8 + priority,
		 record_time(when, time_ns, 6));
	text_add_string(out, head);
	add_hostname(out, node);
	snprintf(head, sizeof(head), "janusd %d ", (int)getpid());
	text_add_string(out, head);
}

static void add_what(struct text *out, const struct record *record)
{
	char when[RECORD_TIME_SIZE];

	add_number(out, "schema", RECORD_SCHEMA);
	add_param(out, "verdict", record_verdict(record));
	if (record->reason)
		add_param(out, "reason", janus_reason_name(record->reason));
	add_param(out, "event", janus_event_kind_name(record->kind));
	add_param(out, "fileType", janus_file_type_name(record->file_type));
	add_number(out, "sequence", record->sequence);
	if (record->generation)
		add_number(out, "generation", record->generation);
	add_number(out, "count", record->count);
	if (record->count > 1)
		add_param(out, "last", record_time(when, record->last_ns, 6));
}

static void add_who(struct text *out, const struct record *record)
{
	add_pid(out, "pid", record->pid);
	add_pid(out, "tid", record->tid);
	add_pid(out, "innerPid", record->inner_pid);
	add_pid(out, "parentPid", record->parent_pid);
	add_id(out, "uid", record->uid);
	add_id(out, "gid", record->gid);
}

/* Each tag is one parameter; a name may stand more than once. */
static void add_tag(struct text *out, const struct janus_tag *tag)
{
	size_t start;

	text_add_string(out, " tag=\"");
	start = out->length;
	text_escape_string(out, tag->key);
	text_add(out, "=", 1);
	text_escape_string(out, tag->value ? tag->value : "");
	protect(out, start);
	text_add(out, "\"", 1);
}

void record_syslog(const struct record *record, struct text *out)
{
	begin(out, record_priority(record), record->first_ns, record->text[RECORD_NODE]);
	text_add_string(out, janus_event_kind_name(record->kind));
	text_add_string(out, " [janus@32473");
	add_what(out, record);
	add_who(out, record);
	for (size_t i = 0; i < ARRAY_COUNT(params); i++)
		if (*record->text[params[i].which])
			add_param(out, params[i].name, record->text[params[i].which]);
	for (size_t i = 0; i < record->tag_count; i++)
		add_tag(out, &record->tags[i]);
	text_add_string(out, "] " BOM);
	text_add_string(out, record->text[RECORD_LINE]);
	record_add_count(record, out);
}

void record_syslog_loss(const struct record_loss *loss, struct text *out)
{
	begin(out, 4, loss->time_ns, loss->node);
	text_add_string(out, "DROPPED [janus@32473");
	add_number(out, "schema", RECORD_SCHEMA);
	add_number(out, "droppedQueue", loss->drops.queue);
	add_number(out, "droppedRate", loss->drops.rate);
	add_number(out, "droppedError", loss->drops.error);
	text_add_string(out, "] " BOM);
	record_add_loss(loss, out);
}
