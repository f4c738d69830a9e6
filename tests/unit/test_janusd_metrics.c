// SPDX-License-Identifier: MIT
/*
 * What is counted by guard, and that there is an end to it however many guards there are.
 */
#include <criterion/criterion.h>

#include <janus/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../janusd/status.h"
#include "http.h"
#include "metrics.h"
#include "rpc_counts.h"

static struct metrics *metrics;
static struct metrics_snapshot *snapshot;
static int64_t now_ns;

static void setup(void)
{
	metrics = metrics_create();
	now_ns = INT64_C(1000000000000);
}

static void teardown(void)
{
	metrics_snapshot_free(snapshot);
	metrics_destroy(metrics);
}

TestSuite(metrics, .init = setup, .fini = teardown);

static void count(const char *name, const char *pod)
{
	const struct metrics_record record = {
		name,   pod, JANUS_EVENT_OPEN, JANUS_VERDICT_DENY, JANUS_REASON_RULE,
		now_ns,
	};

	metrics_count(metrics, &record);
}

static uint64_t counted(const char *name, const char *pod)
{
	const struct metrics_source source = { NULL, NULL, NULL, NULL };
	uint64_t total = 0;

	metrics_snapshot_free(snapshot);
	snapshot = metrics_take(metrics, &source);
	for (size_t i = 0; i < snapshot->series_count; i++)
		if (!strcmp(snapshot->series[i].guard, name) &&
		    !strcmp(snapshot->series[i].pod, pod))
			total += snapshot->series[i].count;
	return total;
}

static void count_many(int from, int to)
{
	char name[16];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		count(name, "p");
	}
}

Test(metrics, names_and_words_are_those_of_the_record)
{
	count("g", "p");
	count("g", "p");
	count("g", "q");
	cr_assert_eq(counted("g", "q"), 1);
	cr_assert_eq(counted("g", "p"), 2);
	cr_assert_eq(snapshot->series_count, 2);
	cr_expect_str_eq(snapshot->series[0].event, "open");
	cr_expect_str_eq(snapshot->series[0].verdict, "deny");
	cr_expect_str_eq(snapshot->series[0].reason, "rule");
}

Test(metrics, what_was_observed_has_no_verdict_and_no_reason)
{
	const struct metrics_record record = { "g", "p", JANUS_EVENT_RENAME, 0, 0, 1 };

	metrics_count(metrics, &record);
	cr_assert_eq(counted("g", "p"), 1);
	cr_expect_str_eq(snapshot->series[0].event, "rename");
	cr_expect_str_eq(snapshot->series[0].verdict, "observed");
	cr_expect_str_eq(snapshot->series[0].reason, "none");
}

Test(metrics, words_that_are_not_known_do_no_harm)
{
	const struct metrics_record records[] = {
		{ "g", "p", 0, 1, 1, 1 },
		{ "g", "p", JANUS_EVENT_GAP, 1, 1, 1 },
		{ "g", "p", JANUS_EVENT_OPEN, 99, 1, 1 },
		{ "g", "p", JANUS_EVENT_OPEN, 1, 99, 1 },
	};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		metrics_count(metrics, &records[i]);
	cr_expect_eq(counted("g", "p"), 0);
}

Test(metrics, guards_beyond_the_limit_are_one)
{
	count_many(0, METRICS_GUARDS + 30);
	cr_expect_eq(counted(METRICS_OTHER, METRICS_OTHER), 30);
	cr_expect_eq(snapshot->series_count, METRICS_GUARDS + 1);
	cr_expect_eq(counted("g0", "p"), 1);
}

Test(metrics, a_guard_that_is_silent_for_long_gives_its_place_away)
{
	count_many(0, METRICS_GUARDS);
	now_ns += METRICS_SILENT_NS;
	count_many(1, METRICS_GUARDS);
	count("young", "p");
	cr_expect_eq(counted("young", "p"), 1);
	cr_expect_eq(counted("g0", "p"), 0);
	cr_expect_eq(counted("g1", "p"), 2);
	cr_expect_eq(counted(METRICS_OTHER, METRICS_OTHER), 0);
	cr_expect_eq(snapshot->series_count, METRICS_GUARDS);
}

Test(metrics, endless_names_have_no_numbers_of_their_own)
{
	char name[METRICS_NAMES_BYTES + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	count(name, "p");
	cr_expect_eq(counted(METRICS_OTHER, METRICS_OTHER), 1);
	count(name + 1, "p");
	cr_expect_eq(counted(name + 1, "p"), 1);
}

Test(rpc_counts, by_method_and_code)
{
	static const char first[] = "/a/b", second[] = "/a/c";
	struct rpc_counts *counts = calloc(1, sizeof(*counts));

	rpc_counts_add(counts, first, 0);
	rpc_counts_add(counts, second, 5);
	rpc_counts_add(counts, first, 0);
	rpc_counts_add(counts, NULL, 12);
	rpc_counts_add(counts, first, 4711);
	cr_expect_eq(atomic_load(&counts->methods[0].codes[0]), 2);
	cr_expect_eq(atomic_load(&counts->methods[0].codes[2]), 1);
	cr_expect_eq(atomic_load(&counts->methods[1].codes[5]), 1);
	cr_expect_str_eq(atomic_load(&counts->methods[2].path), "unknown");
	cr_expect_str_eq(status_name(16), "UNAUTHENTICATED");
	cr_expect_str_eq(status_name(17), "UNKNOWN");
	free(counts);
}

Test(rpc_counts, more_methods_than_there_is_room_for)
{
	static const char paths[RPC_COUNTS_METHODS + 1][2];
	struct rpc_counts *counts = calloc(1, sizeof(*counts));

	for (int i = 0; i <= RPC_COUNTS_METHODS; i++)
		rpc_counts_add(counts, paths[i], 0);
	for (int i = 0; i < RPC_COUNTS_METHODS; i++)
		cr_expect_eq(atomic_load(&counts->methods[i].codes[0]), 1);
	free(counts);
}

Test(http_address, numbers_only)
{
	static const char *const good[] = { "127.0.0.1:9464", "0.0.0.0:0", "[::1]:9464",
					    "[::]:65535" };
	static const char *const bad[] = {
		"",
		":",
		"9464",
		"localhost:9464",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"127.0.0.1: 1",
		"127.0.0.1:000001",
		"::1:9464",
		"[::1]",
		"[::1:9464",
		"[]:1",
		"[:1",
		"[::1]x:1",
		"[127.0.0.1]:1",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1"
	};
	union http_address address;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_eq(http_parse_address(&address, good[i]), 0, "%s", good[i]);
	cr_expect_eq(address.in6.sin6_port, 65535);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_neq(http_parse_address(&address, bad[i]), 0, "%s", bad[i]);
}
