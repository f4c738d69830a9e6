/* SPDX-License-Identifier: MIT */
/*
 * The counters behind janus_get_stats(): written by the responder (what is observed by the
 * follower, watches and marks under the engine's mutex), read from anywhere.
 */
#ifndef JANUS_STATS_H
#define JANUS_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include <janus/context.h>

struct janus__counters {
	atomic_uint_least64_t events;
	atomic_uint_least64_t allowed;
	atomic_uint_least64_t denied;
	atomic_uint_least64_t would_deny;
	atomic_uint_least64_t self;
	atomic_uint_least64_t unmatched;
	atomic_uint_least64_t failed;
	atomic_uint_least64_t reply_errors;
	atomic_uint_least64_t read_errors;
	atomic_uint_least64_t malformed;
	atomic_uint_least64_t records;
	atomic_uint_least64_t records_dropped;
	atomic_uint_least64_t watches;
	atomic_uint_least64_t marks;
	atomic_uint_least64_t observed;
	atomic_uint_least64_t observed_records; /* into the ring of observations */
	atomic_uint_least64_t observed_dropped;
	atomic_uint_least64_t overflows;
	atomic_uint_least64_t directories;
	atomic_uint_least64_t rescans;
	atomic_uint_least64_t held;
	atomic_uint_least64_t asked;
	atomic_uint_least64_t waited_ns; /* as in struct janus_latency, with the next */
	atomic_uint_least64_t waits[JANUS_LATENCY_BUCKETS];
};

/* Each counter has one writer, so a plain add will do. */
static inline void janus__count(atomic_uint_least64_t *counter, uint64_t amount)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

/* Somebody has waited for so long; negative counts as 0. The responder's. */
void janus__count_wait(struct janus__counters *counters, int64_t wait_ns);

#endif
