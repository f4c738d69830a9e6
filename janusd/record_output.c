// SPDX-License-Identifier: MIT
#include "record_output.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fold.h"
#include "rate.h"
#include "record_format.h"
#include "sink.h"
#include "sink_queue.h"
#include "sink_writers.h"
#include "util.h"

#define QUEUE_BYTES ((size_t)1 << 20)
#define NS_PER_MS INT64_C(1000000)
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET "/dev/log"

struct record_output {
	struct sink_settings settings; /* with strings of our own */
	char **guards;
	char *path;
	const struct record_format *format;
	struct sink *log;
	struct sink_queue *queue; /* NULL: straight to the log's sink */
	struct fold *fold;        /* NULL: none are folded */
	struct rate rate;
	struct text words;
	uint64_t written; /* and what follows: not the queue's to count */
	uint64_t filtered;
	uint64_t folded;
};

struct record_format {
	const char *name;
	void (*record)(const struct record *record, struct text *out);
	void (*loss)(const struct record_loss *loss, struct text *out);
	const char *path; /* the usual one */
};

static const struct record_format formats[] = {
	[SINK_TEXT] = { "text", record_text, record_text_loss, "stderr" },
	[SINK_JSON] = { "json", record_json, record_json_loss, "stderr" },
	[SINK_JOURNAL] = { "journal", record_journal, record_journal_loss,
			   JOURNAL_SOCKET },
	[SINK_SYSLOG] = { "syslog", record_syslog, record_syslog_loss, SYSLOG_SOCKET },
};

static bool is_for_socket(const struct record_output *output)
{
	return output->settings.format == SINK_JOURNAL ||
	       output->settings.format == SINK_SYSLOG;
}

static const struct sink_writer_ops *open_writer(const struct record_output *output,
						 void **ret)
{
	struct sink_file_options options = {
		.path = output->path,
		.rotate_bytes = output->settings.rotate_bytes,
		.rotate_seconds = output->settings.rotate_seconds,
		.rotate_keep = output->settings.rotate_keep,
	};

	if (is_for_socket(output)) {
		*ret = sink_socket_create(output->path,
					  output->settings.format == SINK_JOURNAL);
		return &sink_socket_ops;
	}
	if (!strcmp(output->path, "stderr")) {
		*ret = sink_shared_create(output->log);
		return &sink_shared_ops;
	}
	if (!strcmp(output->path, "stdout")) {
		options.path = NULL;
		options.fd = STDOUT_FILENO;
	}
	*ret = sink_file_create(&options);
	return &sink_file_ops;
}

static int open_queue(struct record_output *output, const char *node)
{
	char name[256];
	struct sink_queue_options options = {
		.name = name,
		.node = node,
		.room = output->settings.queue_bytes ? output->settings.queue_bytes
						     : QUEUE_BYTES,
		.tell = output->format->loss,
	};

	snprintf(name, sizeof(name), "%s:", output->format->name);
	text_ascii(name + strlen(name), sizeof(name) - strlen(name), output->path);
	options.ops = open_writer(output, &options.writer);
	if (!options.writer)
		return is_for_socket(output) ? -ENAMETOOLONG : -ENOMEM;
	return sink_queue_create(&output->queue, &options);
}

static int copy_guards(struct record_output *output)
{
	size_t count = output->settings.guard_count;

	output->settings.guard_count = 0;
	if (!count)
		return 0;
	output->guards = calloc(count, sizeof(*output->guards));
	if (!output->guards)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		output->guards[i] = strdup(output->settings.guards[i]);
		if (!output->guards[i])
			return -ENOMEM;
		output->settings.guard_count++;
	}
	output->settings.guards = (const char *const *)output->guards;
	return 0;
}

static int copy_settings(struct record_output *output,
			 const struct sink_settings *settings)
{
	int error;

	output->settings = *settings;
	error = copy_guards(output);
	output->path = strdup(settings->path ? settings->path : output->format->path);
	if (error || !output->path)
		return -ENOMEM;
	output->settings.path = output->path;
	if (!settings->fold_ms)
		return 0;
	output->fold = fold_create(settings->fold_ms * NS_PER_MS);
	return output->fold ? 0 : -ENOMEM;
}

