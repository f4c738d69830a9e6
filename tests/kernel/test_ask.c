// SPDX-License-Identifier: MIT
/*
 * Openers that the program decides about, and what they get when it does not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define ALLOW JANUS_VERDICT_ALLOW
#define DENY JANUS_VERDICT_DENY
#define ASK JANUS_VERDICT_ASK
#define FILE_A WORK "/a"
#define FILE_B WORK "/b"
#define LONG_NS (BOUND_MS * 1000000ull)

static struct stage stage;
static struct actor actor, other;

static void set_up(uint64_t deadline_ns)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	actor_start(&actor);
	actor_start(&other);
	make_file(FILE_A);
	make_file(FILE_B);
	options.deadline_ns = deadline_ns;
	stage_open_with(&stage, &options);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
	actor_end(&other);
}

static void begin_open(struct actor *who, const char *path)
{
	struct deed deed = { .run = open_path };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	actor_begin(who, &deed);
}

/* The next record asks about a path. */
static const struct janus_event *next_question(const char *path)
{
	const struct janus_event *event = next_event(&stage);

	CHECK_INT(janus_event_get_verdict(event), ASK);
	CHECK_INT(janus_event_get_reason(event), JANUS_REASON_RULE);
	CHECK_TEXT(janus_event_get_path(event), path);
	return event;
}

static int respond(const struct janus_event *event, uint32_t verdict)
{
	return janus_event_respond(stage.context, event, verdict);
}

static void guard_asking(const char *path, uint32_t on_failure)
{
	guard(&stage, &(struct plan){ .deny = { path },
				      .mode = JANUS_MODE_ASK,
				      .on_failure = on_failure });
}

static void the_program_decides(void)
{
	const struct janus_event *event;

	set_up(LONG_NS);
	guard_asking(FILE_A, 0);
	begin_open(&actor, FILE_A);
	event = next_question(FILE_A);
	CHECK_INT(janus_event_get_pid(event), actor.pid);
	CHECK(!actor_is_done(&actor));
	CHECK_INT(respond(event, ALLOW), 0);
	CHECK_INT(actor_finish(&actor), 0);
	begin_open(&actor, FILE_A);
	event = next_question(FILE_A);
	CHECK_INT(respond(event, DENY), 0);
	CHECK_INT(actor_finish(&actor), -EPERM);
	CHECK_INT(stage_stats(&stage).asked, 2);
	CHECK_INT(try_open(&actor, FILE_B), 0);
	tear_down();
}

static void several_wait_at_once_and_each_gets_his_answer(void)
{
	struct janus_event *first;
	const struct janus_event *second;

	set_up(LONG_NS);
	guard_asking(FILE_A, 0);
	guard_asking(FILE_B, 0);
	begin_open(&actor, FILE_A);
	CHECK_INT(janus_event_copy(next_question(FILE_A), &first), 0);
	begin_open(&other, FILE_B);
	second = next_question(FILE_B);
	CHECK_INT(respond(second, DENY), 0);
	CHECK_INT(actor_finish(&other), -EPERM);
	CHECK(!actor_is_done(&actor));
	CHECK_INT(respond(first, ALLOW), 0);
	CHECK_INT(actor_finish(&actor), 0);
	CHECK_INT(respond(first, ALLOW), -ETIMEDOUT);
	CHECK_INT(respond(second, ALLOW), -ETIMEDOUT);
	janus_event_destroy(first);
	tear_down();
}

static void without_an_answer_he_gets_what_the_watch_says(void)
{
	const struct janus_event *event;

	set_up(50000000);
	guard_asking(FILE_A, 0);
	guard_asking(FILE_B, DENY);
	begin_open(&actor, FILE_A);
	event = next_question(FILE_A);
	CHECK_INT(actor_finish(&actor), 0);
	CHECK_INT(respond(event, DENY), -ETIMEDOUT);
	begin_open(&actor, FILE_B);
	event = next_question(FILE_B);
	CHECK_INT(actor_finish(&actor), -EPERM);
	CHECK_INT(respond(event, ALLOW), -ETIMEDOUT);
	CHECK_INT(stage_stats(&stage).overdue, 2);
	tear_down();
}

