// SPDX-License-Identifier: MIT
/*
 * When the next worker is started: at once, then later and later, and how the keeper tells one
 * process from another.
 */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "restart.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

Test(restart, the_first_one_at_once_and_then_later_and_later)
{
	static const int64_t expected_ms[] = { 0,    100,  200,  400, 800,
					       1600, 3200, 5000, 5000 };
	struct restart restart = { 0 };

	for (size_t i = 0; i < sizeof(expected_ms) / sizeof(expected_ms[0]); i++)
		cr_expect_eq(restart_delay(&restart, SECOND, false), expected_ms[i] * MS,
			     "%zu", i);
	cr_expect_eq(restart.count, 9);
}

Test(restart, after_one_that_was_ready_openers_need_not_wait_long)
{
	struct restart restart = { 0 };

	cr_expect_eq(restart_delay(&restart, SECOND, true), 0);
	cr_expect_eq(restart_delay(&restart, SECOND, true), 100 * MS);
	for (int i = 0; i < 1000; i++)
		cr_expect_eq(restart_delay(&restart, SECOND, true), 200 * MS);
	/* One that is not even ready is another matter. */
	cr_expect_eq(restart_delay(&restart, SECOND, false), 5000 * MS);
}

Test(restart, one_that_has_lived_for_a_while_is_replaced_at_once)
{
	struct restart restart = { 0 };

	for (int i = 0; i < 20; i++)
		restart_delay(&restart, SECOND, false);
	cr_expect_eq(restart_delay(&restart, 10 * SECOND, true), 0);
	cr_expect_eq(restart_delay(&restart, SECOND, true), 100 * MS);
}

Test(process, finds_the_start_time_behind_any_name)
{
	static const char *const names[] = { "janusd", "a b", "x) R 1 2 3 4", ")", "" };
	char stat[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(
			stat, sizeof(stat),
			"17 (%s) S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %d 9 9\n",
			names[i], 123456);
		cr_expect_eq(process_parse_start_time(stat), 123456, "%s", names[i]);
	}
}

Test(process, has_none_where_there_is_nothing_to_read)
{
	static const char *const stats[] = {
		"", ")", "1 (a)", "1 (a) ", "1 (a) S 1 2 3", "1 a S 1 2"
	};

	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		cr_expect_eq(process_parse_start_time(stats[i]), 0, "%s", stats[i]);
	cr_expect_eq(process_start_time(0), 0);
	cr_expect_eq(process_start_time(-1), 0);
}

Test(process, is_the_same_as_long_as_it_lives)
{
	uint64_t own = process_start_time((int32_t)getpid());
	siginfo_t info;
	pid_t child;

	cr_expect_neq(own, 0);
	cr_expect_eq(process_start_time((int32_t)getpid()), own);
	child = fork();
	if (!child)
		_exit(0);
	cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	cr_expect_eq(process_start_time((int32_t)child), 0, "it has ended already");
	waitpid(child, NULL, 0);
}
