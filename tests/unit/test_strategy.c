// SPDX-License-Identifier: MIT
#include "strategy.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fake_proc.h"

#define TARGET 7
#define OURSELVES 9

static struct janus__kernel kernel;
static struct janus__proc proc;
static struct janus__places places;
static int opens;

static int counting_openat(int dirfd, const char *path, int flags)
{
	opens++;
	return janus__kernel_linux.openat(dirfd, path, flags);
}

static void setup(void)
{
	const char *folder = fake_proc_create();
	char self[128], to[16];

	kernel = janus__kernel_linux;
	cr_assert_eq(janus__proc_open(&kernel, folder, &proc), 0);
	kernel.openat = counting_openat;
	snprintf(self, sizeof(self), "%s/self", folder);
	snprintf(to, sizeof(to), "%d", OURSELVES);
	cr_assert_eq(symlink(to, self), 0);
	fake_proc_write(OURSELVES, "mountinfo",
			"1 0 8:1 / / rw - ext4 b c\n"
			"2 1 0:7 / /shared rw - tmpfs b c\n"
			"3 1 0:9 / /run/merged rw - overlay b c\n");
	fake_proc_write(TARGET, "mountinfo",
			"10 9 0:9 / / rw - overlay b c\n"
			"11 10 0:20 / /own rw - tmpfs b c\n"
			"12 10 8:1 /vol /volume rw - ext4 b c\n"
			"13 10 0:9 / /again rw - overlay b c\n"
			"2 10 0:7 / /shared rw - tmpfs b c\n");
	places = (struct janus__places){ .proc = &proc, .pid = TARGET };
}

static void teardown(void)
{
	janus__places_done(&places);
	janus__proc_done(&proc);
	fake_proc_destroy();
}

TestSuite(strategy, .init = setup, .fini = teardown);

static uint32_t choose(uint64_t mount_id)
{
	const struct janus__subject subject = { .flags = JANUS_SUBJECT_RECURSIVE,
						.mode = JANUS_MODE_ENFORCE };

	return janus__strategy_choose(&places, &subject, mount_id);
}

Test(strategy, a_file_system_of_the_targets_own_is_marked_as_a_whole)
{
	cr_assert_eq(choose(11), JANUS_STRATEGY_FILESYSTEM);
}

/* The host sees it too, where the runtime has mounted it; nobody works there. */
Test(strategy, the_root_overlay_is_the_targets_own)
{
	cr_assert_eq(choose(10), JANUS_STRATEGY_FILESYSTEM);
}

Test(strategy, a_file_system_of_the_host_is_marked_by_the_targets_mount)
{
	cr_assert_eq(choose(12), JANUS_STRATEGY_MOUNT);
	cr_assert_eq(choose(13), JANUS_STRATEGY_MOUNT);
}

Test(strategy, a_mount_that_is_ours_too_is_marked_by_inodes)
{
	cr_assert_eq(choose(2), JANUS_STRATEGY_INODE);
}

Test(strategy, what_is_not_known_is_marked_by_inodes)
{
	cr_assert_eq(choose(99), JANUS_STRATEGY_INODE);
}

Test(strategy, the_host_is_marked_by_inodes_and_nothing_is_read_for_it)
{
	places.pid = 0;
	cr_assert_eq(choose(11), JANUS_STRATEGY_INODE);
	cr_assert_eq(opens, 0);
}

Test(strategy, a_target_that_is_gone_is_marked_by_inodes)
{
	fake_proc_remove(TARGET);
	cr_assert_eq(choose(11), JANUS_STRATEGY_INODE);
	cr_assert_eq(places.error, -ESRCH);
	cr_assert_null(janus__places_find(&places, "/own"));
}

Test(strategy, only_trees_that_ask_are_marked_wide)
{
	struct janus__subject subject = { .mode = JANUS_MODE_ENFORCE,
					  .strategy = JANUS_STRATEGY_FILESYSTEM };

	cr_assert_eq(janus__strategy_choose(&places, &subject, 11), JANUS_STRATEGY_INODE);
	subject.flags = JANUS_SUBJECT_RECURSIVE;
	subject.mode = JANUS_MODE_AUDIT;
	cr_assert_eq(janus__strategy_choose(&places, &subject, 11), JANUS_STRATEGY_INODE);
	cr_assert_eq(opens, 0);
}

Test(strategy, what_was_demanded_is_done)
{
	const uint32_t all[] = { JANUS_STRATEGY_INODE, JANUS_STRATEGY_MOUNT,
				 JANUS_STRATEGY_FILESYSTEM };
	struct janus__subject subject = { .flags = JANUS_SUBJECT_RECURSIVE,
					  .mode = JANUS_MODE_DRY_RUN };

	places.pid = 0;
	for (size_t i = 0; i < 3; i++) {
		subject.strategy = all[i];
		cr_assert_eq(janus__strategy_choose(&places, &subject, 11), all[i]);
	}
}

Test(strategy, mounts_are_read_once_and_again_when_they_were_given_up)
{
	choose(11);
	choose(12);
	cr_assert_eq(opens, 2);
	cr_assert_eq(janus__places_find(&places, "/own")->id, 11);
	cr_assert_null(janus__places_find(&places, "/ow"));
	cr_assert_eq(opens, 2);
	janus__places_done(&places);
	cr_assert_eq(janus__places_find(&places, "/volume")->id, 12);
	cr_assert_eq(opens, 4);
}
