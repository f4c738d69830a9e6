// SPDX-License-Identifier: MIT
/*
 * What a tree covers when it is made, what it leaves out, and what is said about it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "jail.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW
#define RECURSIVE JANUS_SUBJECT_RECURSIVE

#define D WORK "/d"

static struct stage stage;
static struct actor actor;

/* D/file, D/a/file, ... D/a/a/a/a/file, D/b/file */
static void set_up(void)
{
	char path[128] = D;

	actor_start(&actor);
	stage_open(&stage);
	make_directory(D);
	make_directory(D "/b");
	make_file(D "/b/file");
	for (int depth = 0; depth < 5; depth++) {
		char file[160];

		snprintf(file, sizeof(file), "%s/file", path);
		make_file(file);
		strcat(path, "/a");
		make_directory(path);
	}
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void check_open(const char *path, int result)
{
	CHECK_INT(try_open(&actor, path), result);
}

static void check_denied(const char *path)
{
	check_open(path, -EPERM);
	EXPECT(&stage, path, DENY);
}

static void a_tree_covers_files_at_every_depth(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	make_file(WORK "/beside");
	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { D }, .flags = RECURSIVE }, &report),
		  0);
	CHECK_INT(report.marked, 1);
	CHECK_INT(report.tree_directories, 7);
	CHECK_INT(report.tree_skipped, 0);
	check_denied(D "/file");
	check_denied(D "/a/a/a/a/file");
	check_denied(D "/b/file");
	CHECK_INT(try_list(&actor, D "/a/a/a"), -EPERM);
	EXPECT(&stage, D "/a/a/a", DENY);
	CHECK_INT(try_list(&actor, D), -EPERM);
	EXPECT(&stage, D, DENY);
	check_open(WORK "/beside", 0);
	CHECK_INT(try_list(&actor, WORK), 0);
	janus_watch_destroy(watch);
	check_open(D "/a/a/a/a/file", 0);
	expect_nothing(&stage);
	tear_down();
}

static void a_tree_covers_other_kinds_of_access(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { D },
				      .flags = RECURSIVE,
				      .events = JANUS_EVENT_ACCESS });
	check_open(D "/a/a/file", 0);
	CHECK_INT(try_read(&actor, D "/a/a/file"), -EPERM);
	EXPECT(&stage, D "/a/a/file", DENY, JANUS_EVENT_ACCESS);
	tear_down();
}

static void a_dry_run_of_a_tree_lets_all_through(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { D },
				      .flags = RECURSIVE,
				      .mode = JANUS_MODE_DRY_RUN });
	check_open(D "/a/a/file", 0);
	EXPECT(&stage, D "/a/a/file", JANUS_VERDICT_WOULD_DENY);
	tear_down();
}

static void a_tree_in_a_tree_has_its_own_verdict(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(&stage, &(struct plan){ .deny = { D },
					      .allow = { D "/a/a" },
					      .flags = RECURSIVE });
	check_denied(D "/a/file");
	check_denied(D "/b/file");
	check_open(D "/a/a/file", 0);
	EXPECT(&stage, D "/a/a/file", ALLOW);
	check_open(D "/a/a/a/a/file", 0);
	EXPECT(&stage, D "/a/a/a/a/file", ALLOW);
	janus_watch_destroy(watch);
	guard(&stage, &(struct plan){ .deny = { D "/a/a" },
				      .allow = { D, D "/a/a/a/file" },
				      .flags = RECURSIVE });
	check_denied(D "/a/a/file");
	check_denied(D "/a/a/a/a/file");
	check_open(D "/a/file", 0);
	EXPECT(&stage, D "/a/file", ALLOW);
	check_open(D "/a/a/a/file", 0);
	EXPECT(&stage, D "/a/a/a/file", ALLOW);
	tear_down();
}

static void make_what_may_be_ignored(void)
{
	make_file(D "/a/x.log");
	make_file(D "/a/a/x.log");
	make_directory(D "/a/cache");
	make_file(D "/a/cache/file");
	make_file(D "/b/cache");
	make_directory(D "/skip");
	make_directory(D "/skip/c");
	make_file(D "/skip/c/file");
	make_directory(D "/a/skip");
	make_file(D "/a/skip/file");
}

static void check_ignored(const char *pattern, const char *const paths[], size_t count)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { D },
					    .ignore = { pattern },
					    .flags = RECURSIVE },
			    &report),
		  0);
	CHECK_INT(report.marked, 1);
	CHECK_INT(report.tree_skipped, 0);
	for (size_t i = 0; i < count; i++)
		check_open(paths[i], 0);
	expect_nothing(&stage);
	check_denied(D "/a/file");
	check_denied(D "/a/a/a/file");
	check_denied(D "/b/cache");
	janus_watch_destroy(watch);
}

