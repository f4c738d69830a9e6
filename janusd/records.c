// SPDX-License-Identifier: MIT
#include "records.h"

#include <janus/error.h>
#include <janus/event.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "labels.h"
#include "log.h"
#include "sink.h"
#include "template.h"
#include "text.h"
#include "util.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define TAGS_MAX 64 /* as many as a subject may have */

struct records {
	struct sink *sink;
	struct template *fallback; /* for a record whose guard is long gone */
	struct text line;
};

struct records *records_create(struct sink *sink)
{
	struct records *records = calloc(1, sizeof(*records));
	char error[TEMPLATE_ERROR_SIZE];

	if (!records)
		return NULL;
	records->sink = sink;
	records->line.limit = LINE_MAX_BYTES;
	if (template_compile(&records->fallback, NULL, error)) {
		free(records);
		return NULL;
	}
	return records;
}

void records_destroy(struct records *records)
{
	if (!records)
		return;
	template_destroy(records->fallback);
	text_done(&records->line);
	free(records);
}

static void write_line(struct records *records)
{
	struct text *line = &records->line;

	if (line->cut) {
		static const char mark[] = "...";

		line->cut = false;
		line->limit += sizeof(mark);
		text_add_string(line, mark);
		line->limit -= sizeof(mark);
	}
	if (line->data)
		sink_write(records->sink, line->data, line->length);
}

/* What numbers look like. */
struct numbers {
	char pid[16], nspid[16], ppid[16], uid[16], gid[16];
};

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

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static void set_who(struct template_values *values, struct numbers *numbers,
		    const struct janus_event *event)
{
	const char **text = values->text;

	text[VALUE_PID] = print_pid(numbers->pid, janus_event_get_pid(event));
	text[VALUE_NSPID] = print_pid(numbers->nspid, janus_event_get_inner_pid(event));
	text[VALUE_PPID] = print_pid(numbers->ppid, janus_event_get_parent_pid(event));
	text[VALUE_UID] = print_id(numbers->uid, janus_event_get_uid(event));
	text[VALUE_GID] = print_id(numbers->gid, janus_event_get_gid(event));
	text[VALUE_COMM] = text_or_null(janus_event_get_comm(event));
	text[VALUE_EXE] = text_or_null(janus_event_get_exe(event));
	text[VALUE_CGROUP] = text_or_null(janus_event_get_cgroup(event));
	text[VALUE_CONTAINER] = text_or_null(janus_event_get_container_id(event));
	text[VALUE_RUNTIME] = text_or_null(janus_event_get_runtime(event));
}

void records_write(struct records *records, const struct labels *labels,
		   const struct janus_event *event)
{
	const struct janus_tag *tags[TAGS_MAX];
	uint32_t kind = janus_event_get_kind(event);
	const struct label *label;
	struct template_values values = { 0 };
	struct numbers numbers;

	if (kind == JANUS_EVENT_GAP) {
		log_warning("%" PRIu64 " records were lost: events came faster than they"
			    " could be logged; every one of them was answered",
			    janus_event_get_lost_count(event));
		return;
	}
	label = labels_find(labels, janus_event_get_cookie(event));
	values.text[VALUE_RESPONSE] = janus_verdict_name(janus_event_get_verdict(event));
	values.text[VALUE_EVENT] = janus_event_kind_name(kind);
	values.text[VALUE_FTYPE] = janus_event_is_directory(event) ? "directory" : "file";
	values.text[VALUE_PATH] = janus_event_get_path(event);
	values.text[VALUE_POD] = label ? label->pod : "";
	values.text[VALUE_NODE] = label ? label->node : "";
	set_who(&values, &numbers, event);
	values.tag_count = janus_event_get_tag_count(event);
	if (values.tag_count > TAGS_MAX)
		values.tag_count = TAGS_MAX;
	for (size_t i = 0; i < values.tag_count; i++)
		tags[i] = janus_event_get_tag(event, i);
	values.tags = tags;
	text_clear(&records->line);
	template_render(label ? label->template : records->fallback, &values,
			&records->line);
	write_line(records);
}
