// SPDX-License-Identifier: MIT
/*
 * What the responder does when the kernel does not do as it should.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "decode.h"
#include "stage.h"

TestSuite(responder_fail, .init = stage_setup, .fini = stage_teardown);

/* An event for which the kernel could not open a file, and which it has denied itself. */
static void queue_event_without_fd(int error)
{
	const struct fanotify_event_metadata metadata = {
		.event_len = sizeof(metadata),
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = sizeof(metadata),
		.mask = FAN_OPEN_PERM,
		.fd = error,
		.pid = OPENER,
	};

	fake_read_bytes(&metadata, sizeof(metadata));
}

Test(responder_fail, an_event_without_a_file_is_counted_and_not_answered)
{
	size_t writes;

	stage_deny("/denied");
	fake_settle();
	writes = fake_count("write", stage_context->group_fd);
	queue_event_without_fd(-EMFILE);
	queue_event_without_fd(FAN_NOFD);
	fake_settle();
	cr_assert_eq(fake_count("write", stage_context->group_fd), writes);
	cr_assert_eq(fake_count("close", -EMFILE), 0);
	cr_assert_eq(stage_stats().events, 2);
	cr_assert_eq(stage_stats().failed, 2);
	cr_assert_eq(stage_stats().denied, 2);
	cr_assert_eq(stage_open("/denied"), FAN_DENY, "it goes on");
}

Test(responder_fail, a_file_that_cannot_be_identified_is_let_through_and_counted)
{
	stage_deny("/denied");
	fake_settle();
	fake_fail("statx", -1, -EIO, 1);
	cr_assert_eq(stage_open("/denied"), FAN_ALLOW);
	cr_assert_eq(stage_stats().failed, 1);
	cr_assert_eq(stage_stats().allowed, 1);
	cr_assert_eq(stage_stats().records, 0);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
}

Test(responder_fail,
     a_file_whose_directory_cannot_be_told_is_treated_as_strictly_as_can_be)
{
	fake_file("/dir/late");
	stage_deny("/dir");
	fake_settle();
	fake_fail("openat2", -1, -EAGAIN, 1000);
	cr_assert_eq(stage_open("/dir/late"), FAN_DENY);
	cr_assert_eq(stage_open("/free"), FAN_DENY, "it could lie there, too");
	cr_assert_eq(stage_stats().failed, 2);
	cr_assert_eq(stage_poll(), 2);
	cr_assert_eq(janus_event_get_reason(stage_event(0)), JANUS_REASON_FAILURE);
	fake_fail("openat2", -1, 0, 0);
	cr_assert_eq(stage_open("/free"), FAN_ALLOW);
}

Test(responder_fail, where_no_directory_denies_an_unknown_place_does_no_harm)
{
	stage_allow("/dir");
	fake_settle();
	fake_fail("openat2", -1, -EAGAIN, 1000);
	cr_assert_eq(stage_open("/dir/a"), FAN_ALLOW);
	cr_assert_eq(stage_stats().failed, 0);
}

/* Everybody is let through, for the group is closed, and the caller is told. */
static void check_broken(void)
{
	fake_settle();
	cr_assert_eq(fake_count("replace_fd", stage_context->stop_fd), 2, "both groups");
	cr_assert_eq(stage_poll(), -EIO);
	cr_assert_eq(stage_poll(), -EIO, "it stays so");
}

Test(responder_fail, an_answer_that_the_kernel_refuses_once_arrives_all_the_same)
{
	stage_deny("/denied");
	fake_settle();
	fake_fail("write", stage_context->group_fd, -EIO, 1);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(stage_stats().reply_errors, 0);
}

Test(responder_fail, an_answer_that_never_arrives_breaks_the_group_for_somebody_waits)
{
	stage_deny("/denied");
	fake_settle();
	fake_fail("write", stage_context->group_fd, -EIO, 1000);
	fake_event("/denied", OPENER, FAN_OPEN_PERM);
	fake_settle();
	cr_assert_eq(stage_stats().reply_errors, 1);
	cr_assert_eq(fake_count("replace_fd", stage_context->stop_fd), 2, "both groups");
	cr_assert_eq(stage_poll(), 1, "what was decided is still told");
	cr_assert_eq(stage_poll(), -EIO);
}

