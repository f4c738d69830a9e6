/* SPDX-License-Identifier: MIT */
/*
 * One place where records go: which it takes, how many of them, folded or not, in which words, and
 * the queue behind. Owns copies of its settings. Belongs to the main thread, which opens nothing
 * here and waits for nobody.
 */
#ifndef JANUSD_RECORD_OUTPUT_H
#define JANUSD_RECORD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "settings.h"
#include "sink_stats.h"

struct record_output;
struct sink;

/* What all of them need; stays the caller's, and must outlive them. */
struct record_output_world {
	struct sink *log; /* standard error, and the log's */
	const char *node;
};

/*
 * @settings: NULL: text to standard error, without a queue but that of the log.
 * Return: 0, or a negative errno.
 */
int record_output_create(struct record_output **ret, const struct sink_settings *settings,
			 const struct record_output_world *world);

/* Whether the settings mean this record; those that they do not are counted. */
bool record_output_wants(struct record_output *output, const struct record *record);

/* Whether its words have the line by the guard's template in them. */
bool record_output_needs_line(const struct record_output *output);

/* @now_ns: CLOCK_MONOTONIC, here and below. */
void record_output_put(struct record_output *output, const struct record *record,
		       int64_t now_ns);

/* Those whose window is over go on; with INT64_MAX all of them. */
void record_output_tick(struct record_output *output, int64_t now_ns);

/* When the next window is over; INT64_MAX: none is open. */
int64_t record_output_next_ns(const struct record_output *output);

void record_output_reopen(struct record_output *output);
void record_output_get_stats(const struct record_output *output, struct sink_stats *ret);
bool record_output_flush(struct record_output *output, int64_t end_ns);
void record_output_destroy(struct record_output *output, int64_t end_ns);

/* Whether @settings mean a record of this guard with this verdict of the library's. Pure. */
bool record_output_filter(const struct sink_settings *settings, uint32_t verdict,
			  const char *guard);

#endif
