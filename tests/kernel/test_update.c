// SPDX-License-Identifier: MIT
/*
 * Watches that change and go while files are being opened; many watches.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crowd.h"
#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW

#define UPDATES 2000
#define WATCHES 1000

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void no_open_slips_through_while_a_watch_changes(void)
{
	const struct plan plans[] = {
		{ .deny = { WORK "/d/secret", WORK "/d/other" } },
		{ .deny = { WORK "/d" } },
	};
	struct janus_watch *watch;
	struct crowd crowd;

	crowd_start(&crowd, 4);
	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/secret");
	make_file(WORK "/d/other");
	watch = guard(&stage, &plans[0]);
	for (size_t i = 0; i < 4; i++)
		crowd_hammer(&crowd, i, i % 2 ? WORK "/d/secret" : WORK "/d/other");
	for (int i = 1; i <= UPDATES; i++)
		CHECK_INT(try_update(watch, &plans[i % 2]), 0);
	crowd_wait_for_more(&crowd, 100);
	crowd_stop(&crowd);
	CHECK_INT(crowd.tally->opened, 0);
	CHECK(crowd.tally->denied > 100);
	tear_down();
	crowd_end(&crowd);
}

static void a_watch_that_goes_opens_no_hole_in_another(void)
{
	struct crowd crowd;

	crowd_start(&crowd, 4);
	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/secret");
	guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	for (size_t i = 0; i < 4; i++)
		crowd_hammer(&crowd, i, WORK "/d/secret");
	for (int i = 0; i < UPDATES; i++)
		janus_watch_destroy(
			guard(&stage, &(struct plan){ .deny = { WORK "/d/secret" } }));
	crowd_wait_for_more(&crowd, 100);
	crowd_stop(&crowd);
	CHECK_INT(crowd.tally->opened, 0);
	CHECK(crowd.tally->denied > 100);
	tear_down();
	crowd_end(&crowd);
}

static void an_update_replaces_rules_cookie_and_target(void)
{
	struct janus_watch *watch;
	const struct janus_event *event;
	uint64_t id;

	set_up();
	make_file(WORK "/old");
	make_file(WORK "/new");
	watch = guard(&stage, &(struct plan){ .deny = { WORK "/old" }, .cookie = 1 });
	id = janus_watch_get_id(watch);
	CHECK_INT(try_open(&actor, WORK "/old"), -EPERM);
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { WORK "/new" },
						    .cookie = 2,
						    .pid = actor.pid }),
		  0);
	CHECK_INT(try_open(&actor, WORK "/old"), 0);
	CHECK_INT(try_open(&actor, WORK "/new"), -EPERM);
	event = EXPECT(&stage, WORK "/old", DENY, .watch_id = id);
	CHECK_INT(janus_event_get_cookie(event), 1);
	event = EXPECT(&stage, WORK "/new", DENY, .watch_id = id);
	CHECK_INT(janus_event_get_cookie(event), 2);
	tear_down();
}

static struct janus_stats read_stats(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	return stats;
}

/* Opens what is guarded no longer, and polls only when the fd asks for it. */
static bool only_one_mark_is_left(void *argument)
{
	CHECK_INT(try_open(&actor, argument), 0);
	if (is_readable(janus_get_fd(stage.context)))
		CHECK_INT(janus_poll(stage.context, stage.buffer, 0), 0);
	return read_stats().marks == 1;
}

static void marks_of_former_options_go_when_they_cost_time(void)
{
	char former[] = WORK "/former";
	struct janus_watch *watch;
	uint64_t events;

	set_up();
	make_file(former);
	make_file(WORK "/present");
	watch = guard(&stage, &(struct plan){ .deny = { former } });
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { WORK "/present" } }), 0);
	CHECK_INT(read_stats().marks, 2);
	WAIT_UNTIL(only_one_mark_is_left, former);
	events = read_stats().events;
	CHECK_INT(try_open(&actor, former), 0);
	CHECK_INT(read_stats().events, events);
	CHECK_INT(try_open(&actor, WORK "/present"), -EPERM);
	tear_down();
}

static void a_failed_update_leaves_the_old_in_force(void)
{
	const struct plan bad[] = {
		{ .deny = { WORK "/missing" } },
		{ .deny = { "relative" } },
		{ .deny = { WORK "/file" }, .pid = INT32_MAX },
		{ .deny = { WORK "/file" }, .events = JANUS_EVENT_GAP },
		{ .deny = { NULL } },
	};
	const int errors[] = { -ENOENT, -EINVAL, -ESRCH, -EINVAL, -EINVAL };
	struct janus_stats stats = JANUS_STATS_INIT;
	struct janus_watch *watch;

	set_up();
	make_file(WORK "/file");
	watch = guard(&stage, &(struct plan){ .deny = { WORK "/file" } });
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(try_update(watch, &bad[i]), errors[i]);
		CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	}
	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	CHECK_INT(stats.watches, 1);
	CHECK_INT(stats.marks, 1);
	tear_down();
}

