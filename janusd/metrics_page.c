// SPDX-License-Identifier: MIT
#include "metrics_page.h"

#include <janus/version.h>

#include <stdio.h>

#include "health.h"
#include "metrics.h"
#include "metrics_text.h"
#include "process_stats.h"
#include "rpc_counts.h"
#include "status.h"
#include "util.h"

/* The first bucket of struct janus_latency ends here. */
#define LATENCY_FIRST_NS 1024

/* A counter of the library's that becomes one sample. */
struct plain {
	enum metrics_type type;
	const char *name;
	const char *help;
	size_t offset;
};

#define STATS(field) offsetof(struct janus_stats, field)

static const struct plain plains[] = {
	{ METRICS_COUNTER, "janus_events", "Permission events read from the kernel.",
	  STATS(events) },
	{ METRICS_COUNTER, "janus_allowed",
	  "Openers that were allowed, by a rule of a guard.", STATS(allowed) },
	{ METRICS_COUNTER, "janus_denied", "Openers that were denied.", STATS(denied) },
	{ METRICS_COUNTER, "janus_would_deny",
	  "Openers that were allowed, and would have been denied by a guard in force.",
	  STATS(would_deny) },
	{ METRICS_COUNTER, "janus_self", "Openers that were janusd's own threads.",
	  STATS(self) },
	{ METRICS_COUNTER, "janus_unmatched",
	  "Openers that were allowed because no rule speaks of the file.",
	  STATS(unmatched) },
	{ METRICS_COUNTER, "janus_failed",
	  "Decisions by failure: file, directory or opener could not be identified.",
	  STATS(failed) },
	{ METRICS_COUNTER, "janus_asked", "Openers that were left to the program.",
	  STATS(asked) },
	{ METRICS_COUNTER, "janus_overdue",
	  "Openers that were answered at the deadline, by what failure means.",
	  STATS(overdue) },
	{ METRICS_COUNTER, "janus_reply_errors", "Answers that the kernel did not take.",
	  STATS(reply_errors) },
	{ METRICS_COUNTER, "janus_read_errors",
	  "Reads of the kernel's events that failed.", STATS(read_errors) },
	{ METRICS_COUNTER, "janus_malformed",
	  "Reads of the kernel's events that did not decode.", STATS(malformed) },
	{ METRICS_COUNTER, "janus_records", "Records of answers and observations.",
	  STATS(records) },
	{ METRICS_COUNTER, "janus_records_dropped",
	  "Records that found no room in the library's ring.", STATS(records_dropped) },
	{ METRICS_COUNTER, "janus_observed", "Observations read from the kernel.",
	  STATS(observed) },
	{ METRICS_COUNTER, "janus_overflows",
	  "Times that the kernel's queue of observations was full.", STATS(overflows) },
	{ METRICS_COUNTER, "janus_rescans", "Trees and paths looked through again.",
	  STATS(rescans) },
	{ METRICS_GAUGE, "janus_queued_events",
	  "Permission events that wait in the kernel's queue.", STATS(queued) },
	{ METRICS_GAUGE, "janus_held_openers",
	  "Openers that wait until all guards are back after a restart.", STATS(held) },
	{ METRICS_GAUGE, "janus_watches",
	  "Watches: one a container or process of a guard.", STATS(watches) },
	{ METRICS_GAUGE, "janus_marks", "Inodes marked for permission.", STATS(marks) },
	{ METRICS_GAUGE, "janus_directories", "Directories that trees cover.",
	  STATS(directories) },
	{ METRICS_GAUGE, "janus_quiet_directories",
	  "Directories that the kernel was told to leave alone.", STATS(quiet) },
};

static void write_plains(struct metrics_text *text, const struct janus_stats *stats)
{
	for (size_t i = 0; i < ARRAY_COUNT(plains); i++)
		metrics_one(text, plains[i].type, plains[i].name, plains[i].help,
			    *(const uint64_t *)(const void *)((const char *)stats +
							      plains[i].offset));
}

