/* SPDX-License-Identifier: MIT */
/*
 * What is counted of a sink.
 */
#ifndef JANUSD_SINK_STATS_H
#define JANUSD_SINK_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Records that were lost, by cause. */
struct sink_drops {
	uint64_t queue; /* they came faster than they were taken, and there was no room */
	uint64_t rate;  /* there were more of them than the sink may have */
	uint64_t error; /* it could not write, and there was no room to wait for it */
};

struct sink_stats {
	const char *name;  /* "json:/var/log/janus.json"; borrowed, lives with the sink */
	uint64_t accepted; /* put into the queue; what became of them is told below */
	uint64_t written;
	uint64_t filtered; /* left out as the settings say */
	uint64_t folded;   /* told in the record of another one */
	struct sink_drops dropped;
	size_t queue_used; /* bytes that wait */
	size_t queue_bytes;
	int error; /* why it cannot write just now; 0: it can */
};

#endif
