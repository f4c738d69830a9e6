/* SPDX-License-Identifier: MIT */
/*
 * When the next worker is started. Pure.
 */
#ifndef JANUSD_RESTART_H
#define JANUSD_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#define RESTART_SETTLED_NS INT64_C(10000000000)
#define RESTART_FIRST_NS INT64_C(100000000)
/* Of workers that have been ready: openers can wait for the next one, by the usual deadline. */
#define RESTART_READY_NS INT64_C(200000000)
#define RESTART_MOST_NS INT64_C(5000000000)

struct restart {
	uint64_t count; /* restarts so far */
	uint32_t quick; /* workers in a row that did not settle */
};

/* A worker has died. Return: how long to wait with the next one. */
int64_t restart_delay(struct restart *restart, int64_t lived_ns, bool was_ready);

#endif
