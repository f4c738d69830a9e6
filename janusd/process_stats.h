/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of this process, in the units of Prometheus's process metrics. Any thread.
 */
#ifndef JANUSD_PROCESS_STATS_H
#define JANUSD_PROCESS_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct process_stats {
	double cpu_seconds;
	double start_seconds; /* since 1970 */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t threads;
	uint64_t open_fds;
	uint64_t max_fds;
};

/* Return: 0, or -1: it cannot be told for now, as where there are no fds. */
int process_stats_read(struct process_stats *ret);

#endif
