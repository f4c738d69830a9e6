// SPDX-License-Identifier: MIT
#include "stats.h"

#include <errno.h>

#include <janus/context.h>

#include "context.h"
#include "options.h"
#include "util.h"

static uint64_t read_counter(const atomic_uint_least64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Events that wait to be read. The kernel tells bytes. */
static uint64_t count_queued(const struct janus_context *context)
{
	const int groups[] = { context->group_fd, context->wide_fd };
	uint64_t total = 0;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(groups); i++) {
		uint64_t bytes;

		if (groups[i] >= 0 &&
		    context->kernel->queued_bytes(groups[i], &bytes) == 0)
			total += bytes / FAN_EVENT_METADATA_LEN;
	}
	return total;
}

int janus_get_stats(const struct janus_context *context, struct janus_stats *ret)
{
	const struct janus__counters *counters;
	struct janus_stats stats = JANUS_STATS_INIT;

	if (!context || !ret)
		return -EINVAL;
	counters = &context->counters;
	stats.events = read_counter(&counters->events);
	stats.allowed = read_counter(&counters->allowed);
	stats.denied = read_counter(&counters->denied);
	stats.would_deny = read_counter(&counters->would_deny);
	stats.self = read_counter(&counters->self);
	stats.unmatched = read_counter(&counters->unmatched);
	stats.failed = read_counter(&counters->failed);
	stats.reply_errors = read_counter(&counters->reply_errors);
	stats.read_errors = read_counter(&counters->read_errors);
	stats.malformed = read_counter(&counters->malformed);
	stats.records = read_counter(&counters->records) +
			read_counter(&counters->observed_records);
	stats.records_dropped = read_counter(&counters->records_dropped) +
				read_counter(&counters->observed_dropped);
	stats.watches = read_counter(&counters->watches);
	stats.marks = read_counter(&counters->marks);
	stats.observed = read_counter(&counters->observed);
	stats.overflows = read_counter(&counters->overflows);
	stats.directories = read_counter(&counters->directories);
	stats.rescans = read_counter(&counters->rescans);
	stats.held = read_counter(&counters->held);
	stats.asked = read_counter(&counters->asked);
	if (context->ledger)
		stats.overdue = read_counter(&context->ledger->late) +
				read_counter(&context->ledger->unread);
	stats.quiet = read_counter(&context->quiet.count);
	if (!atomic_load(&context->responder.broken))
		stats.queued = count_queued(context);
	return janus__options_write(ret, &stats, sizeof(stats));
}

/* The first bucket ends at the tenth power of two. */
#define FIRST_BITS 10

void janus__count_wait(struct janus__counters *counters, int64_t wait_ns)
{
	uint64_t wait = wait_ns > 0 ? (uint64_t)wait_ns : 0;
	unsigned int bits = wait ? 64 - (unsigned int)__builtin_clzll(wait) : 0;
	unsigned int bucket = bits > FIRST_BITS ? bits - FIRST_BITS : 0;

	if (bucket >= JANUS_LATENCY_BUCKETS)
		bucket = JANUS_LATENCY_BUCKETS - 1;
	janus__count(&counters->waits[bucket], 1);
	janus__count(&counters->waited_ns, wait);
}

int janus_get_latency(const struct janus_context *context, struct janus_latency *ret)
{
	struct janus_latency latency = JANUS_LATENCY_INIT;

	if (!context || !ret)
		return -EINVAL;
	latency.sum_ns = read_counter(&context->counters.waited_ns);
	for (size_t i = 0; i < JANUS_LATENCY_BUCKETS; i++)
		latency.counts[i] = read_counter(&context->counters.waits[i]);
	return janus__options_write(ret, &latency, sizeof(latency));
}
