// SPDX-License-Identifier: MIT
/*
 * However a context or its program ends, nobody stays blocked and nothing stays behind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <janus/error.h>

#include "crowd.h"
#include "doer.h"
#include "harness.h"
#include "stage.h"

#define CYCLES 100
#define OPENERS 4

static struct stage stage;

static void hammer_all(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->count; i++)
		crowd_hammer(crowd, i, i % 2 ? WORK "/d/file" : WORK "/d");
}

static void destroying_a_context_releases_every_opener(void)
{
	struct crowd crowd;

	crowd_start(&crowd, OPENERS);
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	hammer_all(&crowd);
	for (int i = 0; i < 20; i++) {
		uint64_t denied = crowd.tally->denied;

		stage_open(&stage);
		guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
		crowd_wait_for_more(&crowd, 50);
		stage_close(&stage);
		CHECK(crowd.tally->denied > denied);
		crowd_wait_for_more(&crowd, 50);
	}
	crowd_stop(&crowd);
	crowd_end(&crowd);
}

static void a_watch_may_be_left_to_the_context(void)
{
	stage_open(&stage);
	make_file(WORK "/file");
	for (int i = 0; i < 10; i++)
		guard(&stage, &(struct plan){ .deny = { WORK "/file" } });
	stage_close(&stage);
	janus_context_destroy(NULL);
	janus_watch_destroy(NULL);
	janus_event_buffer_destroy(NULL);
}

/* A whole program with a guard, which then does nothing any more. */
static int run_program(const struct deed *deed)
{
	(void)deed;
	stage_open(&stage);
	guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	return 0;
}

static void killing_the_program_releases_every_opener(void)
{
	struct deed run = { .run = run_program };
	struct actor program;
	struct crowd crowd;

	actor_start(&program);
	crowd_start(&crowd, OPENERS);
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	CHECK_INT(actor_do(&program, &run), 0);
	hammer_all(&crowd);
	crowd_wait_for_more(&crowd, 100);
	CHECK_INT(crowd.tally->opened, 0);
	/* Stopped, it answers nobody, and all of them wait. */
	actor_pause(&program);
	for (size_t i = 0; i < OPENERS; i++)
		WAIT_UNTIL(actor_waits, &crowd.actors[i]);
	actor_kill(&program);
	crowd_wait_for_more(&crowd, 100);
	CHECK(crowd.tally->opened >= OPENERS);
	crowd_stop(&crowd);
	crowd_end(&crowd);
}

/* With everything that a context can have; no group may hold up the end of another one. */
static int run_large_program(const struct deed *deed)
{
	(void)deed;
	stage_open(&stage);
	guard(&stage, &(struct plan){ .deny = { WORK "/d" },
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .strategy = JANUS_STRATEGY_FILESYSTEM });
	guard(&stage, &(struct plan){ .observe = { WORK "/seen" },
				      .events = JANUS_EVENT_OPEN,
				      .mode = JANUS_MODE_AUDIT,
				      .flags = JANUS_SUBJECT_RECURSIVE });
	return 0;
}

static void killing_a_program_with_every_group_releases_every_opener(void)
{
	static const char *const paths[] = { WORK "/d", WORK "/d/file", WORK "/seen",
					     WORK "/seen/file" };
	struct deed run = { .run = run_large_program };
	struct actor program, openers[4];

	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	make_directory(WORK "/seen");
	make_file(WORK "/seen/file");
	actor_start(&program);
	for (size_t i = 0; i < 4; i++)
		actor_start(&openers[i]);
	CHECK_INT(actor_do(&program, &run), 0);
	actor_pause(&program);
	for (size_t i = 0; i < 4; i++) {
		struct deed open_it = { .run = open_path };

		snprintf(open_it.path, sizeof(open_it.path), "%s", paths[i]);
		actor_begin(&openers[i], &open_it);
		WAIT_UNTIL(actor_waits, &openers[i]);
	}
	actor_kill(&program);
	for (size_t i = 0; i < 4; i++) {
		CHECK_INT(actor_finish(&openers[i]), 0);
		actor_end(&openers[i]);
	}
}

