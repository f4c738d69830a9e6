// SPDX-License-Identifier: MIT
#include "metrics.h"

#include <janus/error.h>
#include <janus/event.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "records.h"
#include "worker.h"

#define BUCKETS 1024
#define KINDS 9
#define VERDICTS 5
#define REASONS 7

/* With less than this between them nobody can have become silent. */
#define LOOK_AGAIN_NS INT64_C(1000000000)

struct metered {
	struct metered *next; /* in the bucket */
	uint64_t hash;
	int64_t last_ns;
	const char *guard;
	const char *pod;
	uint64_t counts[KINDS][VERDICTS][REASONS];
	char names[];
};

struct metrics {
	struct metered *buckets[BUCKETS];
	size_t count;
	struct metered *other;
	int64_t looked_ns; /* for one that is silent */
	uint64_t gaps[METRICS_GAPS];
};

static const char *const kind_names[KINDS] = {
	"open",        "access", "exec",   "create", "modify",
	"close_write", "attrib", "delete", "rename",
};

static const char *const verdict_names[VERDICTS] = {
	"observed", "allow", "deny", "would_deny", "ask",
};

static struct metered *metered_create(const char *guard, const char *pod)
{
	size_t guard_size = strlen(guard) + 1;
	size_t pod_size = strlen(pod) + 1;
	struct metered *metered = calloc(1, sizeof(*metered) + guard_size + pod_size);

	if (!metered)
		return NULL;
	metered->guard = memcpy(metered->names, guard, guard_size);
	metered->pod = memcpy(metered->names + guard_size, pod, pod_size);
	return metered;
}

struct metrics *metrics_create(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		return NULL;
	metrics->other = metered_create(METRICS_OTHER, METRICS_OTHER);
	if (!metrics->other) {
		free(metrics);
		return NULL;
	}
	return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
	if (!metrics)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (metrics->buckets[i]) {
			struct metered *metered = metrics->buckets[i];

			metrics->buckets[i] = metered->next;
			free(metered);
		}
	free(metrics->other);
	free(metrics);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do {
		hash ^= (unsigned char)*text;
		hash *= 0x100000001b3u;
	} while (*text++);
	return hash;
}

/* The one that has been silent for the longest time gives its place away, if that is long. */
static bool make_place(struct metrics *metrics, int64_t now_ns)
{
	struct metered **oldest = NULL, *gone;

	if (metrics->count < METRICS_GUARDS)
		return true;
	if (now_ns - metrics->looked_ns < LOOK_AGAIN_NS)
		return false;
	metrics->looked_ns = now_ns;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct metered **link = &metrics->buckets[i]; *link;
		     link = &(*link)->next)
			if (!oldest || (*link)->last_ns < (*oldest)->last_ns)
				oldest = link;
	gone = *oldest;
	if (now_ns - gone->last_ns < METRICS_SILENT_NS)
		return false;
	*oldest = gone->next;
	free(gone);
	metrics->count--;
	return true;
}

static struct metered *find(struct metrics *metrics, const struct metrics_record *record)
{
	uint64_t hash = hash_text(hash_text(0xcbf29ce484222325u, record->name),
				  record->pod);
	struct metered **bucket = &metrics->buckets[hash % BUCKETS];
	struct metered *metered;

	for (metered = *bucket; metered; metered = metered->next)
		if (metered->hash == hash && !strcmp(metered->guard, record->name) &&
		    !strcmp(metered->pod, record->pod))
			return metered;
	if (strlen(record->name) + strlen(record->pod) > METRICS_NAMES_BYTES ||
	    !make_place(metrics, record->time_ns))
		return metrics->other;
	metered = metered_create(record->name, record->pod);
	if (!metered)
		return metrics->other;
	metered->hash = hash;
	metered->next = *bucket;
	*bucket = metered;
	metrics->count++;
	return metered;
}

void metrics_count(struct metrics *metrics, const struct metrics_record *record)
{
	unsigned int kind = (unsigned int)__builtin_ffs((int)record->kind) - 1;
	struct metered *metered;

	if (kind >= KINDS || record->verdict >= VERDICTS || record->reason >= REASONS)
		return;
	metered = find(metrics, record);
	metered->last_ns = record->time_ns;
	metered->counts[kind][record->verdict][record->reason]++;
}

