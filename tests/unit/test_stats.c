// SPDX-License-Identifier: MIT
/*
 * How long openers have waited, counted: which bucket a wait is in, and what the caller gets.
 */
#include "stats.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>

#include <janus/context.h>

#include "context.h"

static struct janus_context context;

static uint64_t in_bucket(int64_t wait_ns)
{
	struct janus_latency latency = JANUS_LATENCY_INIT;
	uint64_t found = JANUS_LATENCY_BUCKETS;

	context = (struct janus_context){ 0 };
	janus__count_wait(&context.counters, wait_ns);
	cr_assert_eq(janus_get_latency(&context, &latency), 0);
	cr_assert_eq(latency.sum_ns, wait_ns > 0 ? (uint64_t)wait_ns : 0);
	for (uint64_t i = 0; i < JANUS_LATENCY_BUCKETS; i++)
		if (latency.counts[i])
			found = i;
	return found;
}

Test(stats, each_bucket_ends_where_the_next_one_begins)
{
	cr_expect_eq(in_bucket(0), 0);
	cr_expect_eq(in_bucket(1023), 0);
	for (uint64_t i = 1; i < JANUS_LATENCY_BUCKETS; i++) {
		cr_expect_eq(in_bucket(INT64_C(512) << i), i);
		cr_expect_eq(in_bucket((INT64_C(1024) << i) - 1), i);
	}
	cr_expect_eq(in_bucket(INT64_MAX), JANUS_LATENCY_BUCKETS - 1);
}

Test(stats, a_clock_that_went_back_is_no_wait)
{
	cr_expect_eq(in_bucket(-1), 0);
	cr_expect_eq(in_bucket(INT64_MIN), 0);
}

Test(stats, counts_add_up)
{
	struct janus_latency latency = JANUS_LATENCY_INIT;

	for (int i = 0; i < 100; i++)
		janus__count_wait(&context.counters, 3000);
	cr_assert_eq(janus_get_latency(&context, &latency), 0);
	cr_assert_eq(latency.counts[2], 100);
	cr_assert_eq(latency.sum_ns, 300000);
}

Test(stats, a_smaller_struct_gets_what_fits)
{
	struct janus_latency latency = { .size = 2 * sizeof(uint64_t) };

	latency.counts[0] = 7;
	janus__count_wait(&context.counters, 5);
	cr_assert_eq(janus_get_latency(&context, &latency), 0);
	cr_assert_eq(latency.sum_ns, 5);
	cr_assert_eq(latency.counts[0], 7);
}

Test(stats, what_makes_no_sense_is_refused)
{
	struct {
		struct janus_latency known;
		uint64_t more;
	} larger = { JANUS_LATENCY_INIT, 1 };
	struct janus_latency latency = JANUS_LATENCY_INIT;

	cr_expect_eq(janus_get_latency(NULL, &latency), -EINVAL);
	cr_expect_eq(janus_get_latency(&context, NULL), -EINVAL);
	latency.size = 4;
	cr_expect_eq(janus_get_latency(&context, &latency), -EINVAL);
	larger.known.size = sizeof(larger);
	cr_expect_eq(janus_get_latency(&context, &larger.known), -E2BIG);
	cr_expect_eq(latency.sum_ns, 0);
}
