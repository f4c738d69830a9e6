// SPDX-License-Identifier: MIT
/*
 * The caller's side: janus_poll(), janus_wakeup(), and when the fd is readable.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>

#include "stage.h"

TestSuite(poll, .init = stage_setup, .fini = stage_teardown);

/* What the caller's own loop would see. */
static bool is_readable(void)
{
	struct pollfd fd = { .fd = janus_get_fd(stage_context), .events = POLLIN };

	return fake_kernel.poll(&fd, 1, 0) == 1;
}

Test(poll, says_what_it_lacks)
{
	cr_assert_eq(janus_poll(NULL, stage_buffer, 0), -EINVAL);
	cr_assert_eq(janus_poll(stage_context, NULL, 0), -EINVAL);
	cr_assert_eq(janus_wakeup(NULL), -EINVAL);
	cr_assert_eq(janus_get_fd(NULL), -EINVAL);
}

Test(poll, returns_at_once_when_it_shall_not_wait)
{
	cr_assert_eq(janus_poll(stage_context, stage_buffer, 0), 0);
	cr_assert_eq(fake_count("poll", janus_get_fd(stage_context)), 0);
}

Test(poll, returns_when_the_time_is_over)
{
	cr_assert_eq(janus_poll(stage_context, stage_buffer, 1000000), 0);
	cr_assert_geq(fake_count("poll", janus_get_fd(stage_context)), 1);
}

static void open_denied(void)
{
	fake_event("/denied", OPENER, FAN_OPEN_PERM);
}

Test(poll, waits_for_a_record_without_limit)
{
	stage_deny("/denied");
	fake_interrupt("poll", janus_get_fd(stage_context), open_denied);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), 1);
}

Test(poll, fetches_everything_in_the_order_of_the_answers)
{
	stage_deny("/denied");
	stage_allow("/allowed");
	stage_open("/denied");
	stage_open("/allowed");
	stage_open("/denied");
	cr_assert_eq(stage_poll(), 3);
	cr_assert_eq(janus_event_buffer_get_count(stage_buffer), 3);
	cr_assert_str_eq(janus_event_get_path(stage_event(1)), "/allowed");
	cr_assert_eq(janus_poll(stage_context, stage_buffer, 0), 0);
	cr_assert_eq(janus_event_buffer_get_count(stage_buffer), 0);
}

Test(poll, fd_is_readable_exactly_while_there_is_something_to_fetch)
{
	cr_assert_not(is_readable());
	stage_deny("/denied");
	cr_assert_not(is_readable());
	stage_open("/denied");
	cr_assert(is_readable());
	cr_assert(is_readable(), "it is level-triggered");
	cr_assert_eq(stage_poll(), 1);
	cr_assert_not(is_readable());
	stage_open("/denied");
	cr_assert(is_readable());
}

Test(poll, fd_stays_readable_while_the_buffer_was_too_small)
{
	struct janus_event_buffer *small;

	cr_assert_eq(janus_event_buffer_create(&small, 1), 0);
	stage_deny("/denied");
	stage_open("/denied");
	stage_open("/denied");
	cr_assert_eq(janus_poll(stage_context, small, 0), 1);
	cr_assert(is_readable());
	cr_assert_eq(janus_poll(stage_context, small, 0), 1);
	cr_assert_eq(janus_event_get_sequence(janus_event_buffer_get(small, 0)), 2);
	cr_assert_eq(janus_poll(stage_context, small, 0), 0);
	cr_assert_not(is_readable());
	janus_event_buffer_destroy(small);
}

Test(poll, wakeup_makes_the_next_one_return_once)
{
	cr_assert_eq(janus_wakeup(stage_context), 0);
	cr_assert_eq(janus_wakeup(stage_context), 0);
	cr_assert(is_readable());
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), 0);
	cr_assert_not(is_readable());
	fake_interrupt("poll", janus_get_fd(stage_context), open_denied);
	stage_deny("/denied");
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), 1);
}

static void wake(void)
{
	janus_wakeup(stage_context);
}