static bool has_no_fds(void *before)
{
	return count_own("fd", NULL) == *(size_t *)before;
}

/* More than there is room for at a time, one after the other; nothing is left of them. */
static void a_thousand_questions_leave_nothing(void)
{
	size_t before;

	set_up(LONG_NS);
	guard_asking(FILE_A, 0);
	before = count_own("fd", NULL);
	for (int i = 0; i < 1000; i++) {
		begin_open(&actor, FILE_A);
		CHECK_INT(respond(next_question(FILE_A), i % 2 ? ALLOW : DENY), 0);
		CHECK_INT(actor_finish(&actor), i % 2 ? 0 : -EPERM);
	}
	WAIT_UNTIL(has_no_fds, &before);
	tear_down();
}

static void the_program_may_have_longer_than_the_deadline(void)
{
	set_up(10000000);
	guard(&stage, &(struct plan){ .deny = { FILE_A },
				      .mode = JANUS_MODE_ASK,
				      .ask_ns = LONG_NS });
	begin_open(&actor, FILE_A);
	next_question(FILE_A);
	/* The deadline of the context passes. */
	begin_open(&other, FILE_B);
	CHECK_INT(actor_finish(&other), 0);
	CHECK_INT(janus_poll(stage.context, stage.buffer, 100000000), 0);
	CHECK(!actor_is_done(&actor));
	tear_down();
}

static void what_is_denied_is_not_asked_about(void)
{
	set_up(LONG_NS);
	guard_asking(FILE_A, 0);
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY, .reason = JANUS_REASON_OTHER_WATCH);
	EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(stage_stats(&stage).asked, 0);
	tear_down();
}

/* Both groups ask the library, and the library asks once. */
static void a_tree_is_asked_about_once(void)
{
	set_up(LONG_NS);
	make_directory(WORK "/tree");
	make_file(WORK "/tree/file");
	guard(&stage, &(struct plan){ .deny = { WORK "/tree" },
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .strategy = JANUS_STRATEGY_FILESYSTEM,
				      .mode = JANUS_MODE_ASK });
	for (int i = 0; i < 5; i++) {
		begin_open(&actor, WORK "/tree/file");
		CHECK_INT(respond(next_question(WORK "/tree/file"), ALLOW), 0);
		CHECK_INT(actor_finish(&actor), 0);
		expect_nothing(&stage);
	}
	tear_down();
}

static void only_a_question_has_an_answer(void)
{
	const struct janus_event *event;

	set_up(LONG_NS);
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	guard_asking(FILE_B, 0);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	event = next_event(&stage);
	CHECK_INT(respond(event, ALLOW), -EINVAL);
	CHECK_INT(respond(NULL, ALLOW), -EINVAL);
	begin_open(&actor, FILE_B);
	event = next_question(FILE_B);
	CHECK_INT(respond(event, ASK), -EINVAL);
	CHECK_INT(janus_event_respond(NULL, event, ALLOW), -EINVAL);
	CHECK_INT(respond(event, ALLOW), 0);
	CHECK_INT(actor_finish(&actor), 0);
	tear_down();
}

static void who_waits_at_the_end_is_let_through(void)
{
	set_up(LONG_NS);
	guard_asking(FILE_A, 0);
	begin_open(&actor, FILE_A);
	next_question(FILE_A);
	stage_close(&stage);
	CHECK_INT(actor_finish(&actor), 0);
	actor_end(&actor);
	actor_end(&other);
}

static const struct test_case cases[] = {
	CASE(the_program_decides),
	CASE(several_wait_at_once_and_each_gets_his_answer),
	CASE(without_an_answer_he_gets_what_the_watch_says),
	CASE(a_thousand_questions_leave_nothing),
	CASE(the_program_may_have_longer_than_the_deadline),
	CASE(what_is_denied_is_not_asked_about),
	CASE(a_tree_is_asked_about_once),
	CASE(only_a_question_has_an_answer),
	CASE(who_waits_at_the_end_is_let_through),
};

HARNESS_MAIN(cases)
