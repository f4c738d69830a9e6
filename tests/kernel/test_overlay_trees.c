// SPDX-License-Identifier: MIT
/*
 * Overlays that the kernel's events cannot tell apart, or that have no number at all: said so,
 * not guessed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define A WORK "/a"
#define B WORK "/b"
#define SHARED "/shared"

static struct stage stage;
static struct actor actor;

/* An overlay over the layer that all share. */
static void mount_overlay_at(const char *path, const char *name, const char *options)
{
	char upper[64], work[64], data[256];

	snprintf(upper, sizeof(upper), WORK "/upper-%s", name);
	snprintf(work, sizeof(work), WORK "/work-%s", name);
	make_directory(upper);
	make_directory(work);
	snprintf(data, sizeof(data), "lowerdir=" WORK "/lower,upperdir=%s,workdir=%s%s",
		 upper, work, options);
	if (mount("overlay", path, "overlay", 0, data) < 0)
		harness_skip("no such overlayfs on tmpfs here");
}

static void mount_overlay(const char *name, const char *options)
{
	char path[64];

	snprintf(path, sizeof(path), WORK "/%s", name);
	make_directory(path);
	mount_overlay_at(path, name, options);
}

static void set_up(void)
{
	make_directory(WORK "/lower");
	make_directory(WORK "/lower" SHARED);
	make_file(WORK "/lower" SHARED "/file");
	actor_start(&actor);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static struct plan denying(const char *path)
{
	return (struct plan){ .deny = { path }, .flags = JANUS_SUBJECT_RECURSIVE };
}

static int try_deny(const char *path, struct janus_watch **ret)
{
	struct plan plan = denying(path);
	struct janus_watch_report report;
	int err = try_guard(&stage, ret, &plan, &report);

	if (err)
		CHECK(strstr(report.message, path) != NULL);
	return err;
}

static void overlays_of_one_number_are_not_taken_for_each_other(void)
{
	struct janus_watch *watch, *other;

	set_up();
	mount_overlay("a", ",uuid=null");
	mount_overlay("b", ",uuid=null");
	CHECK_INT(try_deny(A SHARED, &watch), 0);
	CHECK_INT(try_deny(B SHARED, &other), -EOPNOTSUPP);
	CHECK_INT(try_open(&actor, A SHARED "/file"), -EPERM);
	CHECK_INT(try_open(&actor, B SHARED "/file"), 0);
	janus_watch_destroy(watch);
	CHECK_INT(try_deny(B SHARED, &other), 0);
	CHECK_INT(try_open(&actor, A SHARED "/file"), 0);
	CHECK_INT(try_open(&actor, B SHARED "/file"), -EPERM);
	tear_down();
}

static void an_overlay_in_a_tree_is_skipped_if_it_has_the_number_of_another(void)
{
	struct plan plan = denying(A);
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	mount_overlay("a", ",uuid=null");
	make_directory(A "/b");
	mount_overlay_at(A "/b", "b", ",uuid=null");
	CHECK_INT(try_guard(&stage, &watch, &plan, &report), 0);
	CHECK_INT(report.tree_skipped, 1);
	CHECK_INT(report.first_error, -EOPNOTSUPP);
	CHECK(strstr(report.message, A "/b") != NULL);
	CHECK_INT(try_open(&actor, A SHARED "/file"), -EPERM);
	tear_down();
}

static void overlays_with_numbers_of_their_own_go_together(void)
{
	struct janus_watch *watch;

	set_up();
	mount_overlay("a", "");
	mount_overlay("b", "");
	CHECK_INT(try_deny(A SHARED, &watch), 0);
	CHECK_INT(try_deny(B SHARED, &watch), 0);
	CHECK_INT(try_open(&actor, A SHARED "/file"), -EPERM);
	CHECK_INT(try_open(&actor, B SHARED "/file"), -EPERM);
	tear_down();
}

/* Observed first, it would keep every other file system out of the group. */
static void an_overlay_without_a_number_keeps_nobody_else_out(void)
{
	struct janus_watch *watch;

	set_up();
	mount_overlay("a", "");
	make_directory(WORK "/more");
	make_directory(B);
	if (mount("overlay", B, "overlay", MS_RDONLY,
		  "lowerdir=" WORK "/lower:" WORK "/more") < 0)
		harness_skip("no such overlayfs on tmpfs here");
	CHECK_INT(try_deny(B SHARED, &watch), -EOPNOTSUPP);
	CHECK_INT(try_deny(A SHARED, &watch), 0);
	CHECK_INT(try_open(&actor, A SHARED "/file"), -EPERM);
	tear_down();
}

/*
 * Without an index each name of a file in a lower layer has an inode of its own: no mark of the
 * one is on the other, and only whoever is asked can know that they are the same.
 */
static void another_name_in_a_lower_layer_stays_denied(void)
{
	struct plan plan = denying(A SHARED);
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	make_directory(WORK "/lower/out");
	make_file(WORK "/lower/out/other");
	MUST(link(WORK "/lower" SHARED "/file", WORK "/lower/out/twin"));
	mount_overlay("a", ",index=off");
	plan.strategy = JANUS_STRATEGY_FILESYSTEM;
	CHECK_INT(try_guard(&stage, &watch, &plan, &report), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(try_open(&actor, A "/out/twin"), -EPERM);
		CHECK_INT(try_open(&actor, A "/out/other"), 0);
	}
	CHECK_INT(stage_stats(&stage).quiet, 0);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(overlays_of_one_number_are_not_taken_for_each_other),
	CASE(an_overlay_in_a_tree_is_skipped_if_it_has_the_number_of_another),
	CASE(overlays_with_numbers_of_their_own_go_together),
	CASE(an_overlay_without_a_number_keeps_nobody_else_out),
	CASE(another_name_in_a_lower_layer_stays_denied),
};

HARNESS_MAIN(cases)