Test(poll, wakeup_makes_the_present_one_return)
{
	fake_interrupt("poll", janus_get_fd(stage_context), wake);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), 0);
}

Test(poll, wakeup_between_any_two_steps_is_not_lost)
{
	fake_interrupt("read", stage_context->ready_fd, wake);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), 0);
}

Test(poll, a_signal_ends_the_wait)
{
	fake_fail("poll", janus_get_fd(stage_context), -EINTR, 1);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), -EINTR);
	cr_assert_eq(janus_event_buffer_get_count(stage_buffer), 0);
}

static void fill_ring(void)
{
	stage_deny("/denied");
	while (stage_stats().records_dropped < 3)
		stage_open("/denied");
}

Test(poll, a_gap_at_the_end_is_told_without_another_record)
{
	const struct janus_event *gap;
	size_t count;

	fill_ring();
	count = (size_t)stage_poll();
	cr_assert_eq(count, stage_stats().records + 1);
	gap = stage_event(count - 1);
	cr_assert_eq(janus_event_get_kind(gap), JANUS_EVENT_GAP);
	cr_assert_eq(janus_event_get_lost_count(gap), 3);
	cr_assert_eq(janus_event_get_sequence(gap), count + 2);
	cr_assert_gt(janus_event_get_time_ns(gap), 0);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, 0), 0);
	cr_assert_not(is_readable());
}

Test(poll, a_gap_stands_where_records_are_missing)
{
	struct janus_event_buffer *small;
	uint64_t records, last = 4;
	size_t count;

	fill_ring();
	records = stage_stats().records;
	cr_assert_eq(janus_event_buffer_create(&small, 4), 0);
	cr_assert_eq(janus_poll(stage_context, small, 0), 4);
	stage_open("/denied");
	count = (size_t)stage_poll();
	cr_assert_eq(count, records - 4 + 2);
	for (size_t i = 0; i < count; i++) {
		uint64_t sequence = janus_event_get_sequence(stage_event(i));
		uint64_t lost = janus_event_get_lost_count(stage_event(i));

		cr_assert_eq(lost, i == count - 2 ? 3 : 0);
		cr_assert_eq(sequence, last + (lost ? lost : 1));
		last = sequence;
	}
	janus_event_buffer_destroy(small);
}

Test(poll, fd_is_readable_while_a_gap_is_still_to_be_told)
{
	struct janus_event_buffer *exact;
	uint64_t records;

	fill_ring();
	records = stage_stats().records;
	cr_assert_eq(janus_event_buffer_create(&exact, records), 0);
	cr_assert_eq(janus_poll(stage_context, exact, 0), (int)records);
	cr_assert(is_readable(), "who waits for the fd never hears of the loss");
	cr_assert_eq(janus_poll(stage_context, exact, 0), 1);
	cr_assert_eq(janus_event_get_lost_count(janus_event_buffer_get(exact, 0)), 3);
	cr_assert_not(is_readable());
	janus_event_buffer_destroy(exact);
}

static void break_group(void)
{
	fake_read_bytes("short", 5);
	fake_settle();
}

Test(poll, fd_is_readable_while_the_end_is_still_to_be_told)
{
	int fd;

	stage_deny("/denied");
	fd = fake_event_ahead("/denied", OPENER, FAN_OPEN_PERM);
	break_group();
	cr_assert_eq(fake_answer(fd), FAN_DENY);
	cr_assert_eq(stage_poll(), 1);
	cr_assert(is_readable(), "who waits for the fd never hears of the end");
	cr_assert_eq(stage_poll(), -EIO);
	cr_assert(is_readable());
}

Test(poll, the_end_between_any_two_steps_is_not_lost)
{
	/* The group breaks just before the caller clears the signal that says so. */
	fake_interrupt("read", stage_context->ready_fd, break_group);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), -EIO);
}

Test(poll, the_end_while_it_waits_is_told)
{
	fake_interrupt("poll", janus_get_fd(stage_context), break_group);
	cr_assert_eq(janus_poll(stage_context, stage_buffer, -1), -EIO);
}