static void patterns_leave_out_names_paths_and_directories(void)
{
	static const char *const logs[] = { D "/a/x.log", D "/a/a/x.log", D "/new.log" };
	static const char *const cache[] = { D "/a/cache/file" };
	static const char *const skipped[] = { D "/skip/c/file" };
	static const char *const below[] = { D "/a/skip/file" };
	static const char *const both[] = { D "/skip/c/file", D "/a/skip/file" };

	set_up();
	make_what_may_be_ignored();
	make_file(D "/new.log");
	check_ignored("*.log", logs, 3);
	check_ignored("cache/", cache, 1);
	check_ignored(D "/skip", skipped, 1);
	check_ignored(D "/skip/", skipped, 1);
	check_ignored("a/skip", below, 1);
	check_ignored("skip", both, 2);
	tear_down();
}

static void patterns_speak_of_what_is_new_too(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { D },
				      .ignore = { "*.log", "cache/" },
				      .flags = RECURSIVE });
	make_what_may_be_ignored();
	make_directory(D "/z");
	make_file(D "/z/file");
	wait_denied(&actor, D "/z/file");
	EXPECT(&stage, D "/z/file", DENY);
	check_open(D "/a/a/x.log", 0);
	check_open(D "/a/cache/file", 0);
	expect_nothing(&stage);
	check_denied(D "/b/cache");
	check_denied(D "/skip/c/file");
	tear_down();
}

static void what_is_ignored_is_not_even_opened(void)
{
	char events[512];
	int listener = (int)MUST(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));

	set_up();
	make_what_may_be_ignored();
	MUST(inotify_add_watch(listener, D "/skip", IN_OPEN));
	guard(&stage, &(struct plan){ .deny = { D },
				      .ignore = { D "/skip" },
				      .flags = RECURSIVE });
	guard(&stage, &(struct plan){ .observe = { D },
				      .ignore = { "skip/" },
				      .events = JANUS_EVENT_CREATE,
				      .mode = JANUS_MODE_AUDIT,
				      .flags = RECURSIVE });
	CHECK_INT(read(listener, events, sizeof(events)), -1);
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(try_list(&actor, D "/skip"), 0);
	CHECK(read(listener, events, sizeof(events)) > 0);
	close(listener);
	tear_down();
}

static void a_tree_is_as_deep_as_it_may_be(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(
		&stage,
		&(struct plan){ .deny = { D }, .flags = RECURSIVE, .max_depth = 1 });
	check_denied(D "/file");
	check_open(D "/a/file", 0);
	make_directory(D "/new");
	make_file(D "/new/file");
	check_open(D "/new/file", 0);
	janus_watch_destroy(watch);
	watch = guard(
		&stage,
		&(struct plan){ .deny = { D }, .flags = RECURSIVE, .max_depth = 2 });
	check_denied(D "/file");
	check_denied(D "/a/file");
	check_denied(D "/new/file");
	check_open(D "/a/a/file", 0);
	expect_nothing(&stage);
	tear_down();
}

static void a_tree_goes_into_mounts_unless_told_otherwise(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	mount_tmpfs(D "/m");
	make_directory(D "/m/c");
	make_file(D "/m/c/file");
	watch = guard(&stage, &(struct plan){ .deny = { D }, .flags = RECURSIVE });
	check_denied(D "/m/c/file");
	check_denied(D "/a/file");
	janus_watch_destroy(watch);
	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { D },
					    .flags = RECURSIVE |
						     JANUS_SUBJECT_ONE_FILESYSTEM },
			    &report),
		  0);
	CHECK(report.tree_ignored >= 1);
	CHECK_INT(report.tree_skipped, 0);
	check_open(D "/m/c/file", 0);
	check_denied(D "/a/file");
	tear_down();
}

/* Success, with a word about what is not covered. */
static void check_partial(const struct plan *plan, int error, const char *word)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	CHECK_INT(try_guard(&stage, &watch, plan, &report), 0);
	CHECK_INT(report.marked, 1);
	CHECK_INT(report.skipped, 0);
	CHECK(report.tree_skipped >= 1);
	CHECK_INT(report.first_error, error);
	if (!strstr(report.message, word))
		harness_fail(__FILE__, __LINE__, "no %s in \"%s\"", word, report.message);
	if (plan->directory_limit)
		CHECK_INT(report.tree_directories, plan->directory_limit);
	janus_watch_destroy(watch);
}

