// SPDX-License-Identifier: MIT
/*
 * What the responder tells of its answers.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>

#include "stage.h"

TestSuite(responder_tell, .init = stage_setup, .fini = stage_teardown);

Test(responder_tell, a_record_says_who_was_told_what_and_why)
{
	struct janus_watch *watch = stage_deny("/denied");
	const struct janus_event *event;
	int64_t now_s = time(NULL);

	stage_open("/denied");
	cr_assert_eq(stage_poll(), 1);
	event = stage_event(0);
	cr_assert_eq(janus_event_get_kind(event), JANUS_EVENT_OPEN);
	cr_assert_eq(janus_event_get_verdict(event), JANUS_VERDICT_DENY);
	cr_assert_eq(janus_event_get_reason(event), JANUS_REASON_RULE);
	cr_assert_str_eq(janus_event_get_path(event), "/denied");
	cr_assert_eq(janus_event_get_pid(event), OPENER);
	cr_assert_eq(janus_event_get_sequence(event), 1);
	cr_assert_eq(janus_event_get_watch_id(event), janus_watch_get_id(watch));
	cr_assert_not(janus_event_is_directory(event));
	cr_assert_geq(janus_event_get_time_ns(event) / 1000000000, now_s);
}

static struct janus__overdue stead;

/* What the watchdog does, long after the deadline. */
static void answer_in_its_stead(void)
{
	cr_assert_eq(janus__overdue_look(&stead, INT64_MAX / 2), 1);
}

/* While the responder looks at the file: @deny is what failure means for it. */
static void check_overdue(bool deny)
{
	uint32_t verdict = deny ? JANUS_VERDICT_DENY : JANUS_VERDICT_ALLOW;

	stage_deny("/denied");
	fake_settle();
	stead.kernel = &fake_kernel;
	stead.ledger = stage_context->ledger;
	stead.group_fd = stage_context->group_fd;
	stead.wide_fd = -1;
	stead.wake_fd = stage_context->wake_fd;
	stead.number_fd = -1;
	stead.failure.proc = &stage_context->proc;
	atomic_store(&stead.ledger->strict.unknown, deny);
	fake_interrupt("statx", -1, answer_in_its_stead);
	cr_assert_eq(stage_open("/denied"), deny ? FAN_DENY : FAN_ALLOW);
	cr_assert_eq(stage_poll(), 1);
	cr_assert_eq(janus_event_get_verdict(stage_event(0)), verdict);
	cr_assert_eq(janus_event_get_reason(stage_event(0)), JANUS_REASON_DEADLINE);
	cr_assert_eq(stage_stats().overdue, 1);
	cr_assert_eq(fake_count("write", stage_context->group_fd), 1);
}

Test(responder_tell, who_was_answered_for_it_is_told_as_what_he_got)
{
	check_overdue(false);
}

Test(responder_tell, and_so_is_who_was_denied_for_it)
{
	check_overdue(true);
}

Test(responder_tell, a_directory_is_told_as_one)
{
	stage_allow("/dir");
	stage_open("/dir");
	cr_assert_eq(stage_poll(), 1);
	cr_assert(janus_event_is_directory(stage_event(0)));
	cr_assert_str_eq(janus_event_get_path(stage_event(0)), "/dir");
}

Test(responder_tell, one_access_is_one_record_of_each_watch)
{
	struct janus_watch *first = stage_allow("/denied");
	struct janus_watch *second = stage_deny("/denied");

	stage_open("/denied");
	cr_assert_eq(stage_poll(), 2);
	cr_assert_eq(janus_event_get_watch_id(stage_event(0)), janus_watch_get_id(first));
	cr_assert_eq(janus_event_get_verdict(stage_event(0)), JANUS_VERDICT_DENY);
	cr_assert_eq(janus_event_get_reason(stage_event(0)), JANUS_REASON_OTHER_WATCH);
	cr_assert_eq(janus_event_get_watch_id(stage_event(1)),
		     janus_watch_get_id(second));
	cr_assert_eq(janus_event_get_reason(stage_event(1)), JANUS_REASON_RULE);
}

Test(responder_tell, a_dry_run_is_told_as_what_it_would_be)
{
	const char *path = "/denied";
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.mode = JANUS_MODE_DRY_RUN;
	stage_watch(&subject);
	cr_assert_eq(stage_open("/denied"), FAN_ALLOW);
	cr_assert_eq(stage_poll(), 1);
	cr_assert_eq(janus_event_get_verdict(stage_event(0)), JANUS_VERDICT_WOULD_DENY);
	cr_assert_eq(stage_stats().would_deny, 1);
	cr_assert_eq(stage_stats().allowed, 1);
	cr_assert_eq(stage_stats().denied, 0);
}

Test(responder_tell, records_outlive_their_watch)
{
	const char *path = "/denied";
	const struct janus_tag tag = { "k", "v" };
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch *watch;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.tags = &tag;
	subject.tag_count = 1;
	watch = stage_watch(&subject);
	stage_open("/denied");
	janus_watch_destroy(watch);
	cr_assert_eq(stage_poll(), 1);
	cr_assert_str_eq(janus_event_get_tag(stage_event(0), 0)->value, "v");
}

Test(responder_tell, a_path_that_cannot_be_told_is_empty)
{
	stage_deny("/denied");
	fake_fail("readlinkat", stage_context->proc.fd, -ENAMETOOLONG, 1);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(stage_poll(), 1);
	cr_assert_str_eq(janus_event_get_path(stage_event(0)), "");
}

Test(responder_tell, answers_are_not_held_up_by_records_that_nobody_fetches)
{
	struct janus_stats stats;
	size_t count;

	stage_deny("/denied");
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(stage_open("/denied"), FAN_DENY);
	stats = stage_stats();
	cr_assert_eq(stats.denied, 1000);
	cr_assert_gt(stats.records_dropped, 0);
	cr_assert_eq(stats.records + stats.records_dropped, 1000);
	count = (size_t)stage_poll();
	cr_assert_eq(count, stats.records + 1);
	for (size_t i = 0; i < count - 1; i++)
		cr_assert_eq(janus_event_get_sequence(stage_event(i)), i + 1);
	cr_assert_eq(janus_event_get_lost_count(stage_event(count - 1)),
		     stats.records_dropped);
}

/* More watches about one file than the responder has room for opinions. */
Test(responder_tell, more_opinions_than_room_decide_and_are_counted_as_lost)
{
	enum { WATCHES = 1100 };
	uint64_t lost = 0, records = 0;
	int count;

	for (int i = 0; i < WATCHES - 1; i++)
		stage_allow("/denied");
	stage_deny("/denied");
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(stage_stats().records + stage_stats().records_dropped, WATCHES);
	while ((count = janus_poll(stage_context, stage_buffer, 0)) > 0) {
		for (int i = 0; i < count; i++) {
			const struct janus_event *event = stage_event(i);

			lost += janus_event_get_lost_count(event);
			if (janus_event_get_kind(event) == JANUS_EVENT_GAP)
				continue;
			records++;
			cr_assert_eq(janus_event_get_verdict(event), JANUS_VERDICT_DENY);
		}
	}
	cr_assert_eq(count, 0);
	cr_assert_gt(lost, 0);
	cr_assert_eq(records + lost, WATCHES);
}
