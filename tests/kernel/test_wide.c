// SPDX-License-Identifier: MIT
/*
 * Wide marks and trees on the real kernel: what is so new that nothing of it is marked, and
 * what the kernel is told to leave alone. The marks are set and the table is filled by hand,
 * as the parts that follow trees do it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "decode.h"
#include "doer.h"
#include "harness.h"
#include "identify.h"
#include "stage.h"
#include "unit/make_spec.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW

#define KINDS (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

static struct stage stage;
static struct actor actor;

/* @root: a file system of the case's own, all of which the wide group is asked about. */
static void set_up(const char *root)
{
	actor_start(&actor);
	stage_open(&stage);
	CHECK(stage.context->wide_fd >= 0);
	CHECK_INT(stage.context->kernel->fanotify_mark(stage.context->wide_fd,
						       FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
						       KINDS | FAN_ONDIR, AT_FDCWD, root),
		  0);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static struct janus_stats stats(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	return stats;
}

static bool is_quiet(void *count)
{
	return stats().quiet == *(const uint64_t *)count;
}

/* The responder makes a directory quiet when it has answered. */
static void wait_for_quiet(uint64_t count)
{
	WAIT_UNTIL(is_quiet, &count);
}

/* How many times the kernel asks about one open that is allowed. */
static uint64_t questions_of(const char *path)
{
	uint64_t before = stats().events;

	CHECK_INT(try_open(&actor, path), 0);
	return stats().events - before;
}

static struct janus__file look(const char *path)
{
	struct janus__file file;
	int fd = (int)MUST(open(path, O_PATH | O_CLOEXEC));

	CHECK_INT(janus__identify_file(stage.context->kernel, fd, &file), 0);
	close(fd);
	return file;
}

static struct janus__object *hold(const char *path, const char *parent)
{
	const struct janus__file file = look(path);
	const struct janus__inode_facts facts = {
		.inode = file.inode,
		.parent = look(parent).inode,
		.birth_time_ns = file.birth_time_ns,
		.directory = file.directory,
	};
	struct janus__object *object;

	CHECK_INT(janus__rules_hold(&stage.context->rules, &facts, &object), 0);
	return object;
}

/* A tree of one directory that was walked, and everything else not yet. */
static struct janus__object *plant(const char *path, const char *parent, bool deny)
{
	static uint64_t last_id = 1000;
	const struct make_rule rule = { .deny = deny, .flags = JANUS_SUBJECT_RECURSIVE };
	struct janus__spec *spec = make_spec_of(++last_id, rule);
	struct janus__object *object = hold(path, parent);
	const struct janus__wanted wanted = { object, &spec->rules[0], false };
	const struct janus__change change = { .new_spec = spec,
					      .new_wanted = &wanted,
					      .new_count = 1 };

	CHECK_INT(janus__rules_swap(&stage.context->rules, &change), 0);
	janus__spec_unref(spec);
	janus__quiet_clear(&stage.context->quiet);
	return object;
}

static void make_directory_with_file(const char *path)
{
	char file[256];

	make_directory(path);
	snprintf(file, sizeof(file), "%s/f", path);
	make_file(file);
}

static void a_directory_where_nothing_is_guarded_is_asked_about_once(void)
{
	set_up(WORK);
	make_directory_with_file(WORK "/d");
	make_file(WORK "/d/g");
	guard(&stage, &(struct plan){ .deny = { WORK "/d/g" } });
	CHECK_INT(questions_of(WORK "/d/f"), 1);
	wait_for_quiet(1);
	CHECK_INT(questions_of(WORK "/d/f"), 0);
	CHECK_INT(try_read(&actor, WORK "/d/f"), 0);
	CHECK_INT(questions_of(WORK "/d/f"), 0);
	CHECK_INT(questions_of(WORK "/d"), 0);
	CHECK_INT(try_open(&actor, WORK "/d/g"), -EPERM);
	EXPECT(&stage, WORK "/d/g", DENY);
	tear_down();
}

static void clearing_leaves_the_wide_mark_and_nothing_else(void)
{
	set_up(WORK);
	make_directory_with_file(WORK "/d");
	CHECK_INT(questions_of(WORK "/d/f"), 1);
	wait_for_quiet(1);
	janus__quiet_clear(&stage.context->quiet);
	wait_for_quiet(0);
	CHECK_INT(questions_of(WORK "/d/f"), 1);
	wait_for_quiet(1);
	CHECK_INT(questions_of(WORK "/d/f"), 0);
	tear_down();
}

static void a_file_that_leaves_a_quiet_directory_is_asked_about(void)
{
	set_up(WORK);
	make_directory_with_file(WORK "/d");
	make_directory(WORK "/t");
	plant(WORK "/t", WORK, true);
	CHECK_INT(questions_of(WORK "/d/f"), 1);
	wait_for_quiet(1);
	CHECK_INT(questions_of(WORK "/d/f"), 0);
	MUST(rename(WORK "/d/f", WORK "/t/f"));
	CHECK_INT(try_open(&actor, WORK "/t/f"), -EPERM);
	EXPECT(&stage, WORK "/t/f", DENY);
	MUST(rename(WORK "/t/f", WORK "/d/f"));
	CHECK_INT(try_open(&actor, WORK "/d/f"), 0);
	tear_down();
}

/* Nobody has looked at these directories when somebody opens what is in them. */
static void guard_what_is_new(const char *root)
{
	char path[128], tree[64];

	snprintf(tree, sizeof(tree), "%s/t", root);
	make_directory(tree);
	set_up(root);
	plant(tree, root, true);
	snprintf(path, sizeof(path), "%s/a", tree);
	make_directory(path);
	snprintf(path, sizeof(path), "%s/a/b", tree);
	make_directory_with_file(path);
	CHECK_INT(try_open(&actor, path), -EPERM);
	EXPECT(&stage, path, DENY);
	snprintf(path, sizeof(path), "%s/a/b/f", tree);
	CHECK_INT(try_open(&actor, path), -EPERM);
	EXPECT(&stage, path, DENY);
	snprintf(path, sizeof(path), "%s/a/b/script", tree);
	make_file(path);
	CHECK_INT(try_exec(&actor, path), -EPERM);
	EXPECT(&stage, path, DENY);
	snprintf(path, sizeof(path), "%s/u", root);
	make_directory_with_file(path);
	snprintf(path, sizeof(path), "%s/u/f", root);
	CHECK_INT(try_open(&actor, path), 0);
	wait_for_quiet(1);
	CHECK_INT(questions_of(path), 0);
	CHECK_INT(stats().failed, 0);
	tear_down();
}

static void what_is_new_in_a_tree_is_guarded_at_once(void)
{
	guard_what_is_new(WORK);
}

static void what_is_new_in_a_tree_on_overlayfs_is_guarded_at_once(void)
{
	make_directory(WORK "/lower");
	make_directory(WORK "/upper");
	make_directory(WORK "/work");
	make_directory(WORK "/root");
	MUST(mount("janus-test", WORK "/root", "overlay", 0,
		   "lowerdir=" WORK "/lower,upperdir=" WORK "/upper,workdir=" WORK
		   "/work"));
	guard_what_is_new(WORK "/root");
}

static void a_directory_that_is_moved_into_a_tree_is_guarded_once_that_is_known(void)
{
	set_up(WORK);
	make_directory(WORK "/t");
	make_directory_with_file(WORK "/d");
	plant(WORK "/t", WORK, true);
	CHECK_INT(questions_of(WORK "/d/f"), 1);
	wait_for_quiet(1);
	MUST(rename(WORK "/d", WORK "/t/d"));
	janus__quiet_clear(&stage.context->quiet);
	CHECK_INT(try_open(&actor, WORK "/t/d/f"), -EPERM);
	tear_down();
}

static void what_is_mounted_in_a_tree_is_guarded(void)
{
	set_up(WORK);
	make_directory(WORK "/t");
	make_directory_with_file(WORK "/o");
	plant(WORK "/t", WORK, true);
	MUST(mkdir(WORK "/t/m", 0755));
	MUST(mount(WORK "/o", WORK "/t/m", NULL, MS_BIND, NULL));
	CHECK_INT(try_open(&actor, WORK "/t/m/f"), -EPERM);
	EXPECT(&stage, WORK "/t/m/f", DENY);
	CHECK_INT(try_open(&actor, WORK "/t/m"), -EPERM);
	EXPECT(&stage, WORK "/t/m", DENY);
	CHECK_INT(try_open(&actor, WORK "/o/f"), 0);
	MUST(umount2(WORK "/t/m", MNT_DETACH));
	tear_down();
}

static void a_directory_whose_inode_mark_asks_is_asked_about_by_that_alone(void)
{
	struct janus__object *object;
	uint64_t before;

	set_up(WORK);
	make_directory_with_file(WORK "/t");
	object = plant(WORK "/t", WORK, false);
	CHECK_INT(stage.context->kernel->fanotify_mark(
			  stage.context->group_fd, FAN_MARK_ADD,
			  FAN_OPEN_PERM | FAN_EVENT_ON_CHILD | FAN_ONDIR, AT_FDCWD,
			  WORK "/t"),
		  0);
	janus__object_set_marked(&stage.context->rules, object, JANUS_EVENT_OPEN);
	before = stats().allowed;
	CHECK_INT(questions_of(WORK "/t/f"), 2);
	wait_for_quiet(1);
	CHECK_INT(stats().allowed, before + 1);
	CHECK_INT(questions_of(WORK "/t/f"), 1);
	EXPECT(&stage, WORK "/t/f", ALLOW);
	EXPECT(&stage, WORK "/t/f", ALLOW);
	CHECK_INT(janus_poll(stage.context, stage.buffer, 0), 0);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_directory_where_nothing_is_guarded_is_asked_about_once),
	CASE(clearing_leaves_the_wide_mark_and_nothing_else),
	CASE(a_file_that_leaves_a_quiet_directory_is_asked_about),
	CASE(what_is_new_in_a_tree_is_guarded_at_once),
	CASE(what_is_new_in_a_tree_on_overlayfs_is_guarded_at_once),
	CASE(a_directory_that_is_moved_into_a_tree_is_guarded_once_that_is_known),
	CASE(what_is_mounted_in_a_tree_is_guarded),
	CASE(a_directory_whose_inode_mark_asks_is_asked_about_by_that_alone),
};

HARNESS_MAIN(cases)
