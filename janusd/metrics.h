/* SPDX-License-Identifier: MIT */
/*
 * What happened, counted by guard, event, verdict and reason; and all that metrics tell of the
 * library and the guards, taken at one moment. Belongs to the main thread; a snapshot belongs to
 * whoever has it.
 */
#ifndef JANUSD_METRICS_H
#define JANUSD_METRICS_H

#include <janus/context.h>

#include <stddef.h>
#include <stdint.h>

#include "guards_tally.h"
#include "settings.h"
#include "sink_stats.h"

struct janus_event;
struct labels;
struct metrics;
struct records;
struct worker_note;

/*
 * As many guards have numbers of their own. Beyond that the place of one that was silent for
 * METRICS_SILENT_NS is given away, and where there is none, the guard counts as METRICS_OTHER.
 */
#define METRICS_GUARDS 500
#define METRICS_SILENT_NS INT64_C(600000000000)
#define METRICS_OTHER "other"

/* Names that are longer count as METRICS_OTHER, too. */
#define METRICS_NAMES_BYTES 512

enum metrics_gap {
	METRICS_GAP_RECORDS,   /* the ring was full */
	METRICS_GAP_OVERFLOW,  /* the kernel's queue was */
	METRICS_GAP_UNCOVERED, /* something new could not be covered */
	METRICS_GAPS,
};

/* All text in it is the snapshot's own, or a constant. */
struct metrics_series {
	const char *guard;
	const char *pod;
	const char *event;
	const char *verdict;
	const char *reason;
	uint64_t count;
};

struct metrics_snapshot {
	struct janus_stats stats;
	struct janus_latency latency;
	struct guards_tally guards;
	uint64_t gaps[METRICS_GAPS];
	uint64_t restarts;
	uint64_t handovers;
	struct sink_stats
		sinks[SETTINGS_SINKS_MAX]; /* names: as long as the sinks live */
	size_t sink_count;
	struct metrics_series *series;
	size_t series_count;
	char *names;
};

/* Where a snapshot is taken from, beside what was counted. */
struct metrics_source {
	const struct janus_context *context;
	const struct guards *guards;
	const struct worker_note *note;
	const struct records *records;
};

/* Return: NULL if there is no memory. */
struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *metrics);

/* A record of the guard @name of @pod has come. Names are copied. */
struct metrics_record {
	const char *name;
	const char *pod;
	uint32_t kind;    /* as in the event, with the next two */
	uint32_t verdict; /* 0: it was observed */
	uint32_t reason;
	int64_t time_ns;
};

void metrics_count(struct metrics *metrics, const struct metrics_record *record);

/* Any event but the start or the end of a watch. */
void metrics_count_event(struct metrics *metrics, const struct labels *labels,
			 const struct janus_event *event);

/* Return: NULL if there is no memory. */
struct metrics_snapshot *metrics_take(const struct metrics *metrics,
				      const struct metrics_source *source);
void metrics_snapshot_free(struct metrics_snapshot *snapshot);

#endif
