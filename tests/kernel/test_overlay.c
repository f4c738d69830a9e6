// SPDX-License-Identifier: MIT
/*
 * Overlayfs, the root of most containers: a file there can change its inode number when it is
 * written for the first time, and show another device than the directory it lies in.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW

#define ROOT WORK "/root"

static struct stage stage;
static struct actor actor;

/*
 * A lower file with several links gets a new number when it is copied up: overlayfs cannot
 * know whether the other links mean the same file.
 */
static void link_secret(const char *base)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "%s/secret", base);
	snprintf(to, sizeof(to), "%s/twin", base);
	MUST(link(from, to));
}

static void make_tree(const char *base)
{
	static const char *const directories[] = { "", "/d", "/e" };
	static const char *const files[] = { "/secret", "/public", "/d/child", "/d/open",
					     "/e/child" };
	char path[64];

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", base, directories[i]);
		make_directory(path);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", base, files[i]);
		make_file(path);
	}
	link_secret(base);
}

static void set_up(bool one_fs)
{
	if (!one_fs) {
		mount_tmpfs(WORK "/1");
		mount_tmpfs(WORK "/2");
	} else {
		make_directory(WORK "/1");
		make_directory(WORK "/2");
	}
	make_tree(WORK "/1/lower");
	make_directory(WORK "/2/upper");
	make_directory(WORK "/2/work");
	make_directory(ROOT);
	if (mount("overlay", ROOT, "overlay", 0,
		  one_fs ? "lowerdir=" WORK "/1/lower,upperdir=" WORK
			   "/2/upper,workdir=" WORK "/2/work"
			 : "lowerdir=" WORK "/1/lower,upperdir=" WORK
			   "/2/upper,workdir=" WORK "/2/work,xino=off") < 0)
		harness_skip("no overlayfs on tmpfs here");
	actor_start(&actor);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

/* Copy it up without opening it. */
static void copy_up(const char *path)
{
	MUST(chmod(path, 0600));
}

static void check_file(void)
{
	guard(&stage,
	      &(struct plan){ .deny = { ROOT "/secret" }, .allow = { ROOT "/public" } });
	CHECK_INT(try_open(&actor, ROOT "/secret"), -EPERM);
	CHECK_INT(try_open(&actor, ROOT "/public"), 0);
	copy_up(ROOT "/secret");
	copy_up(ROOT "/public");
	for (int i = 0; i < 2; i++) {
		CHECK_INT(try_open(&actor, ROOT "/secret"), -EPERM);
		CHECK_INT(try_open(&actor, ROOT "/public"), 0);
	}
	for (int i = 0; i < 3; i++) {
		EXPECT(&stage, ROOT "/secret", DENY);
		EXPECT(&stage, ROOT "/public", ALLOW);
	}
}

static void a_denied_file_stays_denied_when_it_is_copied_up(void)
{
	set_up(true);
	check_file();
	tear_down();
}

static void a_denied_file_stays_denied_when_it_changes_file_system(void)
{
	set_up(false);
	check_file();
	tear_down();
}

static void check_directory(void)
{
	guard(&stage, &(struct plan){ .deny = { ROOT "/d" },
				      .allow = { ROOT "/d/open", ROOT "/e" } });
	make_file(ROOT "/d/new");
	for (int i = 0; i < 2; i++) {
		CHECK_INT(try_open(&actor, ROOT "/d/child"), -EPERM);
		CHECK_INT(try_open(&actor, ROOT "/d/new"), -EPERM);
		CHECK_INT(try_list(&actor, ROOT "/d"), -EPERM);
		CHECK_INT(try_open(&actor, ROOT "/d/open"), 0);
		CHECK_INT(try_open(&actor, ROOT "/e/child"), 0);
		copy_up(ROOT "/d/child");
		copy_up(ROOT "/d/open");
		copy_up(ROOT "/e/child");
		copy_up(ROOT "/d");
	}
	for (int i = 0; i < 2; i++) {
		EXPECT(&stage, ROOT "/d/child", DENY);
		EXPECT(&stage, ROOT "/d/new", DENY);
		EXPECT(&stage, ROOT "/d", DENY);
		EXPECT(&stage, ROOT "/d/open", ALLOW);
		EXPECT(&stage, ROOT "/e/child", ALLOW);
	}
}

static void a_directory_covers_files_of_all_layers(void)
{
	set_up(true);
	check_directory();
	tear_down();
}

static void a_directory_covers_files_of_layers_on_other_file_systems(void)
{
	set_up(false);
	check_directory();
	tear_down();
}

/* After the copy-up the file has another number, and the first look at it is by another name. */
static void check_after_copy_up(const char *(*hide)(void))
{
	const char *name;

	set_up(false);
	guard(&stage, &(struct plan){ .deny = { ROOT "/secret" } });
	copy_up(ROOT "/secret");
	name = hide();
	CHECK_INT(try_open(&actor, name), -EPERM);
	tear_down();
}

static const char *rename_it(void)
{
	MUST(rename(ROOT "/secret", ROOT "/renamed"));
	return ROOT "/renamed";
}

static const char *link_it(void)
{
	MUST(link(ROOT "/secret", ROOT "/linked"));
	return ROOT "/linked";
}

static const char *bind_it(void)
{
	CHECK_INT(try_bind(&actor, ROOT "/secret", ROOT "/bound"), 0);
	return ROOT "/bound";
}

static const char *leave_with_it(void)
{
	CHECK_INT(actor_do(&actor, &(struct deed){ .run = leave_mounts }), 0);
	return ROOT "/secret";
}

static void a_copied_up_file_that_is_renamed_stays_denied(void)
{
	check_after_copy_up(rename_it);
}

static void a_copied_up_file_that_is_linked_stays_denied(void)
{
	check_after_copy_up(link_it);
}

static void a_copied_up_file_that_is_bound_elsewhere_stays_denied(void)
{
	check_after_copy_up(bind_it);
}

static void a_copied_up_file_stays_denied_in_another_mount_namespace(void)
{
	check_after_copy_up(leave_with_it);
}

static const struct test_case cases[] = {
	CASE(a_denied_file_stays_denied_when_it_is_copied_up),
	CASE(a_denied_file_stays_denied_when_it_changes_file_system),
	CASE(a_directory_covers_files_of_all_layers),
	CASE(a_directory_covers_files_of_layers_on_other_file_systems),
	CASE(a_copied_up_file_that_is_renamed_stays_denied),
	CASE(a_copied_up_file_that_is_linked_stays_denied),
	CASE(a_copied_up_file_that_is_bound_elsewhere_stays_denied),
	CASE(a_copied_up_file_stays_denied_in_another_mount_namespace),
};

HARNESS_MAIN(cases)
