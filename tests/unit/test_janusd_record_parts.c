// SPDX-License-Identifier: MIT
/*
 * What stands between an event and a sink: filter, fold, rate and ring; and what old files are
 * called.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "janusd_record.h"
#include "rate.h"
#include "record_output.h"
#include "sink_ring.h"
#include "sink_writers.h"

#define SECOND INT64_C(1000000000)

Test(rate, takes_a_burst_and_then_so_many_a_second)
{
	struct rate rate;
	int taken = 0;

	rate_init(&rate, 10, 5, 0);
	for (int i = 0; i < 100; i++)
		taken += rate_take(&rate, 0);
	cr_expect_eq(taken, 5);
	cr_expect_not(rate_take(&rate, SECOND / 10 - 1));
	cr_expect(rate_take(&rate, SECOND / 10));
	cr_expect_not(rate_take(&rate, SECOND / 10));
	for (int64_t i = 1; i <= 1000; i++)
		taken += rate_take(&rate, SECOND + i * SECOND / 100);
	cr_expect(taken >= 5 + 99 && taken <= 5 + 106, "%d", taken);
}

Test(rate, never_has_more_than_the_burst)
{
	struct rate rate;
	int taken = 0;

	rate_init(&rate, UINT32_MAX, 3, 0);
	for (int i = 0; i < 10; i++)
		taken += rate_take(&rate, INT64_MAX);
	cr_expect_eq(taken, 3);
	/* A clock that goes back gives nothing, and takes nothing. */
	cr_expect_not(rate_take(&rate, 0));
}

Test(rate, has_no_limit_where_none_is_set)
{
	struct rate rate;

	rate_init(&rate, 0, 0, 0);
	for (int i = 0; i < 1000; i++)
		cr_assert(rate_take(&rate, 0));
}

Test(fold, identical_ones_are_one_with_a_count)
{
	struct fold *fold = fold_create(10);
	struct record record = make_record();
	struct record *told;

	cr_expect_eq(fold_next_ns(fold), FOLD_NEVER);
	cr_expect_eq(fold_put(fold, &record, 100), FOLD_KEPT);
	record.first_ns = record.last_ns += 5;
	record.pid = 99; /* another process of the same program */
	cr_expect_eq(fold_put(fold, &record, 105), FOLD_JOINED);
	cr_expect_eq(fold_next_ns(fold), 110);
	cr_expect_null(fold_fetch(fold, 109));
	told = fold_fetch(fold, 110);
	cr_assert(told);
	cr_expect_eq(told->count, 2);
	cr_expect_eq(told->pid, 77);
	cr_expect_eq(told->last_ns - told->first_ns, 5);
	cr_expect_str_eq(told->text[RECORD_LINE], "<DENY> OPEN_PERM");
	cr_expect_str_eq(told->tags[0].value, "lunch");
	free(told);
	cr_expect_null(fold_fetch(fold, INT64_MAX));
	fold_destroy(fold);
}

Test(fold, what_differs_is_told_apart)
{
	struct fold *fold = fold_create(10);
	struct record record = make_record();
	static const enum record_string strings[] = { RECORD_PATH,  RECORD_OLD_PATH,
						      RECORD_EXE,   RECORD_CONTAINER,
						      RECORD_GUARD, RECORD_POD,
						      RECORD_NODE };

	cr_expect_eq(fold_put(fold, &record, 0), FOLD_KEPT);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		record = make_record();
		record.text[strings[i]] = "another";
		cr_expect_eq(fold_put(fold, &record, 0), FOLD_KEPT, "%zu", i);
	}
	record = make_record();
	record.verdict = JANUS_VERDICT_ALLOW;
	cr_expect_eq(fold_put(fold, &record, 0), FOLD_KEPT);
	record.kind = JANUS_EVENT_ACCESS;
	cr_expect_eq(fold_put(fold, &record, 0), FOLD_KEPT);
	record.uid = 5;
	cr_expect_eq(fold_put(fold, &record, 0), FOLD_KEPT);
	record.text[RECORD_COMM] = "only a name";
	cr_expect_eq(fold_put(fold, &record, 0), FOLD_JOINED);
	fold_destroy(fold);
}