static void a_stopped_program_goes_on_where_it_was(void)
{
	struct deed run = { .run = run_program };
	struct deed open_file = { .run = open_path, .path = WORK "/d/file" };
	struct actor program, opener;

	actor_start(&program);
	actor_start(&opener);
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	CHECK_INT(actor_do(&program, &run), 0);
	actor_pause(&program);
	actor_begin(&opener, &open_file);
	WAIT_UNTIL(actor_waits, &opener);
	actor_resume(&program);
	CHECK_INT(actor_finish(&opener), -EPERM);
	actor_end(&opener);
	actor_end(&program);
}

static void an_opener_that_is_killed_while_it_waits_harms_nobody(void)
{
	struct deed run = { .run = run_program };
	struct deed open_file = { .run = open_path, .path = WORK "/d/file" };
	struct actor program, victim, opener;

	actor_start(&program);
	actor_start(&victim);
	actor_start(&opener);
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	CHECK_INT(actor_do(&program, &run), 0);
	actor_pause(&program);
	actor_begin(&victim, &open_file);
	WAIT_UNTIL(actor_waits, &victim);
	actor_kill(&victim);
	actor_resume(&program);
	CHECK_INT(try_open(&opener, WORK "/d/file"), -EPERM);
	actor_end(&opener);
	actor_end(&program);
}

static void one_life(struct actor *opener)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	stage_open(&stage);
	guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	CHECK_INT(try_guard(&stage, &watch, &(struct plan){ .deny = { WORK "/none" } },
			    &report),
		  -ENOENT);
	watch = guard(&stage,
		      &(struct plan){ .allow = { WORK "/d/file" }, .pid = opener->pid });
	CHECK_INT(try_open(opener, WORK "/d/file"), -EPERM);
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { "relative" } }), -EINVAL);
	janus_watch_destroy(watch);
	stage_close(&stage);
}

static void a_hundred_lives_leave_no_fd_and_no_thread(void)
{
	size_t fds = 0, threads = 0;
	struct actor opener;

	actor_start(&opener);
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	for (int i = 0; i < CYCLES; i++) {
		one_life(&opener);
		if (i == 0) {
			fds = count_own("fd", NULL);
			threads = count_own("task", NULL);
		}
	}
	CHECK_INT(count_own("fd", NULL), fds);
	CHECK_INT(count_own("task", NULL), threads);
	actor_end(&opener);
}

static void contexts_do_not_know_each_other(void)
{
	struct stage other;
	struct actor opener;

	actor_start(&opener);
	stage_open(&stage);
	stage_open(&other);
	make_file(WORK "/file");
	guard(&stage, &(struct plan){ .allow = { WORK "/file" }, .cookie = 1 });
	guard(&other, &(struct plan){ .allow = { WORK "/file" }, .cookie = 2 });
	CHECK_INT(try_open(&opener, WORK "/file"), 0);
	CHECK_INT(janus_event_get_cookie(next_event(&stage)), 1);
	CHECK_INT(janus_event_get_cookie(next_event(&other)), 2);
	stage_close(&other);
	CHECK_INT(try_open(&opener, WORK "/file"), 0);
	CHECK_INT(janus_event_get_cookie(next_event(&stage)), 1);
	stage_close(&stage);
	actor_end(&opener);
}

static const struct test_case cases[] = {
	CASE(destroying_a_context_releases_every_opener),
	CASE(a_watch_may_be_left_to_the_context),
	CASE(killing_the_program_releases_every_opener),
	CASE(killing_a_program_with_every_group_releases_every_opener),
	CASE(a_stopped_program_goes_on_where_it_was),
	CASE(an_opener_that_is_killed_while_it_waits_harms_nobody),
	CASE(a_hundred_lives_leave_no_fd_and_no_thread),
	CASE(contexts_do_not_know_each_other),
};

HARNESS_MAIN(cases)
