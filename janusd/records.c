// SPDX-License-Identifier: MIT
#include "records.h"

#include <janus/error.h>
#include <janus/event.h>

#include <inttypes.h>
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

void records_write(struct records *records, const struct labels *labels,
		   const struct janus_event *event)
{
	const struct janus_tag *tags[TAGS_MAX];
	uint32_t kind = janus_event_get_kind(event);
	const struct label *label;
	struct template_values values = { 0 };

	if (kind == JANUS_EVENT_GAP) {
		log_warning("%" PRIu64 " records were lost: events came faster than they"
			    " could be logged; every one of them was answered",
			    janus_event_get_lost_count(event));
		return;
	}
	label = labels_find(labels, janus_event_get_cookie(event));
	values.response = janus_verdict_name(janus_event_get_verdict(event));
	values.event = janus_event_kind_name(kind);
	values.ftype = janus_event_is_directory(event) ? "directory" : "file";
	values.path = janus_event_get_path(event);
	values.pod = label ? label->pod : "";
	values.node = label ? label->node : "";
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