static enum metrics_gap gap_of(const struct janus_event *event)
{
	switch (janus_event_get_error(event)) {
	case -ENOBUFS:
		return METRICS_GAP_RECORDS;
	case -EOVERFLOW:
		return METRICS_GAP_OVERFLOW;
	default:
		return METRICS_GAP_UNCOVERED;
	}
}

void metrics_count_event(struct metrics *metrics, const struct labels *labels,
			 const struct janus_event *event)
{
	struct metrics_record record = {
		.name = METRICS_OTHER,
		.pod = METRICS_OTHER,
		.kind = janus_event_get_kind(event),
		.verdict = janus_event_get_verdict(event),
		.reason = janus_event_get_reason(event),
		.time_ns = (int64_t)janus_event_get_time_ns(event),
	};
	const struct label *label;

	if (record.kind == JANUS_EVENT_GAP) {
		metrics->gaps[gap_of(event)]++;
		return;
	}
	label = labels_find(labels, janus_event_get_cookie(event));
	if (label) {
		record.name = label->name;
		record.pod = label->pod;
	}
	metrics_count(metrics, &record);
}

/* How much room all of it needs. */
static void measure(const struct metered *metered, size_t *series, size_t *bytes)
{
	const uint64_t *counts = &metered->counts[0][0][0];

	for (size_t i = 0; i < sizeof(metered->counts) / sizeof(*counts); i++)
		*series += counts[i] != 0;
	*bytes += strlen(metered->guard) + strlen(metered->pod) + 2;
}

static void measure_all(const struct metrics *metrics, size_t *series, size_t *bytes)
{
	measure(metrics->other, series, bytes);
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct metered *metered = metrics->buckets[i]; metered;
		     metered = metered->next)
			measure(metered, series, bytes);
}

static const char *copy_name(char **at, const char *name)
{
	size_t size = strlen(name) + 1;
	const char *copy = memcpy(*at, name, size);

	*at += size;
	return copy;
}

static const char *reason_of(unsigned int reason)
{
	return reason ? janus_reason_name(reason) : "none";
}

static void copy(struct metrics_snapshot *snapshot, char **at,
		 const struct metered *metered)
{
	const char *guard = copy_name(at, metered->guard);
	const char *pod = copy_name(at, metered->pod);
	const uint64_t *counts = &metered->counts[0][0][0];

	for (unsigned int i = 0; i < KINDS * VERDICTS * REASONS; i++)
		if (counts[i])
			snapshot->series[snapshot->series_count++] =
				(struct metrics_series){
					.guard = guard,
					.pod = pod,
					.event = kind_names[i / (VERDICTS * REASONS)],
					.verdict = verdict_names[i / REASONS % VERDICTS],
					.reason = reason_of(i % REASONS),
					.count = counts[i],
				};
}

static void copy_all(const struct metrics *metrics, struct metrics_snapshot *snapshot)
{
	char *at = snapshot->names;

	copy(snapshot, &at, metrics->other);
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct metered *metered = metrics->buckets[i]; metered;
		     metered = metered->next)
			copy(snapshot, &at, metered);
}

struct metrics_snapshot *metrics_take(const struct metrics *metrics,
				      const struct metrics_source *source)
{
	struct metrics_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	size_t series = 1, bytes = 0;

	if (!snapshot)
		return NULL;
	measure_all(metrics, &series, &bytes);
	snapshot->series = calloc(series, sizeof(*snapshot->series));
	snapshot->names = malloc(bytes);
	if (!snapshot->series || !snapshot->names) {
		metrics_snapshot_free(snapshot);
		return NULL;
	}
	copy_all(metrics, snapshot);
	memcpy(snapshot->gaps, metrics->gaps, sizeof(snapshot->gaps));
	snapshot->stats.size = sizeof(snapshot->stats);
	snapshot->latency.size = sizeof(snapshot->latency);
	if (source->context) {
		janus_get_stats(source->context, &snapshot->stats);
		janus_get_latency(source->context, &snapshot->latency);
	}
	if (source->guards)
		guards_tally(source->guards, &snapshot->guards);
	if (source->records)
		snapshot->sink_count = records_get_stats(source->records, snapshot->sinks,
							 SETTINGS_SINKS_MAX);
	if (source->note) {
		snapshot->restarts = atomic_load(&source->note->restarts);
		snapshot->handovers = atomic_load(&source->note->handovers);
	}
	return snapshot;
}

void metrics_snapshot_free(struct metrics_snapshot *snapshot)
{
	if (!snapshot)
		return;
	free(snapshot->series);
	free(snapshot->names);
	free(snapshot);
}
