// SPDX-License-Identifier: MIT
/*
 * Guards follow what changes: paths that appear and are replaced, patterns, new directories,
 * mounts, and options that are updated meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crowd.h"
#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define RECURSIVE JANUS_SUBJECT_RECURSIVE
#define WAITING JANUS_SUBJECT_WAIT
#define GLOB JANUS_SUBJECT_GLOB

#define D WORK "/d"
#define UPDATES 300

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
	make_directory(D);
	make_directory(D "/a");
	make_file(D "/a/file");
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void check_denied(const char *path)
{
	CHECK_INT(try_open(&actor, path), -EPERM);
}

static struct janus_watch *guard_waiting(const struct plan *plan, uint64_t waiting)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;

	CHECK_INT(try_guard(&stage, &watch, plan, &report), 0);
	CHECK_INT(report.waiting, waiting);
	CHECK_INT(report.marked, report.paths - waiting);
	CHECK_INT(report.skipped, 0);
	return watch;
}

static void without_waiting_a_missing_path_is_an_error(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	CHECK_INT(try_guard(&stage, &watch, &(struct plan){ .deny = { WORK "/x" } },
			    &report),
		  -ENOENT);
	CHECK_INT(report.waiting, 0);
	tear_down();
}

static void a_path_is_guarded_when_it_appears(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { WORK "/x/y/z/secret", D "/a/file" },
				      .flags = WAITING },
		      1);
	check_denied(D "/a/file");
	make_directory(WORK "/x");
	make_directory(WORK "/x/y");
	make_directory(WORK "/x/y/z");
	make_file(WORK "/x/y/z/other");
	make_file(WORK "/x/y/z/secret");
	wait_denied(&actor, WORK "/x/y/z/secret");
	CHECK_INT(try_open(&actor, WORK "/x/y/z/other"), 0);
	EXPECT(&stage, D "/a/file", DENY);
	EXPECT(&stage, WORK "/x/y/z/secret", DENY);
	tear_down();
}

static void a_path_is_guarded_when_its_ancestor_is_moved_there(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { WORK "/x/y/secret" }, .flags = WAITING },
		      1);
	make_directory(WORK "/made");
	make_directory(WORK "/made/y");
	make_file(WORK "/made/y/secret");
	CHECK_INT(try_open(&actor, WORK "/made/y/secret"), 0);
	MUST(rename(WORK "/made", WORK "/x"));
	wait_denied(&actor, WORK "/x/y/secret");
	tear_down();
}

static void a_tree_is_guarded_when_it_appears(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { WORK "/x/tree" },
				      .flags = WAITING | RECURSIVE },
		      1);
	make_directory(WORK "/x");
	make_directory(WORK "/x/tree");
	make_directory(WORK "/x/tree/a");
	make_file(WORK "/x/tree/a/file");
	wait_denied(&actor, WORK "/x/tree/a/file");
	tear_down();
}

static void a_file_is_guarded_when_another_is_renamed_over_it(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { D "/a/file" }, .flags = WAITING }, 0);
	for (int i = 0; i < 20; i++) {
		make_file(D "/a/new");
		MUST(rename(D "/a/new", D "/a/file"));
		wait_denied(&actor, D "/a/file");
	}
	tear_down();
}

static void a_file_is_guarded_when_it_is_made_anew(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { D "/a/file" }, .flags = WAITING }, 0);
	for (int i = 0; i < 20; i++) {
		MUST(unlink(D "/a/file"));
		make_file(D "/a/file");
		wait_denied(&actor, D "/a/file");
	}
	tear_down();
}

static void a_path_is_guarded_when_its_directory_is_made_anew(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { D "/a/file" }, .flags = WAITING }, 0);
	MUST(rename(D "/a", D "/former"));
	make_directory(D "/a");
	make_file(D "/a/file");
	wait_denied(&actor, D "/a/file");
	tear_down();
}

static void a_pattern_guards_what_matches(void)
{
	set_up();
	make_directory(D "/b");
	make_file(D "/b/other");
	guard(&stage, &(struct plan){ .deny = { D "/*/file" }, .flags = GLOB });
	check_denied(D "/a/file");
	CHECK_INT(try_open(&actor, D "/b/other"), 0);
	make_file(D "/b/file");
	wait_denied(&actor, D "/b/file");
	make_directory(D "/c");
	make_file(D "/c/file");
	wait_denied(&actor, D "/c/file");
	make_file(D "/c/file2");
	CHECK_INT(try_open(&actor, D "/c/file2"), 0);
	tear_down();
}

static void a_pattern_may_span_directories(void)
{
	set_up();
	guard_waiting(&(struct plan){ .deny = { D "/**/*.[k]ey" }, .flags = GLOB }, 1);
	make_directory(D "/a/b");
	make_directory(D "/a/b/c");
	make_file(D "/a/b/c/1.key");
	make_file(D "/a/b/c/1.pub");
	wait_denied(&actor, D "/a/b/c/1.key");
	make_file(D "/2.key");
	wait_denied(&actor, D "/2.key");
	CHECK_INT(try_open(&actor, D "/a/b/c/1.pub"), 0);
	tear_down();
}

static void without_the_flag_a_pattern_is_a_name(void)
{
	set_up();
	make_file(D "/*");
	guard(&stage, &(struct plan){ .deny = { D "/*" } });
	check_denied(D "/*");
	CHECK_INT(try_open(&actor, D "/a/file"), 0);
	tear_down();
}

