// SPDX-License-Identifier: MIT
#include "climb.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "fake_kernel.h"
#include "teardown.h"

static struct janus__trail trail;
static size_t fds;

static void setup(void)
{
	fake_reset();
	fake_directory("/a");
	fake_directory("/a/b");
	fake_directory("/a/b/c");
	memset(&trail, 0, sizeof(trail));
}

static void teardown(void)
{
	teardown_check(fake_wrong_closes() == 0, "an fd was closed twice");
	teardown_check(fake_open_fds() == fds, "an fd is left open");
}

TestSuite(climb, .init = setup, .fini = teardown);

static int climb_from(const char *path)
{
	int fd = fake_kernel.openat(AT_FDCWD, path, O_PATH);
	struct janus__file from;

	fds = 1;
	cr_assert_eq(janus__identify_file(&fake_kernel, fd, &from), 0);
	return janus__climb(&fake_kernel, fd, &from, &trail);
}

static uint64_t number_of(const char *path)
{
	struct janus__file file;
	int fd = fake_kernel.openat(AT_FDCWD, path, O_PATH);

	cr_assert_eq(janus__identify_file(&fake_kernel, fd, &file), 0);
	fake_kernel.close(fd);
	return file.inode.number;
}

Test(climb, meets_every_directory_up_to_the_root)
{
	cr_assert_eq(climb_from("/a/b/c"), 0);
	cr_assert(trail.root_reached);
	cr_assert_eq(trail.count, 3);
	cr_assert_eq(trail.seen[0].inode.number, number_of("/a/b"));
	cr_assert_eq(trail.seen[1].inode.number, number_of("/a"));
	cr_assert_eq(trail.seen[2].inode.number, number_of("/"));
}

Test(climb, adds_to_what_is_known_already)
{
	trail.seen[0].inode.number = 4711;
	trail.count = 1;
	cr_assert_eq(climb_from("/a"), 0);
	cr_assert_eq(trail.count, 2);
	cr_assert_eq(trail.seen[0].inode.number, 4711);
	cr_assert_eq(trail.seen[1].inode.number, number_of("/"));
}

Test(climb, from_the_root_there_is_nothing_above)
{
	cr_assert_eq(climb_from("/"), 0);
	cr_assert(trail.root_reached);
	cr_assert_eq(trail.count, 0);
}

Test(climb, goes_out_of_mounts)
{
	struct fake_file *mounted = fake_directory("/a/b/c/d");

	mounted->mount_id = 6;
	mounted->device = 9;
	cr_assert_eq(climb_from("/a/b/c/d"), 0);
	cr_assert_eq(trail.count, 4);
	cr_assert_eq(trail.seen[0].inode.number, number_of("/a/b/c"));
}

Test(climb, takes_no_twin_of_a_directory_on_another_mount_for_the_root)
{
	struct fake_file *inner = fake_directory("/a/b/c/d");

	/* The same directory, mounted below itself. */
	inner->number = number_of("/a/b/c");
	inner->mount_id = 6;
	cr_assert_eq(climb_from("/a/b/c/d"), 0);
	cr_assert_eq(trail.count, 4);
	cr_assert(trail.root_reached);
}

Test(climb, tries_again_when_something_came_between)
{
	fake_fail("openat2", -1, -EAGAIN, 3);
	cr_assert_eq(climb_from("/a/b/c"), 0);
	cr_assert(trail.root_reached);
}

Test(climb, says_why_it_ends_early)
{
	fake_fail("openat2", -1, -EAGAIN, 1000);
	cr_assert_eq(climb_from("/a/b/c"), -EAGAIN);
	cr_assert_not(trail.root_reached);
	fake_fail("openat2", -1, -EMFILE, 1);
	cr_assert_eq(climb_from("/a/b/c"), -EMFILE);
	fds = 2;
}

Test(climb, ends_where_a_directory_cannot_be_looked_at)
{
	int fd = fake_kernel.openat(AT_FDCWD, "/a/b/c", O_PATH);
	struct janus__file from;

	fds = 1;
	cr_assert_eq(janus__identify_file(&fake_kernel, fd, &from), 0);
	fake_fail("statx", -1, -EACCES, 1);
	cr_assert_eq(janus__climb(&fake_kernel, fd, &from, &trail), -EACCES);
	cr_assert_eq(trail.count, 0);
}

Test(climb, ends_when_the_trail_is_full)
{
	trail.count = JANUS__TRAIL_MAX - 1;
	cr_assert_eq(climb_from("/a/b/c"), -ELOOP);
	cr_assert_eq(trail.count, JANUS__TRAIL_MAX);
	cr_assert_not(trail.root_reached);
}