static void a_limit_of_directories_is_kept_and_told(void)
{
	struct plan plan = { .observe = { D },
			     .events = JANUS_EVENT_CREATE,
			     .mode = JANUS_MODE_AUDIT,
			     .flags = RECURSIVE,
			     .directory_limit = 4 };

	set_up();
	check_partial(&plan, -EDQUOT, D);
	tear_down();
}

static void a_limit_of_marks_is_kept_and_told(void)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct plan plan = { .observe = { D },
			     .events = JANUS_EVENT_CREATE,
			     .mode = JANUS_MODE_AUDIT,
			     .flags = RECURSIVE };

	set_up();
	stage_close(&stage);
	options.mark_limit = 4;
	stage_open_with(&stage, &options);
	check_partial(&plan, -EDQUOT, D);
	tear_down();
}

static void a_file_system_that_can_stall_is_left_out_of_a_tree(void)
{
	set_up();
	mount_stalling(D "/auto");
	check_partial(&(struct plan){ .deny = { D }, .flags = RECURSIVE }, -EREMOTE,
		      D "/auto");
	tear_down();
}

static uint32_t strategies_of(const struct plan *plan)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	CHECK_INT(try_guard(&stage, &watch, plan, &report), 0);
	CHECK_INT(report.tree_skipped, 0);
	janus_watch_destroy(watch);
	return report.strategies;
}

static void the_report_tells_the_strategy(void)
{
	const uint32_t wide = JANUS_STRATEGY_MOUNT | JANUS_STRATEGY_FILESYSTEM;
	struct plan host = { .deny = { D }, .flags = RECURSIVE };
	struct plan jailed = { .deny = { TREE }, .flags = RECURSIVE };
	struct actor owner;

	set_up();
	jail_start(&owner, JAIL_TMPFS);
	jailed.pid = owner.pid;
	CHECK_INT(strategies_of(&host) & wide, 0);
	CHECK_INT(strategies_of(&jailed) & wide, JANUS_STRATEGY_FILESYSTEM);
	jailed.strategy = JANUS_STRATEGY_INODE;
	CHECK_INT(strategies_of(&jailed) & wide, 0);
	host.strategy = JANUS_STRATEGY_MOUNT;
	CHECK_INT(strategies_of(&host) & wide, JANUS_STRATEGY_MOUNT);
	host.strategy = JANUS_STRATEGY_FILESYSTEM;
	CHECK_INT(strategies_of(&host) & wide, JANUS_STRATEGY_FILESYSTEM);
	actor_end(&owner);
	tear_down();
}

static int bind_in_own_namespace(const struct deed *deed)
{
	int err = leave_mounts(deed);

	if (err)
		return err;
	return mount(deed->path, deed->other, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static void a_volume_is_guarded_by_its_mount(void)
{
	struct deed deed = { .run = bind_in_own_namespace,
			     .path = D "/a",
			     .other = WORK "/root/volume" };
	struct plan plan = { .deny = { "/volume/a" }, .flags = RECURSIVE };
	struct actor owner;

	set_up();
	make_directory(WORK "/root");
	make_directory(WORK "/root/volume");
	actor_start(&owner);
	CHECK_INT(actor_do(&owner, &deed), 0);
	deed = (struct deed){ .run = enter_root, .path = WORK "/root" };
	CHECK_INT(actor_do(&owner, &deed), 0);
	plan.pid = owner.pid;
	CHECK_INT(strategies_of(&plan) &
			  (JANUS_STRATEGY_MOUNT | JANUS_STRATEGY_FILESYSTEM),
		  JANUS_STRATEGY_MOUNT);
	guard(&stage, &plan);
	CHECK_INT(try_open(&owner, "/volume/a/file"), -EPERM);
	CHECK_INT(try_open(&owner, "/volume/file"), 0);
	check_open(D "/a/file", 0);
	check_open(D "/b/file", 0);
	actor_end(&owner);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_tree_covers_files_at_every_depth),
	CASE(a_tree_covers_other_kinds_of_access),
	CASE(a_dry_run_of_a_tree_lets_all_through),
	CASE(a_tree_in_a_tree_has_its_own_verdict),
	CASE(patterns_leave_out_names_paths_and_directories),
	CASE(patterns_speak_of_what_is_new_too),
	CASE(what_is_ignored_is_not_even_opened),
	CASE(a_tree_is_as_deep_as_it_may_be),
	CASE(a_tree_goes_into_mounts_unless_told_otherwise),
	CASE(a_limit_of_directories_is_kept_and_told),
	CASE(a_limit_of_marks_is_kept_and_told),
	CASE(a_file_system_that_can_stall_is_left_out_of_a_tree),
	CASE(the_report_tells_the_strategy),
	CASE(a_volume_is_guarded_by_its_mount),
};

HARNESS_MAIN(cases)
