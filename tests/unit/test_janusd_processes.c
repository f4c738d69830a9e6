// SPDX-License-Identifier: MIT
/*
 * Who is in a cgroup, by the text of /proc/PID/cgroup; and ourselves, by what we run.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <unistd.h>

#include "processes.h"

Test(processes, in_a_cgroup_or_below_it)
{
	static const char text[] = "12:memory:/a/b\n1:name=systemd:/c\n0::/x:y/z";

	cr_expect(processes_is_in_cgroup(text, "/a/b"));
	cr_expect(processes_is_in_cgroup(text, "/a"));
	cr_expect(processes_is_in_cgroup(text, "/c"));
	cr_expect(processes_is_in_cgroup(text, "/x:y"));
	cr_expect(processes_is_in_cgroup(text, "/x:y/z"));
	cr_expect_not(processes_is_in_cgroup(text, "/a/b/c"));
	cr_expect_not(processes_is_in_cgroup(text, "/x"));
	cr_expect_not(processes_is_in_cgroup(text, "/b"));
	cr_expect_not(processes_is_in_cgroup(text, "/a/"));
	cr_expect_not(processes_is_in_cgroup("", "/a"));
	cr_expect_not(processes_is_in_cgroup("no colons\n:one\n", "/a"));
}

Test(processes, whoever_runs_our_program_is_found)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int32_t pids[4];
	size_t count = 0;

	cr_assert_gt(length, 0);
	path[length] = '\0';
	cr_assert_eq(processes_of_exe(path, pids, 4, &count), 0);
	/* This process and the one that started it share a root: they are one. */
	cr_expect_eq(count, 1);
	cr_expect_eq(processes_of_exe("/no/such/file", pids, 4, &count), -ENOENT);
	cr_expect_eq(processes_of_exe("/etc/passwd", pids, 4, &count), 0);
	cr_expect_eq(count, 0);
}

Test(processes, nobody_is_in_a_cgroup_that_is_not_there)
{
	int32_t pid = 1;

	cr_expect_eq(processes_first_of_cgroup("/no-such-cgroup", &pid), 0);
	cr_expect_eq(pid, 0);
}