static void a_destroyed_watch_guards_no_longer_but_its_records_stay(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	struct janus_watch *watch;

	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	watch = guard(&stage, &(struct plan){ .deny = { WORK "/d", WORK "/d/file" },
					      .cookie = 7 });
	CHECK_INT(try_open(&actor, WORK "/d/file"), -EPERM);
	janus_watch_destroy(watch);
	CHECK_INT(try_open(&actor, WORK "/d/file"), 0);
	CHECK_INT(try_list(&actor, WORK "/d"), 0);
	CHECK_INT(janus_event_get_cookie(EXPECT(&stage, WORK "/d/file", DENY)), 7);
	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	CHECK_INT(stats.watches, 0);
	CHECK_INT(stats.marks, 0);
	CHECK_INT(stats.records, 1);
	tear_down();
}

static void watches_that_share_a_file_go_one_by_one(void)
{
	struct janus_watch *watches[3];

	set_up();
	make_file(WORK "/file");
	for (size_t i = 0; i < 3; i++)
		watches[i] = guard(&stage, &(struct plan){
						   .deny = { WORK "/file" },
						   .events = i == 1 ? JANUS_EVENT_ACCESS
								    : JANUS_EVENT_OPEN,
					   });
	janus_watch_destroy(watches[0]);
	CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	janus_watch_destroy(watches[2]);
	CHECK_INT(try_open(&actor, WORK "/file"), 0);
	CHECK_INT(try_read(&actor, WORK "/file"), -EPERM);
	janus_watch_destroy(watches[1]);
	CHECK_INT(try_read(&actor, WORK "/file"), 0);
	tear_down();
}

static void *do_nothing(void *argument)
{
	return argument;
}

/* A sanitizer starts a thread of its own beside the first one. */
static size_t count_threads_before(void)
{
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, do_nothing, NULL), 0);
	CHECK_INT(pthread_join(thread, NULL), 0);
	return count_own("task", NULL);
}

static void a_thousand_watches_share_two_groups_and_two_threads(void)
{
	static struct janus_watch *watches[WATCHES];
	size_t threads_before = count_threads_before();
	struct janus_watch *first;
	size_t fds;
	char path[64];

	set_up();
	/* Who has asked once is remembered by some fds. */
	make_file(WORK "/first");
	first = guard(&stage, &(struct plan){ .deny = { WORK "/first" } });
	CHECK_INT(try_open(&actor, WORK "/first"), -EPERM);
	EXPECT(&stage, WORK "/first", DENY);
	janus_watch_destroy(first);
	fds = count_own("fd", NULL);
	for (int i = 0; i < WATCHES; i++) {
		snprintf(path, sizeof(path), WORK "/%d", i);
		make_file(path);
		watches[i] = guard(&stage, &(struct plan){ .deny = { path } });
	}
	for (int i = 0; i < WATCHES; i++) {
		snprintf(path, sizeof(path), WORK "/%d", i);
		CHECK_INT(try_open(&actor, path), -EPERM);
		EXPECT(&stage, path, DENY, .watch_id = janus_watch_get_id(watches[i]));
	}
	CHECK_INT(count_own("fd", "anon_inode:[fanotify]"), 2);
	CHECK_INT(count_own("fd", NULL), fds);
	CHECK_INT(count_own("task", NULL), threads_before + 2);
	for (int i = 0; i < WATCHES; i += 2)
		janus_watch_destroy(watches[i]);
	for (int i = 0; i < WATCHES; i++) {
		snprintf(path, sizeof(path), WORK "/%d", i);
		CHECK_INT(try_open(&actor, path), i % 2 ? -EPERM : 0);
	}
	tear_down();
}

static const struct test_case cases[] = {
	CASE(no_open_slips_through_while_a_watch_changes),
	CASE(a_watch_that_goes_opens_no_hole_in_another),
	CASE(an_update_replaces_rules_cookie_and_target),
	CASE(marks_of_former_options_go_when_they_cost_time),
	CASE(a_failed_update_leaves_the_old_in_force),
	CASE(a_destroyed_watch_guards_no_longer_but_its_records_stay),
	CASE(watches_that_share_a_file_go_one_by_one),
	CASE(a_thousand_watches_share_two_groups_and_two_threads),
};

HARNESS_MAIN(cases)
