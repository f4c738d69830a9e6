/* SPDX-License-Identifier: MIT */
/*
 * Metrics as text: Prometheus's classic format, and OpenMetrics. Knows no metric. Pure.
 */
#ifndef JANUSD_METRICS_TEXT_H
#define JANUSD_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

enum metrics_type {
	METRICS_COUNTER, /* its samples end in _total */
	METRICS_GAUGE,
	METRICS_HISTOGRAM,
};

struct metrics_label {
	const char *name;
	const char *value; /* any bytes; what is no UTF-8 becomes U+FFFD */
};

struct metrics_text {
	struct text text;
	bool open_metrics;
	const char *name; /* of the family that was begun last */
	enum metrics_type type;
};

/* Begin a family. @name: without _total, not copied; @help: one line. */
void metrics_family(struct metrics_text *text, enum metrics_type type, const char *name,
		    const char *help);

/* A sample of a counter or gauge. */
void metrics_add(struct metrics_text *text, const struct metrics_label *labels,
		 size_t label_count, uint64_t value);

/* Likewise, of what is no whole number. */
void metrics_add_real(struct metrics_text *text, const struct metrics_label *labels,
		      size_t label_count, double value);

/* A family of one sample without labels. */
void metrics_one(struct metrics_text *text, enum metrics_type type, const char *name,
		 const char *help, uint64_t value);

/*
 * The samples of a histogram of times: @counts of @buckets, each of which ends at twice the time
 * of the one before, the first at @first_ns; the last one has no end.
 */
struct metrics_times {
	const uint64_t *counts;
	size_t buckets;
	uint64_t first_ns;
	uint64_t sum_ns;
};

void metrics_add_times(struct metrics_text *text, const struct metrics_times *times);

/* The end of it all. */
void metrics_end(struct metrics_text *text);

#endif