Test(responder_fail, bytes_that_do_not_decode_break_the_group)
{
	static const char bytes[] = "these are no events of any kind";

	stage_deny("/denied");
	fake_read_bytes(bytes, sizeof(bytes));
	check_broken();
	cr_assert_eq(stage_stats().malformed, 1);
}

Test(responder_fail, another_version_of_the_format_breaks_the_group)
{
	const struct fanotify_event_metadata metadata = {
		.event_len = sizeof(metadata),
		.vers = FANOTIFY_METADATA_VERSION + 1,
		.metadata_len = sizeof(metadata),
	};

	fake_read_bytes(&metadata, sizeof(metadata));
	check_broken();
}

Test(responder_fail, what_came_before_the_bad_bytes_is_answered_and_told)
{
	int fd;

	stage_deny("/denied");
	fd = fake_event_ahead("/denied", OPENER, FAN_OPEN_PERM);
	fake_read_bytes("short", 5);
	cr_assert_eq(fake_answer(fd), FAN_DENY);
	fake_settle();
	cr_assert_eq(stage_poll(), 1);
	cr_assert_eq(janus_event_get_verdict(stage_event(0)), JANUS_VERDICT_DENY);
	cr_assert_eq(stage_poll(), -EIO);
}

Test(responder_fail, a_group_that_cannot_be_read_any_more_is_given_up)
{
	int unread;

	for (int i = 0; i < 64; i++)
		fake_read_error(-EIO);
	unread = fake_event("/free", OPENER, FAN_OPEN_PERM);
	check_broken();
	fake_kernel.close(unread);
	cr_assert_eq(stage_stats().read_errors, 64);
}

Test(responder_fail, a_read_that_fails_now_and_then_breaks_nothing)
{
	stage_deny("/denied");
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 63; i++)
			fake_read_error(-EIO);
		cr_assert_eq(stage_open("/denied"), FAN_DENY);
	}
	cr_assert_eq(stage_stats().read_errors, 3 * 63);
	cr_assert_eq(fake_count("replace_fd", -1), 0);
}

Test(responder_fail, a_group_that_cannot_be_replaced_is_closed_once)
{
	int group = stage_context->group_fd, wide = stage_context->wide_fd;

	fake_fail("replace_fd", -1, -EBUSY, 2);
	fake_read_bytes("short", 5);
	fake_settle();
	cr_assert_eq(stage_poll(), -EIO);
	cr_assert_eq(fake_count("close", group), 1, "openers are let through");
	cr_assert_eq(fake_count("close", wide), 1);
	cr_assert_lt(fake_find(0, "close", wide), fake_find(0, "close", group),
		     "who waits for the wide one holds the other one");
	janus_context_destroy(stage_context);
	stage_context = NULL;
	cr_assert_eq(fake_count("close", group), 1, "by now it may be somebody else's");
	cr_assert_eq(fake_count("close", wide), 1);
}

Test(responder_fail, a_poll_that_fails_loses_no_event)
{
	stage_deny("/denied");
	fake_fail("poll", stage_context->group_fd, -ENOMEM, 5);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
}

Test(responder_fail, a_wide_group_that_breaks_takes_the_other_one_with_it)
{
	stage_deny("/denied");
	for (int i = 0; i < 64; i++)
		fake_wide_read_error(-EIO);
	check_broken();
	cr_assert_eq(stage_stats().read_errors, 64);
	cr_assert_eq(stage_stats().queued, 0);
}

Test(responder_fail, reads_of_two_groups_that_fail_now_and_then_break_nothing)
{
	stage_deny("/denied");
	for (int i = 0; i < 63; i++) {
		fake_read_error(-EIO);
		fake_wide_read_error(-EIO);
	}
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(stage_stats().read_errors, 2 * 63);
	cr_assert_eq(fake_count("replace_fd", -1), 0);
}
