// SPDX-License-Identifier: MIT
/*
 * The thread that answers, on a kernel that says what the test wants. What is told of the
 * answers stands in test_responder_tell.c, what goes wrong in test_responder_fail.c.
 */
#include "responder.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "stage.h"

TestSuite(responder, .init = stage_setup, .fini = stage_teardown);

Test(responder, denies_and_allows_what_the_rules_say)
{
	struct janus_stats stats;

	stage_deny("/denied");
	stage_allow("/allowed");
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(stage_open("/allowed"), FAN_ALLOW);
	stats = stage_stats();
	cr_assert_eq(stats.events, 2);
	cr_assert_eq(stats.denied, 1);
	cr_assert_eq(stats.allowed, 1);
	cr_assert_eq(stats.records, 2);
	cr_assert_eq(stats.unmatched, 0);
}

Test(responder, lets_through_what_no_rule_speaks_of_and_records_nothing)
{
	stage_deny("/denied");
	cr_assert_eq(stage_open("/free"), FAN_ALLOW);
	cr_assert_eq(stage_stats().unmatched, 1);
	cr_assert_eq(stage_stats().records, 0);
	cr_assert_eq(stage_stats().allowed, 0);
}

Test(responder, answers_its_own_process_at_once)
{
	size_t start;
	int fd;

	stage_deny("/denied");
	fake_settle();
	start = fake_log_length();
	fd = fake_event("/denied", getpid(), FAN_OPEN_PERM);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
	fake_settle();
	cr_assert_eq(fake_find(start, "statx", fd), -1, "it is not even looked at");
	cr_assert_geq(fake_find(start, "close", fd), 0);
	cr_assert_eq(stage_stats().self, 1);
	cr_assert_eq(stage_stats().records, 0);
}

Test(responder, answers_before_it_reads_the_path)
{
	size_t start;
	ssize_t answered, told;

	stage_deny("/denied");
	fake_settle();
	start = fake_log_length();
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	answered = fake_find(start, "write", stage_context->group_fd);
	told = fake_find(start, "readlinkat", stage_context->proc.fd);
	cr_assert_geq(answered, 0);
	cr_assert_gt(told, answered);
	cr_assert_gt(fake_find(start, "write", stage_context->ready_fd), told);
}

Test(responder, answers_all_of_a_read_before_it_tells_of_any)
{
	int first, second;
	ssize_t at, told;
	size_t start;

	stage_deny("/denied");
	stage_allow("/allowed");
	fake_settle();
	start = fake_log_length();
	first = fake_event_ahead("/denied", OPENER, FAN_OPEN_PERM);
	second = fake_event("/allowed", OPENER, FAN_OPEN_PERM);
	cr_assert_eq(fake_answer(first), FAN_DENY);
	cr_assert_eq(fake_answer(second), FAN_ALLOW);
	fake_settle();
	told = fake_find(start, "readlinkat", stage_context->proc.fd);
	at = fake_find(start, "write", stage_context->group_fd);
	at = fake_find((size_t)at + 1, "write", stage_context->group_fd);
	cr_assert_geq(at, 0);
	cr_assert_gt(told, at);
}

Test(responder, closes_every_events_fd)
{
	size_t fds;

	stage_deny("/denied");
	fake_settle();
	fds = fake_open_fds();
	stage_open("/denied");
	stage_open("/free");
	fake_answer(fake_event("/denied", getpid(), FAN_OPEN_PERM));
	fake_settle();
	cr_assert_eq(fake_open_fds(), fds);
}

Test(responder, guards_the_children_of_a_directory)
{
	stage_deny("/dir");
	stage_allow("/dir/b");
	cr_assert_eq(stage_open("/dir/a"), FAN_DENY);
	cr_assert_eq(stage_open("/dir"), FAN_DENY);
	cr_assert_eq(stage_open("/free"), FAN_ALLOW);
	cr_assert_eq(stage_open("/dir/b"), FAN_DENY, "over two watches any deny wins");
}

Test(responder, looks_for_a_files_directory_once)
{
	struct fake_file *late = fake_file("/dir/late");
	size_t walks;

	stage_deny("/dir");
	cr_assert_eq(stage_open("/dir/late"), FAN_DENY);
	walks = fake_count("openat2", -1);
	cr_assert_eq(stage_open("/dir/late"), FAN_DENY);
	cr_assert_eq(fake_count("openat2", -1), walks);
	late->change_time_ns++;
	cr_assert_eq(stage_open("/dir/late"), FAN_DENY);
	cr_assert_gt(fake_count("openat2", -1), walks);
}

Test(responder, looks_for_no_directory_while_none_is_guarded)
{
	size_t walks;

	stage_deny("/denied");
	fake_settle();
	walks = fake_count("openat2", -1);
	stage_open("/denied");
	stage_open("/free");
	cr_assert_eq(fake_count("openat2", -1), walks);
}

Test(responder, tells_the_kinds_apart)
{
	const char *path = "/denied";
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_EXEC;
	stage_watch(&subject);
	cr_assert_eq(stage_open("/denied"), FAN_ALLOW);
	cr_assert_eq(fake_answer(fake_event("/denied", OPENER, FAN_ACCESS_PERM)),
		     FAN_ALLOW);
	cr_assert_eq(fake_answer(fake_event("/denied", OPENER, FAN_OPEN_EXEC_PERM)),
		     FAN_DENY);
}

Test(responder, asks_the_kernel_for_an_audit_record)
{
	const char *path = "/denied";
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.flags = JANUS_SUBJECT_AUDIT;
	stage_watch(&subject);
	cr_assert_eq(stage_open("/denied"), FAN_DENY | FAN_AUDIT);
	cr_assert_eq(stage_open("/free"), FAN_ALLOW);
}

Test(responder, pardons_the_owner_and_his_children_by_start_time)
{
	const char *path = "/denied";
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	stage_owned_watch(&subject);
	cr_assert_eq(fake_answer(fake_event("/denied", OWNER, FAN_OPEN_PERM)), FAN_ALLOW);
	cr_assert_eq(fake_answer(fake_event("/denied", OWNER + 1, FAN_OPEN_PERM)),
		     FAN_ALLOW);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(fake_answer(fake_event("/denied", 4711, FAN_OPEN_PERM)), FAN_DENY,
		     "a process that is gone is not the owner");
	cr_assert_eq(fake_answer(fake_event("/denied", 0, FAN_OPEN_PERM)), FAN_DENY,
		     "nor is one that cannot be seen");
}

Test(responder, forgets_a_watch_that_is_destroyed)
{
	struct janus_watch *watch = stage_deny("/denied");

	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	janus_watch_destroy(watch);
	cr_assert_eq(stage_open("/denied"), FAN_ALLOW);
	cr_assert_eq(stage_stats().unmatched, 1);
	cr_assert_eq(stage_stats().watches, 0);
	cr_assert_eq(stage_stats().marks, 0);
}

Test(responder, answers_what_waits_before_it_ends)
{
	int fds[20];

	stage_deny("/denied");
	for (size_t i = 0; i < 20; i++)
		fds[i] = fake_event("/denied", OPENER, FAN_OPEN_PERM);
	for (size_t i = 0; i < 20; i++)
		cr_assert_eq(fake_answer(fds[i]), FAN_DENY);
}
