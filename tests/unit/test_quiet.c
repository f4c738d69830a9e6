// SPDX-License-Identifier: MIT
#include "quiet.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "fake_kernel.h"
#include "teardown.h"

#define KINDS (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

static struct janus__proc proc;
static struct janus__quiet quiet;
static struct fake_file *directory;
static int fd;

static void setup(void)
{
	fake_reset();
	directory = fake_directory("/d");
	cr_assert_eq(janus__proc_open(&fake_kernel, "/proc", &proc), 0);
	fake_kernel.fanotify_init(FAN_CLASS_CONTENT, 0);
	janus__quiet_init(&quiet, &proc, fake_kernel.fanotify_init(FAN_CLASS_CONTENT, 0));
	fd = fake_kernel.openat(AT_FDCWD, "/d", O_PATH);
}

static void teardown(void)
{
	janus__quiet_done(&quiet);
	janus__proc_done(&proc);
}

TestSuite(quiet, .init = setup, .fini = teardown);

static bool add(bool all)
{
	return janus__quiet_add(&quiet, fd, janus__quiet_generation(&quiet), all);
}

Test(quiet, children_of_a_directory_are_left_alone)
{
	cr_assert(add(false));
	cr_assert_eq(directory->ignored, KINDS | FAN_EVENT_ON_CHILD);
	cr_assert_eq(directory->mark, 0);
	cr_assert_eq(atomic_load(&quiet.count), 1);
}

Test(quiet, so_are_directories_where_nothing_is_guarded)
{
	cr_assert(add(true));
	cr_assert_eq(directory->ignored, KINDS | FAN_EVENT_ON_CHILD | FAN_ONDIR);
}

Test(quiet, clearing_takes_all_back)
{
	add(false);
	janus__quiet_clear(&quiet);
	cr_assert_eq(directory->ignored, 0);
	cr_assert_eq(atomic_load(&quiet.count), 0);
	cr_assert(add(false), "and it can begin anew");
}

Test(quiet, where_none_is_there_is_nothing_to_take_back)
{
	size_t calls = fake_count("fanotify_mark", -1);

	janus__quiet_clear(&quiet);
	cr_assert_eq(fake_count("fanotify_mark", -1), calls);
}

Test(quiet, what_was_found_before_a_clearing_counts_no_more)
{
	uint64_t generation = janus__quiet_generation(&quiet);

	janus__quiet_clear(&quiet);
	cr_assert_not(janus__quiet_add(&quiet, fd, generation, false));
	cr_assert_eq(directory->ignored, 0);
	cr_assert_eq(atomic_load(&quiet.count), 0);
}

Test(quiet, who_adds_does_not_wait_for_who_clears)
{
	uint64_t generation = janus__quiet_generation(&quiet);

	pthread_mutex_lock(&quiet.lock);
	cr_assert_not(janus__quiet_add(&quiet, fd, generation, false));
	pthread_mutex_unlock(&quiet.lock);
	cr_assert(janus__quiet_add(&quiet, fd, generation, false));
}

Test(quiet, what_the_kernel_refuses_is_not_counted)
{
	fake_fail("fanotify_mark", -1, -ENOSPC, 1);
	cr_assert_not(add(false));
	cr_assert_eq(atomic_load(&quiet.count), 0);
	cr_assert(add(false), "and nobody is locked out");
}

Test(quiet, a_clearing_that_fails_is_made_up_for_by_the_next)
{
	add(false);
	fake_fail("fanotify_mark", -1, -EBADF, 1);
	janus__quiet_clear(&quiet);
	cr_assert_eq(atomic_load(&quiet.count), 1);
	janus__quiet_clear(&quiet);
	cr_assert_eq(directory->ignored, 0);
	cr_assert_eq(atomic_load(&quiet.count), 0);
}

Test(quiet, without_a_wide_group_nothing_is)
{
	size_t calls = fake_count("fanotify_mark", -1);

	quiet.wide_fd = -1;
	cr_assert_not(add(false));
	janus__quiet_clear(&quiet);
	cr_assert_eq(fake_count("fanotify_mark", -1), calls);
}