int record_output_create(struct record_output **ret, const struct sink_settings *settings,
			 const struct record_output_world *world)
{
	static const struct sink_settings usual = { .format = SINK_TEXT };
	struct record_output *output = calloc(1, sizeof(*output));
	int error;

	if (!output)
		return -ENOMEM;
	output->log = world->log;
	output->words.limit = RECORD_MAX_BYTES;
	output->format = &formats[settings ? settings->format : SINK_TEXT];
	error = copy_settings(output, settings ? settings : &usual);
	if (!error && settings) {
		uint32_t burst = settings->burst ? settings->burst : settings->rate;

		rate_init(&output->rate, settings->rate, burst, 0);
		error = open_queue(output, world->node);
	}
	if (error) {
		record_output_destroy(output, 0);
		return error;
	}
	*ret = output;
	return 0;
}

static uint32_t bit_of(uint32_t verdict)
{
	switch (verdict) {
	case JANUS_VERDICT_ALLOW:
		return SINK_ALLOW;
	case JANUS_VERDICT_DENY:
		return SINK_DENY;
	case JANUS_VERDICT_WOULD_DENY:
		return SINK_WOULD_DENY;
	default:
		return SINK_OBSERVED;
	}
}

bool record_output_filter(const struct sink_settings *settings, uint32_t verdict,
			  const char *guard)
{
	if (settings->verdicts && !(settings->verdicts & bit_of(verdict)))
		return false;
	for (size_t i = 0; i < settings->guard_count; i++)
		if (!fnmatch(settings->guards[i], guard, 0))
			return true;
	return !settings->guard_count;
}

bool record_output_wants(struct record_output *output, const struct record *record)
{
	bool wanted = record_output_filter(&output->settings, record->verdict,
					   record->text[RECORD_GUARD]);

	output->filtered += !wanted;
	return wanted;
}

bool record_output_needs_line(const struct record_output *output)
{
	return output->settings.format != SINK_JSON;
}

static void write_record(struct record_output *output, const struct record *record,
			 int64_t now_ns)
{
	struct text *words = &output->words;

	if (!rate_take(&output->rate, now_ns)) {
		sink_queue_drop(output->queue, false);
		return;
	}
	text_clear(words);
	output->format->record(record, words);
	if (!output->queue) {
		output->written++;
		if (!words->cut)
			sink_write(output->log, words->data, words->length - 1);
	} else if (words->cut) {
		sink_queue_drop(output->queue, true);
	} else {
		sink_queue_put(output->queue, words->data, words->length);
	}
}

static void write_and_free(struct record_output *output, struct record *record,
			   int64_t now_ns)
{
	write_record(output, record, now_ns);
	free(record);
}

void record_output_put(struct record_output *output, const struct record *record,
		       int64_t now_ns)
{
	enum fold_result result = FOLD_FAILED;

	if (output->fold)
		result = fold_put(output->fold, record, now_ns);
	if (result == FOLD_FULL) {
		write_and_free(output, fold_fetch_oldest(output->fold), now_ns);
		result = fold_put(output->fold, record, now_ns);
	}
	output->folded += result == FOLD_JOINED;
	if (result == FOLD_FAILED)
		write_record(output, record, now_ns);
}

void record_output_tick(struct record_output *output, int64_t now_ns)
{
	struct record *record;

	if (!output->fold)
		return;
	while ((record = fold_fetch(output->fold, now_ns)))
		write_and_free(output, record, now_ns);
}

int64_t record_output_next_ns(const struct record_output *output)
{
	return output->fold ? fold_next_ns(output->fold) : FOLD_NEVER;
}

void record_output_reopen(struct record_output *output)
{
	if (output->queue)
		sink_queue_reopen(output->queue);
}

void record_output_get_stats(const struct record_output *output, struct sink_stats *ret)
{
	if (output->queue) {
		sink_queue_get_stats(output->queue, ret);
	} else {
		*ret = (struct sink_stats){ .name = "text:stderr" };
		ret->accepted = ret->written = output->written;
		ret->dropped.queue = sink_count_lost(output->log);
	}
	ret->filtered = output->filtered;
	ret->folded = output->folded;
}

bool record_output_flush(struct record_output *output, int64_t end_ns)
{
	return !output->queue || sink_queue_flush(output->queue, end_ns);
}

void record_output_destroy(struct record_output *output, int64_t end_ns)
{
	if (!output)
		return;
	sink_queue_destroy(output->queue, end_ns);
	fold_destroy(output->fold);
	for (size_t i = 0; i < output->settings.guard_count && output->guards; i++)
		free(output->guards[i]);
	free(output->guards);
	free(output->path);
	text_done(&output->words);
	free(output);
}