static void write_verdicts(struct metrics_text *text,
			   const struct metrics_snapshot *snapshot)
{
	metrics_family(text, METRICS_COUNTER, "janus_verdicts",
		       "Records by guard, pod, event, verdict and reason.");
	for (size_t i = 0; i < snapshot->series_count; i++) {
		const struct metrics_series *series = &snapshot->series[i];
		const struct metrics_label labels[] = {
			{ "guard", series->guard },   { "pod", series->pod },
			{ "event", series->event },   { "verdict", series->verdict },
			{ "reason", series->reason },
		};

		metrics_add(text, labels, ARRAY_COUNT(labels), series->count);
	}
}

static void write_gaps(struct metrics_text *text, const uint64_t *gaps)
{
	static const char *const causes[METRICS_GAPS] = {
		[METRICS_GAP_RECORDS] = "records",
		[METRICS_GAP_OVERFLOW] = "overflow",
		[METRICS_GAP_UNCOVERED] = "uncovered",
	};

	metrics_family(text, METRICS_COUNTER, "janus_gaps",
		       "Times that not everything was told or covered, by cause.");
	for (size_t i = 0; i < METRICS_GAPS; i++)
		metrics_add(text, &(struct metrics_label){ "cause", causes[i] }, 1,
			    gaps[i]);
}

static void write_guards(struct metrics_text *text, const struct guards_tally *tally)
{
	metrics_family(text, METRICS_GAUGE, "janus_guards", "Guards by state.");
	metrics_add(text, &(struct metrics_label){ "state", "effective" }, 1,
		    tally->effective);
	metrics_add(text, &(struct metrics_label){ "state", "partial" }, 1,
		    tally->partial);
	metrics_add(text, &(struct metrics_label){ "state", "waiting" }, 1,
		    tally->waiting);
	metrics_add(text, &(struct metrics_label){ "state", "failed" }, 1, tally->failed);
	metrics_one(text, METRICS_GAUGE, "janus_guard_targets",
		    "Containers and processes of all guards.", tally->targets);
}

/* The number as in the configuration, from 1 on: two sinks may have one name. */
struct sink_labels {
	struct metrics_label all[3];
	char number[24];
};

static const struct metrics_label *label_sink(struct sink_labels *labels,
					      const struct sink_stats *sinks,
					      size_t index, const char *cause)
{
	snprintf(labels->number, sizeof(labels->number), "%zu", index + 1);
	labels->all[0] = (struct metrics_label){ "sink", sinks[index].name };
	labels->all[1] = (struct metrics_label){ "number", labels->number };
	labels->all[2] = (struct metrics_label){ "cause", cause };
	return labels->all;
}

static void write_sinks(struct metrics_text *text,
			const struct metrics_snapshot *snapshot)
{
	const struct sink_stats *sinks = snapshot->sinks;
	const size_t count = snapshot->sink_count;
	struct sink_labels labels;

	metrics_family(text, METRICS_COUNTER, "janus_sink_written",
		       "Records that a sink has written.");
	for (size_t i = 0; i < count; i++)
		metrics_add(text, label_sink(&labels, sinks, i, NULL), 2,
			    sinks[i].written);
	metrics_family(text, METRICS_COUNTER, "janus_sink_folded",
		       "Records that are told in one like them.");
	for (size_t i = 0; i < count; i++)
		metrics_add(text, label_sink(&labels, sinks, i, NULL), 2,
			    sinks[i].folded);
	metrics_family(text, METRICS_COUNTER, "janus_sink_dropped",
		       "Records that a sink has lost, by cause.");
	for (size_t i = 0; i < count; i++) {
		metrics_add(text, label_sink(&labels, sinks, i, "queue"), 3,
			    sinks[i].dropped.queue);
		metrics_add(text, label_sink(&labels, sinks, i, "rate"), 3,
			    sinks[i].dropped.rate);
		metrics_add(text, label_sink(&labels, sinks, i, "error"), 3,
			    sinks[i].dropped.error);
	}
	metrics_family(text, METRICS_GAUGE, "janus_sink_queue_bytes",
		       "What waits to be written by a sink.");
	for (size_t i = 0; i < count; i++)
		metrics_add(text, label_sink(&labels, sinks, i, NULL), 2,
			    sinks[i].queue_used);
}

