// SPDX-License-Identifier: MIT
/*
 * Files below a deny come and go: what the library has for those that have gone goes, too, and
 * what still has a name somewhere stays denied.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define D WORK "/d"

/* Enough for several sweeps; and what may be left of that by the last one. */
#define MANY 20000
#define FEW 2200

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
	make_directory(D);
	make_file(D "/kept");
}

static void guard_it(void)
{
	guard(&stage, &(struct plan){ .deny = { D }, .flags = JANUS_SUBJECT_RECURSIVE });
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static int for_each_file(const struct deed *deed,
			 int (*fn)(const struct deed *deed, const char *path))
{
	for (int i = 0; i < deed->number; i++) {
		char path[PATH_MAX + 16];

		snprintf(path, sizeof(path), "%s/%d", deed->path, i);
		if (fn(deed, path) < 0)
			return -errno;
	}
	return 0;
}

static int make_one(const struct deed *deed, const char *path)
{
	(void)deed;
	return mknod(path, S_IFREG | 0644, 0);
}

static int delete_one(const struct deed *deed, const char *path)
{
	(void)deed;
	return unlink(path);
}

static int replace_one(const struct deed *deed, const char *path)
{
	return make_one(deed, path) < 0 ? -1 : rename(path, deed->other);
}

static int make_all(const struct deed *deed)
{
	return for_each_file(deed, make_one);
}

static int delete_all(const struct deed *deed)
{
	return for_each_file(deed, delete_one);
}

static int replace_all(const struct deed *deed)
{
	return for_each_file(deed, replace_one);
}

static int link_it(const struct deed *deed)
{
	return link(deed->path, deed->other) < 0 ? -errno : 0;
}

static int rename_it(const struct deed *deed)
{
	return rename(deed->path, deed->other) < 0 ? -errno : 0;
}

static int unlink_it(const struct deed *deed)
{
	return unlink(deed->path) < 0 ? -errno : 0;
}

static void act(int (*run)(const struct deed *deed), const char *path, const char *other)
{
	struct deed deed = { .run = run, .number = MANY };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	snprintf(deed.other, sizeof(deed.other), "%s", other);
	CHECK_INT(actor_do(&actor, &deed), 0);
}

static bool has_many(void *unused)
{
	(void)unused;
	return stage_stats(&stage).marks >= MANY;
}

static bool has_few(void *unused)
{
	(void)unused;
	return stage_stats(&stage).marks < FEW;
}

/* Something has been swept, for sure. */
static void make_and_delete(const char *directory)
{
	act(make_all, directory, "");
	WAIT_UNTIL(has_many, NULL);
	act(delete_all, directory, "");
	WAIT_UNTIL(has_few, NULL);
}

static void check_denied(const char *path)
{
	CHECK_INT(try_open(&actor, path), -EPERM);
}

static void files_that_were_deleted_leave_nothing_behind(void)
{
	set_up();
	guard_it();
	make_and_delete(D);
	make_and_delete(D);
	check_denied(D "/kept");
	CHECK_INT(stage_stats(&stage).overflows, 0);
	tear_down();
}

static bool is_denied(void *path)
{
	return try_open(&actor, path) == -EPERM;
}

static void files_that_were_replaced_leave_nothing_behind(void)
{
	set_up();
	guard_it();
	act(replace_all, D, D "/kept");
	WAIT_UNTIL(is_denied, D "/kept");
	make_and_delete(D);
	check_denied(D "/kept");
	tear_down();
}

static void a_file_with_another_name_outside_stays_denied(void)
{
	set_up();
	make_file(D "/moved");
	make_file(D "/bound");
	guard_it();
	act(link_it, D "/kept", WORK "/outside");
	act(unlink_it, D "/kept", "");
	act(rename_it, D "/moved", WORK "/elsewhere");
	make_and_delete(D);
	check_denied(WORK "/outside");
	check_denied(WORK "/elsewhere");
	check_denied(D "/bound");
	tear_down();
}

/* Nobody has it but who opened it before. */
static void a_file_that_is_open_still_stays_denied(void)
{
	char path[64];
	int fd;

	set_up();
	guard_it();
	fd = (int)MUST(open(D "/kept", O_PATH | O_CLOEXEC));
	act(unlink_it, D "/kept", "");
	make_and_delete(D);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	check_denied(path);
	close(fd);
	tear_down();
}

#define ROOT WORK "/root"

/* A lower file changes its handle when it is copied up. */
static void a_file_of_a_lower_layer_stays_denied(void)
{
	set_up();
	make_directory(WORK "/lower");
	make_directory(WORK "/lower/d");
	make_file(WORK "/lower/d/moved");
	make_file(WORK "/lower/d/linked");
	make_directory(WORK "/upper");
	make_directory(WORK "/work");
	make_directory(ROOT);
	if (mount("overlay", ROOT, "overlay", 0,
		  "lowerdir=" WORK "/lower,upperdir=" WORK "/upper,workdir=" WORK
		  "/work") < 0)
		harness_skip("no overlayfs on tmpfs here");
	guard(&stage,
	      &(struct plan){ .deny = { ROOT "/d" }, .flags = JANUS_SUBJECT_RECURSIVE });
	act(rename_it, ROOT "/d/moved", ROOT "/moved");
	act(link_it, ROOT "/d/linked", ROOT "/linked");
	act(unlink_it, ROOT "/d/linked", "");
	make_and_delete(ROOT "/d");
	check_denied(ROOT "/moved");
	check_denied(ROOT "/linked");
	tear_down();
}

static const struct test_case cases[] = {
	CASE(files_that_were_deleted_leave_nothing_behind),
	CASE(files_that_were_replaced_leave_nothing_behind),
	CASE(a_file_with_another_name_outside_stays_denied),
	CASE(a_file_that_is_open_still_stays_denied),
	CASE(a_file_of_a_lower_layer_stays_denied),
};

HARNESS_MAIN(cases)
