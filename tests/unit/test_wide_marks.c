// SPDX-License-Identifier: MIT
#include "wide.h"

#include <criterion/criterion.h>
#include <errno.h>

#include <janus/types.h>

#include "fake_kernel.h"
#include "teardown.h"

static const struct janus__wide_mark whole = { JANUS_STRATEGY_FILESYSTEM, 8 };
static const struct janus__wide_mark mount = { JANUS_STRATEGY_MOUNT, 8 };

static struct janus__kernel kernel;
static struct janus__proc proc;
static struct janus__wide wide;
static struct fake_file *root;
static unsigned int last_flags;
static uint64_t last_mask;
static int fd;

static int noting_mark(int group, unsigned int flags, uint64_t mask, int dirfd,
		       const char *path)
{
	last_flags = flags;
	last_mask = mask;
	return fake_kernel.fanotify_mark(group, flags, mask, dirfd, path);
}

static void setup(void)
{
	fake_reset();
	root = fake_directory("/a");
	kernel = fake_kernel;
	kernel.fanotify_mark = noting_mark;
	cr_assert_eq(janus__proc_open(&kernel, "/proc", &proc), 0);
	fd = kernel.openat(AT_FDCWD, "/a", O_PATH);
	wide = (struct janus__wide){
		.kernel = &kernel,
		.proc = &proc,
		.group_fd = kernel.fanotify_init(FAN_CLASS_CONTENT, 0),
	};
}

static void teardown(void)
{
	janus__wide_done(&wide);
	teardown_check(wide.list == NULL, "a mark is still held");
}

TestSuite(wide_marks, .init = setup, .fini = teardown);

static size_t calls(void)
{
	return fake_count("fanotify_mark", -1);
}

Test(wide_marks, the_first_holder_sets_the_mark)
{
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), 0);
	cr_assert_eq(last_flags, FAN_MARK_ADD | FAN_MARK_FILESYSTEM);
	cr_assert_eq(root->mark, FAN_OPEN_PERM);
	janus__wide_drop(&wide, &whole, fd);
	cr_assert_eq(last_flags, FAN_MARK_REMOVE | FAN_MARK_FILESYSTEM);
	cr_assert_eq(root->mark, 0);
	cr_assert_null(wide.list);
}

Test(wide_marks, a_mount_is_marked_as_one)
{
	cr_assert_eq(janus__wide_add(&wide, &mount, FAN_OPEN_PERM, fd), 0);
	cr_assert_eq(last_flags, FAN_MARK_ADD | FAN_MARK_MOUNT);
	janus__wide_drop(&wide, &mount, fd);
	cr_assert_eq(last_flags, FAN_MARK_REMOVE | FAN_MARK_MOUNT);
}

Test(wide_marks, the_last_holder_removes_all_that_was_asked_for)
{
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), 0);
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_ACCESS_PERM, fd), 0);
	cr_assert_eq(root->mark, FAN_OPEN_PERM | FAN_ACCESS_PERM);
	janus__wide_drop(&wide, &whole, fd);
	cr_assert_eq(calls(), 2);
	janus__wide_drop(&wide, &whole, fd);
	cr_assert_eq(calls(), 3);
	cr_assert_eq(last_mask, FAN_OPEN_PERM | FAN_ACCESS_PERM);
	cr_assert_eq(root->mark, 0);
}

Test(wide_marks, kinds_and_places_are_held_apart)
{
	const struct janus__wide_mark other = { JANUS_STRATEGY_FILESYSTEM, 9 };

	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), 0);
	cr_assert_eq(janus__wide_add(&wide, &mount, FAN_OPEN_PERM, fd), 0);
	cr_assert_eq(janus__wide_add(&wide, &other, FAN_OPEN_PERM, fd), 0);
	janus__wide_drop(&wide, &mount, fd);
	cr_assert_eq(last_flags, FAN_MARK_REMOVE | FAN_MARK_MOUNT);
	janus__wide_drop(&wide, &mount, fd);
	cr_assert_eq(calls(), 4);
	janus__wide_drop(&wide, &whole, fd);
	janus__wide_drop(&wide, &other, fd);
	cr_assert_eq(calls(), 6);
	cr_assert_null(wide.list);
}

Test(wide_marks, a_failure_leaves_nothing)
{
	fake_fail("fanotify_mark", -1, -ENOSPC, 1);
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), -ENOSPC);
	cr_assert_null(wide.list);
	janus__wide_drop(&wide, &whole, fd);
	cr_assert_eq(calls(), 1);
}

Test(wide_marks, a_failure_leaves_the_other_holders_alone)
{
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), 0);
	fake_fail("fanotify_mark", -1, -EPERM, 1);
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_ACCESS_PERM, fd), -EPERM);
	cr_assert_eq(root->mark, FAN_OPEN_PERM);
	janus__wide_drop(&wide, &whole, fd);
	cr_assert_eq(last_mask, FAN_OPEN_PERM);
	cr_assert_null(wide.list);
}

Test(wide_marks, what_a_file_system_does_not_take_is_told_as_such)
{
	const int errors[] = { -EINVAL, -ENODEV };

	for (size_t i = 0; i < 2; i++) {
		fake_fail("fanotify_mark", -1, errors[i], 1);
		cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd),
			     -EOPNOTSUPP);
	}
}

Test(wide_marks, without_a_group_there_are_none)
{
	wide.group_fd = -1;
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), -EOPNOTSUPP);
	cr_assert_eq(calls(), 0);
	cr_assert_null(wide.list);
}

/* What the target had mounted is gone, and the mark with it. */
Test(wide_marks, what_cannot_be_found_any_more_is_just_forgotten)
{
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), 0);
	janus__wide_drop(&wide, &whole, -1);
	cr_assert_eq(calls(), 1);
	cr_assert_null(wide.list);
}

Test(wide_marks, all_are_forgotten_at_the_end)
{
	cr_assert_eq(janus__wide_add(&wide, &whole, FAN_OPEN_PERM, fd), 0);
	cr_assert_eq(janus__wide_add(&wide, &mount, FAN_OPEN_PERM, fd), 0);
	janus__wide_done(&wide);
	cr_assert_null(wide.list);
	cr_assert_eq(calls(), 2);
}