static void write_snapshot(struct metrics_text *text,
			   const struct metrics_snapshot *snapshot)
{
	const struct metrics_times times = {
		.counts = snapshot->latency.counts,
		.buckets = JANUS_LATENCY_BUCKETS,
		.first_ns = LATENCY_FIRST_NS,
		.sum_ns = snapshot->latency.sum_ns,
	};

	write_verdicts(text, snapshot);
	metrics_family(text, METRICS_HISTOGRAM, "janus_answer_duration_seconds",
		       "From when a permission event was read to its answer.");
	metrics_add_times(text, &times);
	write_plains(text, &snapshot->stats);
	write_gaps(text, snapshot->gaps);
	write_guards(text, &snapshot->guards);
	write_sinks(text, snapshot);
	metrics_one(text, METRICS_COUNTER, "janus_worker_restarts",
		    "Workers that were started because the one before was lost.",
		    snapshot->restarts);
	metrics_one(text, METRICS_COUNTER, "janus_handovers",
		    "Handovers to another program, whether they came off or not.",
		    snapshot->handovers);
}

static void write_calls(struct metrics_text *text, const struct rpc_counts *calls)
{
	metrics_family(text, METRICS_COUNTER, "janus_grpc_calls",
		       "gRPC calls that have ended, by method and status.");
	for (size_t i = 0; i < RPC_COUNTS_METHODS; i++) {
		const struct rpc_count *count = &calls->methods[i];
		const char *path = atomic_load_explicit(&count->path,
							memory_order_acquire);

		if (!path)
			break;
		for (size_t k = 0; k < RPC_COUNTS_CODES; k++) {
			const struct metrics_label labels[] = {
				{ "method", path },
				{ "code", status_name((uint32_t)k) },
			};
			uint64_t value = atomic_load_explicit(&count->codes[k],
							      memory_order_relaxed);

			if (value)
				metrics_add(text, labels, ARRAY_COUNT(labels), value);
		}
	}
}

static void write_health(struct metrics_text *text, const struct health_report *health)
{
	metrics_one(text, METRICS_GAUGE, "janus_healthy",
		    "1: janusd does what it is there for, as /readyz says.",
		    health->serving);
	metrics_family(text, METRICS_GAUGE, "janus_problem", "1: there is this problem.");
	for (int i = 0; i < HEALTH_PROBLEMS; i++)
		metrics_add(
			text,
			&(struct metrics_label){
				"problem", health_problem_name((enum health_problem)i) },
			1, health->has[i]);
}

static void write_process(struct metrics_text *text, const struct process_stats *process)
{
	metrics_family(text, METRICS_COUNTER, "process_cpu_seconds",
		       "CPU time of the worker, user and system.");
	metrics_add_real(text, NULL, 0, process->cpu_seconds);
	metrics_family(text, METRICS_GAUGE, "process_start_time_seconds",
		       "When the worker was started, since 1970.");
	metrics_add_real(text, NULL, 0, process->start_seconds);
	metrics_one(text, METRICS_GAUGE, "process_resident_memory_bytes",
		    "Resident memory of the worker.", process->resident_bytes);
	metrics_one(text, METRICS_GAUGE, "process_virtual_memory_bytes",
		    "Virtual memory of the worker.", process->virtual_bytes);
	metrics_one(text, METRICS_GAUGE, "process_threads", "Threads of the worker.",
		    process->threads);
	metrics_one(text, METRICS_GAUGE, "process_open_fds",
		    "Open file descriptors of the worker.", process->open_fds);
	metrics_one(text, METRICS_GAUGE, "process_max_fds",
		    "File descriptors that the worker may have.", process->max_fds);
}

void metrics_page_write(struct metrics_text *text, const struct metrics_page *page)
{
	metrics_family(text, METRICS_GAUGE, "janus_build_info",
		       "Always 1; which janusd this is.");
	metrics_add(text, &(struct metrics_label){ "version", JANUS_VERSION_STRING }, 1,
		    1);
	if (page->health)
		write_health(text, page->health);
	if (page->snapshot) {
		metrics_family(text, METRICS_GAUGE, "janus_snapshot_age_seconds",
			       "How old the numbers of guards and answers are.");
		metrics_add_real(text, NULL, 0, (double)page->age_ms / 1000);
		write_snapshot(text, page->snapshot);
	}
	if (page->calls)
		write_calls(text, page->calls);
	if (page->process)
		write_process(text, page->process);
	metrics_end(text);
}