static void new_directories_are_guarded(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { D }, .flags = RECURSIVE });
	make_directory(D "/n");
	make_directory(D "/n/m");
	make_file(D "/n/m/file");
	wait_denied(&actor, D "/n/m/file");
	MUST(rename(D "/n", D "/a/n"));
	wait_denied(&actor, D "/a/n/m/file");
	make_file(D "/a/n/m/later");
	wait_denied(&actor, D "/a/n/m/later");
	tear_down();
}

static void mounts_that_come_and_go_are_guarded(void)
{
	set_up();
	make_directory(D "/m");
	make_file(D "/m/beneath");
	guard(&stage, &(struct plan){ .deny = { D }, .flags = RECURSIVE });
	for (int i = 0; i < 3; i++) {
		MUST(mount("janus-later", D "/m", "tmpfs", 0, NULL));
		make_directory(D "/m/c");
		make_file(D "/m/c/file");
		wait_denied(&actor, D "/m/c/file");
		MUST(umount2(D "/m", MNT_DETACH));
		check_denied(D "/m/beneath");
	}
	check_denied(D "/a/file");
	tear_down();
}

static void a_mount_outside_is_left_alone(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { D }, .flags = RECURSIVE });
	mount_tmpfs(WORK "/beside");
	make_file(WORK "/beside/file");
	mount_tmpfs(D "/m");
	make_file(D "/m/file");
	wait_denied(&actor, D "/m/file");
	CHECK_INT(try_open(&actor, WORK "/beside/file"), 0);
	tear_down();
}

static void what_comes_beyond_a_limit_is_a_gap(void)
{
	const struct janus_event *event;
	struct janus_watch *watch;

	set_up();
	watch = guard(&stage, &(struct plan){ .observe = { D },
					      .events = JANUS_EVENT_CREATE,
					      .mode = JANUS_MODE_AUDIT,
					      .flags = RECURSIVE,
					      .directory_limit = 3 });
	make_directory(D "/1");
	EXPECT(&stage, D "/1", 0, JANUS_EVENT_CREATE);
	make_directory(D "/2");
	event = next_event(&stage);
	if (janus_event_get_kind(event) == JANUS_EVENT_CREATE) {
		CHECK_TEXT(janus_event_get_path(event), D "/2");
		event = next_event(&stage);
	}
	CHECK_INT(janus_event_get_kind(event), JANUS_EVENT_GAP);
	CHECK_INT(janus_event_get_error(event), -EDQUOT);
	CHECK_TEXT(janus_event_get_path(event), D "/2");
	CHECK_INT(janus_event_get_watch_id(event), janus_watch_get_id(watch));
	tear_down();
}

static void no_open_slips_through_while_a_tree_changes_its_options(void)
{
	const struct plan plans[] = {
		{ .deny = { D }, .flags = RECURSIVE },
		{ .deny = { D, D "/a" }, .flags = RECURSIVE, .ignore = { "none" } },
	};
	struct janus_watch *watch;
	struct crowd crowd;

	crowd_start(&crowd, 4);
	set_up();
	make_directory(D "/a/b");
	make_file(D "/a/b/file");
	watch = guard(&stage, &plans[0]);
	for (size_t i = 0; i < 4; i++)
		crowd_hammer(&crowd, i, i % 2 ? D "/a/file" : D "/a/b/file");
	for (int i = 1; i <= UPDATES; i++)
		CHECK_INT(try_update(watch, &plans[i % 2]), 0);
	crowd_wait_for_more(&crowd, 100);
	crowd_stop(&crowd);
	CHECK_INT(crowd.tally->opened, 0);
	CHECK(crowd.tally->denied > 100);
	tear_down();
	crowd_end(&crowd);
}

static void an_update_makes_and_unmakes_a_tree(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(&stage, &(struct plan){ .deny = { D } });
	CHECK_INT(try_open(&actor, D "/a/file"), 0);
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { D }, .flags = RECURSIVE }),
		  0);
	check_denied(D "/a/file");
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { D } }), 0);
	CHECK_INT(try_open(&actor, D "/a/file"), 0);
	CHECK_INT(try_list(&actor, D), -EPERM);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(without_waiting_a_missing_path_is_an_error),
	CASE(a_path_is_guarded_when_it_appears),
	CASE(a_path_is_guarded_when_its_ancestor_is_moved_there),
	CASE(a_tree_is_guarded_when_it_appears),
	CASE(a_file_is_guarded_when_another_is_renamed_over_it),
	CASE(a_file_is_guarded_when_it_is_made_anew),
	CASE(a_path_is_guarded_when_its_directory_is_made_anew),
	CASE(a_pattern_guards_what_matches),
	CASE(a_pattern_may_span_directories),
	CASE(without_the_flag_a_pattern_is_a_name),
	CASE(new_directories_are_guarded),
	CASE(mounts_that_come_and_go_are_guarded),
	CASE(a_mount_outside_is_left_alone),
	CASE(what_comes_beyond_a_limit_is_a_gap),
	CASE(no_open_slips_through_while_a_tree_changes_its_options),
	CASE(an_update_makes_and_unmakes_a_tree),
};

HARNESS_MAIN(cases)
