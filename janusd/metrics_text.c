// SPDX-License-Identifier: MIT
#include "metrics_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_SECOND 1e9

static const char *suffix_of(const struct metrics_text *text)
{
	return text->type == METRICS_COUNTER ? "_total" : "";
}

void metrics_family(struct metrics_text *text, enum metrics_type type, const char *name,
		    const char *help)
{
	static const char *const types[] = {
		[METRICS_COUNTER] = "counter",
		[METRICS_GAUGE] = "gauge",
		[METRICS_HISTOGRAM] = "histogram",
	};
	const char *suffix;
	char line[512];

	text->type = type;
	text->name = name;
	/* The classic format knows samples only. */
	suffix = text->open_metrics ? "" : suffix_of(text);
	snprintf(line, sizeof(line), "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix,
		 help, name, suffix, types[type]);
	text_add_string(&text->text, line);
}

static void add_value(struct text *text, const char *value)
{
	static const char unknown[] = "\xef\xbf\xbd";
	size_t left = strlen(value);

	while (left) {
		uint32_t point;
		size_t length = text_utf8_next(value, left, &point);

		if (!length)
			text_add_string(text, unknown);
		else if (*value == '\n')
			text_add_string(text, "\\n");
		else if (*value == '\\' || *value == '"')
			text_add(text, (const char[]){ '\\', *value }, 2);
		else
			text_add(text, value, length);
		length += !length;
		value += length;
		left -= length;
	}
}

static void add_labels(struct text *text, const struct metrics_label *labels,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_add_string(text, i ? "," : "{");
		text_add_string(text, labels[i].name);
		text_add_string(text, "=\"");
		add_value(text, labels[i].value);
		text_add_string(text, "\"");
	}
	if (count)
		text_add_string(text, "}");
}

static void add_sample(struct metrics_text *text, const struct metrics_label *labels,
		       size_t label_count, const char *value)
{
	text_add_string(&text->text, text->name);
	text_add_string(&text->text, suffix_of(text));
	add_labels(&text->text, labels, label_count);
	text_add_string(&text->text, " ");
	text_add_string(&text->text, value);
	text_add_string(&text->text, "\n");
}

void metrics_add(struct metrics_text *text, const struct metrics_label *labels,
		 size_t label_count, uint64_t value)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	add_sample(text, labels, label_count, number);
}

void metrics_add_real(struct metrics_text *text, const struct metrics_label *labels,
		      size_t label_count, double value)
{
	char number[40];

	snprintf(number, sizeof(number), "%.17g", value);
	add_sample(text, labels, label_count, number);
}

void metrics_one(struct metrics_text *text, enum metrics_type type, const char *name,
		 const char *help, uint64_t value)
{
	metrics_family(text, type, name, help);
	metrics_add(text, NULL, 0, value);
}

void metrics_add_times(struct metrics_text *text, const struct metrics_times *times)
{
	uint64_t count = 0;
	char line[256];

	for (size_t i = 0; i + 1 < times->buckets; i++) {
		count += times->counts[i];
		snprintf(line, sizeof(line), "%s_bucket{le=\"%.9g\"} %" PRIu64 "\n",
			 text->name, (double)(times->first_ns << i) / NS_PER_SECOND,
			 count);
		text_add_string(&text->text, line);
	}
	count += times->counts[times->buckets - 1];
	snprintf(line, sizeof(line),
		 "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64
		 "\n",
		 text->name, count, text->name, (double)times->sum_ns / NS_PER_SECOND,
		 text->name, count);
	text_add_string(&text->text, line);
}

void metrics_end(struct metrics_text *text)
{
	if (text->open_metrics)
		text_add_string(&text->text, "# EOF\n");
}
