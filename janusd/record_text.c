// SPDX-License-Identifier: MIT
/*
 * Text: the contract's line by the guard's template, and what every format says in words.
 */
#include <janus/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "record_format.h"
#include "template.h"

#define NS_PER_SECOND INT64_C(1000000000)

static const char *print_pid(char buf[16], int32_t pid)
{
	if (pid <= 0)
		return NULL;
	snprintf(buf, 16, "%" PRId32, pid);
	return buf;
}

static const char *print_id(char buf[16], uint32_t id)
{
	if (id == UINT32_MAX)
		return NULL;
	snprintf(buf, 16, "%" PRIu32, id);
	return buf;
}

static const char *text_or_null(const struct record *record, enum record_string which)
{
	return *record->text[which] ? record->text[which] : NULL;
}

/* What numbers look like. */
struct numbers {
	char pid[16], nspid[16], ppid[16], uid[16], gid[16];
};

static void set_who(const char **text, struct numbers *numbers,
		    const struct record *record)
{
	text[VALUE_PID] = print_pid(numbers->pid, record->pid);
	text[VALUE_NSPID] = print_pid(numbers->nspid, record->inner_pid);
	text[VALUE_PPID] = print_pid(numbers->ppid, record->parent_pid);
	text[VALUE_UID] = print_id(numbers->uid, record->uid);
	text[VALUE_GID] = print_id(numbers->gid, record->gid);
	text[VALUE_COMM] = text_or_null(record, RECORD_COMM);
	text[VALUE_EXE] = text_or_null(record, RECORD_EXE);
	text[VALUE_CGROUP] = text_or_null(record, RECORD_CGROUP);
	text[VALUE_CONTAINER] = text_or_null(record, RECORD_CONTAINER);
	text[VALUE_RUNTIME] = text_or_null(record, RECORD_RUNTIME);
}

void record_render(const struct record *record, const struct template *template,
		   struct text *out)
{
	const struct janus_tag *tags[RECORD_TAGS_MAX];
	struct template_values values = { .tags = tags, .tag_count = record->tag_count };
	struct numbers numbers;

	for (size_t i = 0; i < record->tag_count; i++)
		tags[i] = &record->tags[i];
	values.text[VALUE_RESPONSE] = janus_verdict_name(record->verdict);
	values.text[VALUE_EVENT] = janus_event_kind_name(record->kind);
	values.text[VALUE_FTYPE] = record->file_type == JANUS_FILE_DIRECTORY ? "directory"
									     : "file";
	values.text[VALUE_PATH] = record->text[RECORD_PATH];
	values.text[VALUE_POD] = record->text[RECORD_POD];
	values.text[VALUE_NODE] = record->text[RECORD_NODE];
	set_who(values.text, &numbers, record);
	template_render(template, &values, out);
}

void record_add_count(const struct record *record, struct text *out)
{
	char words[64 + RECORD_TIME_SIZE], last[RECORD_TIME_SIZE];

	if (record->count < 2)
		return;
	snprintf(words, sizeof(words), " (%" PRIu64 " times until %s)", record->count,
		 record_time(last, record->last_ns, 3));
	text_add_string(out, words);
}

void record_text(const struct record *record, struct text *out)
{
	text_add_string(out, record->text[RECORD_LINE]);
	record_add_count(record, out);
	text_add(out, "\n", 1);
}

static void add_cause(struct text *out, uint64_t count, const char *cause)
{
	char words[32];

	if (!count)
		return;
	snprintf(words, sizeof(words), "%s%" PRIu64 " ",
		 out->length && out->data[out->length - 1] != ' ' ? ", " : "", count);
	text_add_string(out, words);
	text_add_string(out, cause);
}

void record_add_loss(const struct record_loss *loss, struct text *out)
{
	const struct sink_drops *drops = &loss->drops;
	char words[64];

	snprintf(words, sizeof(words), "%" PRIu64 " records were dropped: ",
		 drops->queue + drops->rate + drops->error);
	text_add_string(out, words);
	add_cause(out, drops->queue, "found no room in the queue");
	add_cause(out, drops->rate, "were above the rate");
	add_cause(out, drops->error, "could not be written");
	if (drops->error && loss->error) {
		text_add_string(out, " (");
		text_escape_string(out, strerror(loss->error));
		text_add_string(out, ")");
	}
}

void record_text_loss(const struct record_loss *loss, struct text *out)
{
	text_add_string(out, "janusd: warning: ");
	record_add_loss(loss, out);
	text_add(out, "\n", 1);
}

const char *record_time(char buf[RECORD_TIME_SIZE], int64_t time_ns, int digits)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
	int64_t rest = time_ns % NS_PER_SECOND;
	struct tm when;
	size_t length;

	if (rest < 0) {
		rest += NS_PER_SECOND;
		seconds--;
	}
	gmtime_r(&seconds, &when);
	length = strftime(buf, RECORD_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &when);
	snprintf(buf + length, RECORD_TIME_SIZE - length, ".%09" PRId64, rest);
	length += 1 + (size_t)digits;
	snprintf(buf + length, RECORD_TIME_SIZE - length, "Z");
	return buf;
}
