/* SPDX-License-Identifier: MIT */
/*
 * All metrics there are, by name, and what each one says: docs/metrics.md. Any thread.
 */
#ifndef JANUSD_METRICS_PAGE_H
#define JANUSD_METRICS_PAGE_H

#include <stdint.h>

struct health_report;
struct metrics_snapshot;
struct metrics_text;
struct process_stats;
struct rpc_counts;

/* NULL: what it would tell is left out. */
struct metrics_page {
	const struct metrics_snapshot *snapshot;
	int64_t age_ms; /* of the snapshot */
	const struct health_report *health;
	const struct rpc_counts *calls;
	const struct process_stats *process;
};

void metrics_page_write(struct metrics_text *text, const struct metrics_page *page);

#endif
