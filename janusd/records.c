// SPDX-License-Identifier: MIT
#include "records.h"

#include <janus/event.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "fold.h"
#include "labels.h"
#include "log.h"
#include "record_format.h"
#include "record_output.h"
#include "template.h"
#include "text.h"
#include "util.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define NS_PER_SECOND INT64_C(1000000000)

struct records {
	struct record_output *outputs[SETTINGS_SINKS_MAX];
	size_t count;
	struct template *fallback; /* for a record whose guard is long gone */
	struct text line;
	int timer; /* rings at next_ns; -1: no sink folds */
	int64_t next_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int open_outputs(struct records *records, const struct records_options *options)
{
	const struct settings *settings = options->settings;
	struct record_output_world world = { options->log, options->node };
	size_t count = settings->sink_count ? settings->sink_count : 1;

	for (size_t i = 0; i < count; i++) {
		const struct sink_settings *one = settings->sink_count
							  ? &settings->sinks[i]
							  : NULL;
		int error = record_output_create(&records->outputs[i], one, &world);

		if (error) {
			log_error("cannot start sink number %zu: %s", i + 1,
				  strerror(-error));
			return error;
		}
		records->count++;
	}
	return 0;
}

static int open_timer(struct records *records, const struct settings *settings)
{
	bool folds = false;

	for (size_t i = 0; i < settings->sink_count; i++)
		folds |= settings->sinks[i].fold_ms > 0;
	if (!folds)
		return 0;
	records->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return records->timer < 0 ? -errno : 0;
}

int records_create(struct records **ret, const struct records_options *options)
{
	struct records *records = calloc(1, sizeof(*records));
	char cause[TEMPLATE_ERROR_SIZE];
	int error;

	if (!records)
		return -ENOMEM;
	records->timer = -1;
	records->next_ns = FOLD_NEVER;
	records->line.limit = LINE_MAX_BYTES;
	error = template_compile(&records->fallback, NULL, cause);
	if (!error)
		error = open_timer(records, options->settings);
	if (!error)
		error = open_outputs(records, options);
	if (error) {
		records_destroy(records, 0);
		return error;
	}
	*ret = records;
	return 0;
}

/* Set the timer for what is to be done next. */
static void plan(struct records *records)
{
	struct itimerspec when = { 0 };
	int64_t next = FOLD_NEVER;

	for (size_t i = 0; i < records->count; i++) {
		int64_t one = record_output_next_ns(records->outputs[i]);

		if (one < next)
			next = one;
	}
	if (next == records->next_ns)
		return;
	records->next_ns = next;
	if (next != FOLD_NEVER) {
		when.it_value.tv_sec = (time_t)(next / NS_PER_SECOND);
		when.it_value.tv_nsec = (long)(next % NS_PER_SECOND);
	}
	timerfd_settime(records->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int records_get_fd(const struct records *records)
{
	return records->timer;
}

static void tick(struct records *records, int64_t now)
{
	for (size_t i = 0; i < records->count; i++)
		record_output_tick(records->outputs[i], now);
	plan(records);
}

void records_tick(struct records *records)
{
	int64_t now;

	if (records->next_ns == FOLD_NEVER)
		return;
	now = now_ns();
	if (records->next_ns <= now)
		tick(records, now);
}

static void mark_cut(struct text *line)
{
	static const char mark[] = "...";

	if (!line->cut)
		return;
	line->cut = false;
	line->limit += sizeof(mark);
	text_add_string(line, mark);
	line->limit -= sizeof(mark);
}

static void render_line(struct records *records, struct record *record,
			const struct label *label)
{
	struct text *line = &records->line;

	text_clear(line);
	record_render(record, label ? label->template : records->fallback, line);
	mark_cut(line);
	record->text[RECORD_LINE] = line->data ? line->data : "";
}

static void fan_out(struct records *records, struct record *record,
		    const struct label *label)
{
	int64_t now = now_ns();
	bool rendered = false;

	for (size_t i = 0; i < records->count; i++) {
		struct record_output *output = records->outputs[i];

		if (!record_output_wants(output, record))
			continue;
		if (!rendered && record_output_needs_line(output)) {
			render_line(records, record, label);
			rendered = true;
		}
		record_output_put(output, record, now);
	}
	if (records->timer >= 0)
		plan(records);
}

void records_write(struct records *records, const struct labels *labels,
		   const struct janus_event *event)
{
	const struct label *label;
	struct record record;

	if (janus_event_get_kind(event) == JANUS_EVENT_GAP) {
		log_warning("%" PRIu64 " records were lost: events came faster than they"
			    " could be logged; every one of them was answered",
			    janus_event_get_lost_count(event));
		return;
	}
	label = labels_find(labels, janus_event_get_cookie(event));
	record_init(&record, event, label);
	fan_out(records, &record, label);
}

void records_reopen(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		record_output_reopen(records->outputs[i]);
}

void records_flush(struct records *records, int64_t timeout_ns)
{
	int64_t end = now_ns() + timeout_ns;

	tick(records, INT64_MAX);
	for (size_t i = 0; i < records->count; i++)
		record_output_flush(records->outputs[i], end);
}

size_t records_get_stats(const struct records *records, struct sink_stats *ret,
			 size_t most)
{
	for (size_t i = 0; i < records->count && i < most; i++)
		record_output_get_stats(records->outputs[i], &ret[i]);
	return records->count;
}

void records_destroy(struct records *records, int64_t timeout_ns)
{
	int64_t end = now_ns() + timeout_ns;

	if (!records)
		return;
	records_flush(records, timeout_ns);
	for (size_t i = 0; i < records->count; i++)
		record_output_destroy(records->outputs[i], end);
	if (records->timer >= 0)
		close(records->timer);
	template_destroy(records->fallback);
	text_done(&records->line);
	free(records);
}