Test(fold, keeps_a_bounded_number_and_gives_them_back_in_order)
{
	struct fold *fold = fold_create(10);
	struct record record = make_record();
	char path[32];

	record.text[RECORD_PATH] = path;
	for (int i = 0; i < 3 * FOLD_MOST; i++) {
		enum fold_result result;

		snprintf(path, sizeof(path), "%d", i);
		result = fold_put(fold, &record, i);
		cr_assert_eq(result, i < FOLD_MOST ? FOLD_KEPT : FOLD_FULL);
		if (result == FOLD_FULL) {
			struct record *oldest = fold_fetch_oldest(fold);

			cr_assert_eq(atoi(oldest->text[RECORD_PATH]), i - FOLD_MOST);
			free(oldest);
			cr_assert_eq(fold_put(fold, &record, i), FOLD_KEPT);
		}
	}
	fold_destroy(fold);
	fold_destroy(NULL);
}

Test(ring, gives_back_what_was_put_whole_and_in_order)
{
	struct sink_ring ring;
	struct text out = TEXT_INIT(1000);
	char item[30];
	unsigned int in = 0, taken = 0;

	cr_assert_eq(sink_ring_init(&ring, 97), 0);
	while (in < 10000) {
		size_t length = 1 + in % sizeof(item);

		memset(item, (int)(in & 0xff), sizeof(item));
		if (sink_ring_put(&ring, item, length)) {
			in++;
			continue;
		}
		length = 1 + taken % sizeof(item);
		cr_assert_eq(sink_ring_next(&ring), length);
		text_clear(&out);
		cr_assert(sink_ring_take(&ring, &out));
		memset(item, (int)(taken & 0xff), sizeof(item));
		cr_assert_eq(out.length, length);
		cr_assert(!memcmp(out.data, item, length));
		taken++;
	}
	text_done(&out);
	sink_ring_done(&ring);
}

Test(ring, has_no_room_for_what_is_larger)
{
	struct sink_ring ring;
	struct text out = TEXT_INIT(2);

	cr_assert_eq(sink_ring_init(&ring, 10), 0);
	cr_expect_not(sink_ring_put(&ring, "1234567", 7));
	cr_expect_not(sink_ring_put(&ring, "", 0));
	cr_expect(sink_ring_put(&ring, "123456", 6));
	cr_expect_not(sink_ring_put(&ring, "1", 1));
	/* It is gone, and so is what was moved of it. */
	cr_expect_not(sink_ring_take(&ring, &out));
	cr_expect_eq(out.length, 0);
	cr_expect_eq(sink_ring_next(&ring), 0);
	text_done(&out);
	sink_ring_done(&ring);
}

Test(filter, by_verdict)
{
	struct sink_settings settings = { .verdicts = SINK_DENY | SINK_OBSERVED };

	cr_expect(record_output_filter(&settings, JANUS_VERDICT_DENY, "g"));
	cr_expect(record_output_filter(&settings, 0, "g"));
	cr_expect_not(record_output_filter(&settings, JANUS_VERDICT_ALLOW, "g"));
	cr_expect_not(record_output_filter(&settings, JANUS_VERDICT_WOULD_DENY, "g"));
}

Test(filter, by_guard)
{
	static const char *const patterns[] = { "kitchen-*", "[ab]" };
	struct sink_settings settings = { .verdicts = SINK_ALL_VERDICTS,
					  .guards = patterns,
					  .guard_count = 2 };

	cr_expect(record_output_filter(&settings, JANUS_VERDICT_DENY, "kitchen-1"));
	cr_expect(record_output_filter(&settings, JANUS_VERDICT_DENY, "b"));
	cr_expect_not(record_output_filter(&settings, JANUS_VERDICT_DENY, "kitchen"));
	cr_expect_not(record_output_filter(&settings, JANUS_VERDICT_DENY, ""));
}

Test(rotation, old_files_have_numbers)
{
	char buf[16];

	cr_expect(sink_file_old_name(buf, sizeof(buf), "/a/b", 1));
	cr_expect_str_eq(buf, "/a/b.1");
	cr_expect(sink_file_old_name(buf, sizeof(buf), "/a/b", UINT32_MAX));
	cr_expect_not(sink_file_old_name(buf, sizeof(buf), "/a/bcdefgh", UINT32_MAX));
}
