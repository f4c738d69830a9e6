// SPDX-License-Identifier: MIT
/*
 * The same file by another name or way: the same verdict.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"
#include "uring.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW

static struct stage stage;
static struct actor actor;

/* A denied file, a denied directory with a child, and a place for other names. */
static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
	make_directory(WORK "/d");
	make_directory(WORK "/free");
	make_file(WORK "/d/child");
	make_file(WORK "/secret");
	guard(&stage, &(struct plan){ .deny = { WORK "/d", WORK "/secret" } });
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static int do_on(int (*run)(const struct deed *), const char *path)
{
	struct deed deed = { .run = run };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	return actor_do(&actor, &deed);
}

static void a_hard_link_is_denied_as_the_file(void)
{
	set_up();
	MUST(link(WORK "/secret", WORK "/free/link"));
	CHECK_INT(try_open(&actor, WORK "/free/link"), -EPERM);
	EXPECT(&stage, WORK "/free/link", DENY);
	CHECK_INT(try_open(&actor, WORK "/secret"), -EPERM);
	tear_down();
}

/* A record shows the name of the moment after the answer: look at it before the next change. */
static void a_renamed_file_stays_denied(void)
{
	set_up();
	CHECK_INT(try_open(&actor, WORK "/secret"), -EPERM);
	EXPECT(&stage, WORK "/secret", DENY);
	MUST(rename(WORK "/secret", WORK "/free/renamed"));
	CHECK_INT(try_open(&actor, WORK "/free/renamed"), -EPERM);
	EXPECT(&stage, WORK "/free/renamed", DENY);
	MUST(rename(WORK "/d", WORK "/free/d"));
	CHECK_INT(try_open(&actor, WORK "/free/d/child"), -EPERM);
	EXPECT(&stage, WORK "/free/d/child", DENY);
	tear_down();
}

