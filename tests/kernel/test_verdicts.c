// SPDX-License-Identifier: MIT
/*
 * What is answered and recorded for files and directories, and which rule wins.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW
#define WOULD_DENY JANUS_VERDICT_WOULD_DENY

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

static void a_denied_file_gives_eperm_and_an_allowed_one_opens(void)
{
	set_up();
	make_file(WORK "/secret");
	make_file(WORK "/public");
	make_file(WORK "/other");
	guard(&stage,
	      &(struct plan){ .deny = { WORK "/secret" }, .allow = { WORK "/public" } });
	CHECK_INT(try_open(&actor, WORK "/secret"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/other"), 0);
	CHECK_INT(try_open(&actor, WORK "/public"), 0);
	EXPECT(&stage, WORK "/secret", DENY, .pid = actor.pid);
	EXPECT(&stage, WORK "/public", ALLOW, .pid = actor.pid);
	tear_down();
}

static void a_record_tells_who_what_which_and_when(void)
{
	static const struct janus_tag tags[] = { { "team", "blue" }, { "empty", NULL } };
	const char *const denied[] = { WORK "/secret" };
	struct janus_subject subjects[2] = { JANUS_SUBJECT_INIT, JANUS_SUBJECT_INIT };
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	const struct janus_event *event;
	struct janus_watch *watch;
	int64_t first_time_ns;

	set_up();
	make_file(WORK "/first");
	make_file(WORK "/secret");
	guard(&stage, &(struct plan){ .allow = { WORK "/first" }, .cookie = 1 });
	for (size_t i = 0; i < 2; i++) {
		subjects[i].deny = denied;
		subjects[i].deny_count = 1;
		subjects[i].events = i == 0 ? JANUS_EVENT_ACCESS : JANUS_EVENT_OPEN;
	}
	subjects[1].tags = tags;
	subjects[1].tag_count = 2;
	options.subjects = subjects;
	options.subject_count = 2;
	options.cookie = 0xfedcba9876543210u;
	CHECK_INT(janus_watch_create(stage.context, &watch, &options, NULL), 0);

	CHECK_INT(try_open(&actor, WORK "/first"), 0);
	CHECK_INT(try_open(&actor, WORK "/secret"), -EPERM);
	event = EXPECT(&stage, WORK "/first", ALLOW);
	CHECK_INT(janus_event_get_cookie(event), 1);
	CHECK_INT(janus_event_get_sequence(event), 1);
	CHECK_INT(janus_event_get_tag_count(event), 0);
	first_time_ns = janus_event_get_time_ns(event);
	event = EXPECT(&stage, WORK "/secret", DENY, .pid = actor.pid,
		       .watch_id = janus_watch_get_id(watch));
	CHECK(janus_event_get_cookie(event) == options.cookie);
	CHECK_INT(janus_event_get_sequence(event), 2);
	CHECK_INT(janus_event_get_subject(event), 1);
	CHECK_INT(janus_event_get_lost_count(event), 0);
	CHECK(janus_event_get_time_ns(event) >= first_time_ns);
	CHECK(!janus_event_is_directory(event));
	CHECK_INT(janus_event_get_tag_count(event), 2);
	CHECK_TEXT(janus_event_get_tag(event, 0)->key, "team");
	CHECK_TEXT(janus_event_get_tag(event, 0)->value, "blue");
	CHECK_TEXT(janus_event_get_tag(event, 1)->value, "");
	CHECK(!janus_event_get_tag(event, 2));
	tear_down();
}

static void a_directory_stands_for_itself_and_its_children(void)
{
	set_up();
	make_directory(WORK "/d");
	make_directory(WORK "/d/sub");
	make_file(WORK "/d/old");
	make_file(WORK "/d/sub/grandchild");
	make_file(WORK "/elsewhere");
	guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	make_file(WORK "/d/new");
	MUST(rename(WORK "/elsewhere", WORK "/d/moved"));

	CHECK_INT(try_list(&actor, WORK "/d"), -EPERM);
	CHECK(janus_event_is_directory(EXPECT(&stage, WORK "/d", DENY)));
	CHECK_INT(try_open(&actor, WORK "/d/old"), -EPERM);
	EXPECT(&stage, WORK "/d/old", DENY);
	CHECK_INT(try_open(&actor, WORK "/d/new"), -EPERM);
	EXPECT(&stage, WORK "/d/new", DENY);
	CHECK_INT(try_open(&actor, WORK "/d/moved"), -EPERM);
	EXPECT(&stage, WORK "/d/moved", DENY);
	CHECK_INT(try_open(&actor, WORK "/d/sub"), -EPERM);
	CHECK(janus_event_is_directory(EXPECT(&stage, WORK "/d/sub", DENY)));
	CHECK_INT(try_open(&actor, WORK "/d/sub/grandchild"), 0);
	CHECK_INT(try_open(&actor, WORK), 0);
	CHECK_INT(try_open(&actor, WORK "/d/old"), -EPERM);
	EXPECT(&stage, WORK "/d/old", DENY);
	tear_down();
}

static void what_leaves_a_directory_leaves_its_rule(void)
{
	set_up();
	make_directory(WORK "/d");
	make_directory(WORK "/e");
	make_file(WORK "/d/file");
	guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	guard(&stage, &(struct plan){ .allow = { WORK "/e" } });
	CHECK_INT(try_open(&actor, WORK "/d/file"), -EPERM);
	EXPECT(&stage, WORK "/d/file", DENY);
	MUST(rename(WORK "/d/file", WORK "/e/file"));
	CHECK_INT(try_open(&actor, WORK "/e/file"), 0);
	EXPECT(&stage, WORK "/e/file", ALLOW);
	MUST(rename(WORK "/e/file", WORK "/d/file"));
	CHECK_INT(try_open(&actor, WORK "/d/file"), -EPERM);
	EXPECT(&stage, WORK "/d/file", DENY);
	tear_down();
}

static void the_files_own_rule_beats_its_directorys(void)
{
	set_up();
	make_directory(WORK "/d");
	make_directory(WORK "/e");
	make_directory(WORK "/d/sub");
	make_file(WORK "/d/open");
	make_file(WORK "/d/shut");
	make_file(WORK "/e/open");
	make_file(WORK "/e/shut");
	guard(&stage, &(struct plan){
			      .deny = { WORK "/d", WORK "/e/shut" },
			      .allow = { WORK "/d/open", WORK "/d/sub", WORK "/e" },
		      });
	CHECK_INT(try_open(&actor, WORK "/d/open"), 0);
	CHECK_INT(try_open(&actor, WORK "/d/shut"), -EPERM);
	CHECK_INT(try_list(&actor, WORK "/d/sub"), 0);
	CHECK_INT(try_open(&actor, WORK "/e/open"), 0);
	CHECK_INT(try_open(&actor, WORK "/e/shut"), -EPERM);
	EXPECT(&stage, WORK "/d/open", ALLOW);
	EXPECT(&stage, WORK "/d/shut", DENY);
	EXPECT(&stage, WORK "/d/sub", ALLOW);
	EXPECT(&stage, WORK "/e/open", ALLOW);
	EXPECT(&stage, WORK "/e/shut", DENY);
	tear_down();
}

static void deny_beats_allow_at_the_same_level(void)
{
	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	make_file(WORK "/file");
	guard(&stage, &(struct plan){
			      .allow = { WORK "/d", WORK "/file" },
			      .deny = { WORK "/d/.", WORK "//file" },
		      });
	CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/d/file"), -EPERM);
	EXPECT(&stage, WORK "/file", DENY);
	EXPECT(&stage, WORK "/d/file", DENY);
	tear_down();
}

static void any_watch_that_denies_wins_and_each_one_tells(void)
{
	struct janus_watch *allowing, *denying;

	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	allowing = guard(&stage, &(struct plan){ .allow = { WORK "/d/file" } });
	denying = guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	CHECK_INT(try_open(&actor, WORK "/d/file"), -EPERM);
	EXPECT(&stage, WORK "/d/file", DENY, .reason = JANUS_REASON_OTHER_WATCH,
	       .watch_id = janus_watch_get_id(allowing));
	EXPECT(&stage, WORK "/d/file", DENY, .watch_id = janus_watch_get_id(denying));
	janus_watch_destroy(denying);
	CHECK_INT(try_open(&actor, WORK "/d/file"), 0);
	EXPECT(&stage, WORK "/d/file", ALLOW, .watch_id = janus_watch_get_id(allowing));
	tear_down();
}

static void a_dry_run_tells_but_never_denies(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	guard(&stage,
	      &(struct plan){ .deny = { WORK "/d" }, .mode = JANUS_MODE_DRY_RUN });
	CHECK_INT(try_list(&actor, WORK "/d"), 0);
	CHECK_INT(try_open(&actor, WORK "/d/file"), 0);
	EXPECT(&stage, WORK "/d", WOULD_DENY);
	EXPECT(&stage, WORK "/d/file", WOULD_DENY);
	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	CHECK_INT(stats.denied, 0);
	CHECK_INT(stats.would_deny, 2);
	tear_down();
}

static void a_dry_run_allow_does_not_soften_an_enforced_deny(void)
{
	const char *const file[] = { WORK "/d/file" };
	const char *const directory[] = { WORK "/d" };
	struct janus_subject subjects[2] = { JANUS_SUBJECT_INIT, JANUS_SUBJECT_INIT };
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_watch *watch;

	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/file");
	subjects[0].allow = file;
	subjects[0].allow_count = 1;
	subjects[0].events = JANUS_EVENT_OPEN;
	subjects[0].mode = JANUS_MODE_DRY_RUN;
	subjects[1].deny = directory;
	subjects[1].deny_count = 1;
	subjects[1].events = JANUS_EVENT_OPEN;
	options.subjects = subjects;
	options.subject_count = 2;
	CHECK_INT(janus_watch_create(stage.context, &watch, &options, NULL), 0);
	CHECK_INT(try_open(&actor, WORK "/d/file"), -EPERM);
	EXPECT(&stage, WORK "/d/file", DENY);
	tear_down();
}

static void access_alone_lets_open_but_not_read(void)
{
	set_up();
	make_file(WORK "/file");
	make_directory(WORK "/d");
	guard(&stage, &(struct plan){ .deny = { WORK "/file", WORK "/d" },
				      .events = JANUS_EVENT_ACCESS });
	CHECK_INT(try_open(&actor, WORK "/file"), 0);
	CHECK_INT(try_read(&actor, WORK "/file"), -EPERM);
	EXPECT(&stage, WORK "/file", DENY, JANUS_EVENT_ACCESS);
	CHECK_INT(try_open(&actor, WORK "/d"), 0);
	CHECK_INT(try_list(&actor, WORK "/d"), -EPERM);
	EXPECT(&stage, WORK "/d", DENY, JANUS_EVENT_ACCESS);
	tear_down();
}

static void copy_program(void)
{
	static const char copy[] = "cp /bin/true " WORK "/program && chmod 755 " WORK
				   "/program";

	CHECK_INT(system(copy), 0);
}

static void exec_alone_lets_read_but_not_execute(void)
{
	set_up();
	copy_program();
	CHECK_INT(try_exec(&actor, WORK "/program"), 0);
	guard(&stage,
	      &(struct plan){ .deny = { WORK "/program" }, .events = JANUS_EVENT_EXEC });
	CHECK_INT(try_read(&actor, WORK "/program"), 0);
	CHECK_INT(try_exec(&actor, WORK "/program"), -EPERM);
	EXPECT(&stage, WORK "/program", DENY, JANUS_EVENT_EXEC);
	tear_down();
}

static void all_kinds_are_each_told(void)
{
	set_up();
	copy_program();
	guard(&stage, &(struct plan){ .allow = { WORK "/program" },
				      .events = JANUS_EVENT_ALL_PERMISSION });
	CHECK_INT(try_read(&actor, WORK "/program"), 0);
	EXPECT(&stage, WORK "/program", ALLOW, JANUS_EVENT_OPEN);
	EXPECT(&stage, WORK "/program", ALLOW, JANUS_EVENT_ACCESS);
	CHECK_INT(try_exec(&actor, WORK "/program"), 0);
	EXPECT(&stage, WORK "/program", ALLOW, JANUS_EVENT_EXEC);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_denied_file_gives_eperm_and_an_allowed_one_opens),
	CASE(a_record_tells_who_what_which_and_when),
	CASE(a_directory_stands_for_itself_and_its_children),
	CASE(what_leaves_a_directory_leaves_its_rule),
	CASE(the_files_own_rule_beats_its_directorys),
	CASE(deny_beats_allow_at_the_same_level),
	CASE(any_watch_that_denies_wins_and_each_one_tells),
	CASE(a_dry_run_tells_but_never_denies),
	CASE(a_dry_run_allow_does_not_soften_an_enforced_deny),
	CASE(access_alone_lets_open_but_not_read),
	CASE(exec_alone_lets_read_but_not_execute),
	CASE(all_kinds_are_each_told),
};

HARNESS_MAIN(cases)