static void bind_mounts_are_denied_as_what_they_show(void)
{
	set_up();
	CHECK_INT(try_bind(&actor, WORK "/secret", WORK "/free/secret"), 0);
	CHECK_INT(try_bind(&actor, WORK "/d", WORK "/free/d"), 0);
	CHECK_INT(try_bind(&actor, WORK "/d/child", WORK "/free/child"), 0);
	CHECK_INT(try_open(&actor, WORK "/free/secret"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/free/d/child"), -EPERM);
	CHECK_INT(try_list(&actor, WORK "/free/d"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/free/child"), -EPERM);
	tear_down();
}

static void another_mount_namespace_changes_nothing(void)
{
	set_up();
	CHECK_INT(do_on(leave_mounts, ""), 0);
	CHECK_INT(try_bind(&actor, WORK "/secret", WORK "/free/secret"), 0);
	CHECK_INT(try_bind(&actor, WORK "/d", WORK "/free/d"), 0);
	CHECK_INT(try_bind(&actor, WORK "/d/child", WORK "/free/child"), 0);
	CHECK_INT(try_open(&actor, WORK "/secret"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/d/child"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/free/secret"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/free/child"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/free/d/child"), -EPERM);
	CHECK_INT(try_list(&actor, WORK "/free/d"), -EPERM);
	tear_down();
}

static void an_alias_is_denied_whatever_a_dry_run_says_of_the_file(void)
{
	set_up();
	guard(&stage,
	      &(struct plan){ .allow = { WORK "/d/child" }, .mode = JANUS_MODE_DRY_RUN });
	CHECK_INT(try_bind(&actor, WORK "/d/child", WORK "/free/child"), 0);
	CHECK_INT(try_open(&actor, WORK "/free/child"), -EPERM);
	tear_down();
}

static void an_alias_of_a_file_with_its_own_allow_is_allowed(void)
{
	set_up();
	make_file(WORK "/d/public");
	guard(&stage, &(struct plan){ .allow = { WORK "/free" } });
	stage_close(&stage);
	stage_open(&stage);
	guard(&stage,
	      &(struct plan){ .deny = { WORK "/d" }, .allow = { WORK "/d/public" } });
	CHECK_INT(try_bind(&actor, WORK "/d/public", WORK "/free/public"), 0);
	CHECK_INT(try_open(&actor, WORK "/free/public"), 0);
	EXPECT(&stage, WORK "/free/public", ALLOW);
	tear_down();
}

/* Another file system over the directory, as only the opener sees it. */
static int cover(const struct deed *deed)
{
	return mount("janus-cover", deed->path, "tmpfs", 0, NULL) < 0 ? -errno : 0;
}

static int reopen_after_cover(const struct deed *deed)
{
	struct deed link = { .run = open_path };
	int fd = hold_path(deed);
	int err = leave_mounts(deed);

	if (fd < 0 || err)
		return fd < 0 ? fd : err;
	snprintf(link.path, sizeof(link.path), "%s", WORK "/d");
	err = cover(&link);
	if (err)
		return err;
	snprintf(link.path, sizeof(link.path), "/proc/self/fd/%d", fd);
	return open_path(&link);
}

static void a_directory_that_is_mounted_over_still_denies(void)
{
	set_up();
	CHECK_INT(do_on(reopen_after_cover, WORK "/d/child"), -EPERM);
	tear_down();
}

static int reopen(const struct deed *deed)
{
	struct deed link = { .run = open_path };
	int fd = hold_path(deed);

	if (fd < 0)
		return fd;
	snprintf(link.path, sizeof(link.path), "/proc/self/fd/%d", fd);
	return open_path(&link);
}

static int open_through_dots(const struct deed *deed)
{
	int directory = open(WORK "/free", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(directory, deed->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int open_by_handle(const struct deed *deed)
{
	struct {
		struct file_handle handle;
		unsigned char room[MAX_HANDLE_SZ];
	} file = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int id, fd, mount_fd = open(WORK, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (name_to_handle_at(AT_FDCWD, deed->path, &file.handle, &id, 0) < 0)
		return -errno;
	/* An O_PATH fd will not do here. */
	close(mount_fd);
	mount_fd = open(WORK "/free", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = open_by_handle_at(mount_fd, &file.handle, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

static int open_through_proc_root(const struct deed *deed)
{
	struct deed other = { .run = open_path };

	snprintf(other.path, sizeof(other.path), "/proc/self/root/%.*s", PATH_MAX - 32,
		 deed->path);
	return open_path(&other);
}

static void other_ways_of_opening_are_denied(void)
{
	static const char *const paths[] = { WORK "/secret", WORK "/d/child" };

	set_up();
	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(do_on(reopen, paths[i]), -EPERM);
		EXPECT(&stage, paths[i], DENY);
		CHECK_INT(do_on(open_by_handle, paths[i]), -EPERM);
		EXPECT(&stage, paths[i], DENY);
		CHECK_INT(do_on(open_through_proc_root, paths[i]), -EPERM);
		EXPECT(&stage, paths[i], DENY);
	}
	CHECK_INT(do_on(open_through_dots, "../secret"), -EPERM);
	EXPECT(&stage, WORK "/secret", DENY);
	CHECK_INT(do_on(open_through_dots, "../d/child"), -EPERM);
	EXPECT(&stage, WORK "/d/child", DENY);
	tear_down();
}

static void io_uring_is_no_way_around(void)
{
	make_file(WORK "/open");
	set_up();
	if (do_on(open_by_uring, WORK "/open") == -ENOSYS)
		harness_skip("no io_uring here");
	CHECK_INT(do_on(open_by_uring, WORK "/open"), 0);
	CHECK_INT(do_on(open_by_uring, WORK "/secret"), -EPERM);
	EXPECT(&stage, WORK "/secret", DENY, .pid = actor.pid);
	CHECK_INT(do_on(open_by_uring, WORK "/d/child"), -EPERM);
	EXPECT(&stage, WORK "/d/child", DENY, .pid = actor.pid);
	tear_down();
}

/* Where a file lies is remembered: not for longer than it lies there. */
static void check_moves(const char *base)
{
	char from[64], to[64], directories[2][64];

	snprintf(directories[0], sizeof(directories[0]), "%s/a", base);
	snprintf(directories[1], sizeof(directories[1]), "%s/b", base);
	make_directory(directories[0]);
	make_directory(directories[1]);
	guard(&stage,
	      &(struct plan){ .allow = { directories[0] }, .deny = { directories[1] } });
	for (int i = 0; i < 300; i++) {
		snprintf(from, sizeof(from), "%s/a/%d", base, i);
		snprintf(to, sizeof(to), "%s/b/%d", base, i);
		make_file(from);
		CHECK_INT(try_open(&actor, from), 0);
		MUST(rename(from, to));
		CHECK_INT(try_open(&actor, to), -EPERM);
	}
}

static void a_file_that_moves_at_once_is_judged_where_it_is(void)
{
	set_up();
	check_moves(WORK);
	/* Its clock is a coarse one. */
	make_directory(WORK "/ram");
	MUST(mount("janus-ram", WORK "/ram", "ramfs", 0, NULL));
	check_moves(WORK "/ram");
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_hard_link_is_denied_as_the_file),
	CASE(a_renamed_file_stays_denied),
	CASE(bind_mounts_are_denied_as_what_they_show),
	CASE(another_mount_namespace_changes_nothing),
	CASE(an_alias_is_denied_whatever_a_dry_run_says_of_the_file),
	CASE(an_alias_of_a_file_with_its_own_allow_is_allowed),
	CASE(a_directory_that_is_mounted_over_still_denies),
	CASE(other_ways_of_opening_are_denied),
	CASE(io_uring_is_no_way_around),
	CASE(a_file_that_moves_at_once_is_judged_where_it_is),
};

HARNESS_MAIN(cases)
