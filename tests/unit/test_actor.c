// SPDX-License-Identifier: MIT
#include "actor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_actor.h"
#include "fake_proc.h"

#define PID 10

static struct janus__actor actor;
static struct janus__actor_fds fds;

TestSuite(actor, .init = fake_actor_begin, .fini = fake_actor_end);

static bool read_actor(void)
{
	bool lived = janus__actor_read(&actor, &fake_actor.proc, PID, &fds);

	cr_assert_eq(fake_actor.open_count, lived ? 3 : 0);
	cr_assert_eq(lived, !actor.facts.gone);
	return lived;
}

static void expect_gone(int32_t pid)
{
	cr_assert(actor.facts.gone);
	cr_assert_eq(actor.facts.pid, pid > 0 ? pid : 0);
	cr_assert_eq(actor.facts.uid, UINT32_MAX);
	cr_assert_eq(actor.facts.comm[0], '\0');
	cr_assert_str_eq(actor.facts.runtime, "");
	cr_assert_eq(actor.exe[0], '\0');
	cr_assert_eq(actor.exe_length, 0);
	cr_assert_eq(actor.cgroups_length, 0);
	cr_assert_eq(actor.container.length, 0);
	cr_assert_eq(fds.pidfd, -1);
	cr_assert_eq(fds.comm_fd, -1);
	cr_assert_eq(fds.exe_fd, -1);
}

static void expect_span(struct janus__span span, const char *wanted)
{
	cr_assert_eq(span.length, strlen(wanted), "%s", wanted);
	cr_assert_arr_eq(actor.cgroups + span.at, wanted, strlen(wanted));
}

Test(actor, is_all_that_is_known_of_a_process)
{
	char path[128];
	struct stat st;

	fake_actor_add(PID);
	cr_assert(read_actor());
	cr_assert_eq(actor.id, PID);
	cr_assert_eq(actor.facts.pid, PID);
	cr_assert_eq(actor.facts.pid_inside, 3);
	cr_assert_eq(actor.facts.parent_pid, 7);
	cr_assert_eq(actor.facts.uid, 1000);
	cr_assert_eq(actor.facts.gid, 100);
	cr_assert_str_eq(actor.facts.comm, "worker");
	cr_assert_str_eq(actor.facts.runtime, "docker");
	cr_assert_str_eq(actor.exe, "/usr/bin/worker");
	cr_assert_eq(actor.exe_length, strlen("/usr/bin/worker"));
	cr_assert_eq(actor.cgroup_number, 4711);
	expect_span(actor.cgroup, "/docker/" FAKE_ACTOR_ID "/below");
	expect_span(actor.container, FAKE_ACTOR_ID);
	snprintf(path, sizeof(path), "%s/%d/ns/pid", fake_actor.folder, PID);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(actor.pid_namespace, st.st_ino);
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	cr_assert_eq(fake_actor.open_count, 0);
}

Test(actor, a_name_is_what_the_process_makes_of_it)
{
	char name[128];

	fake_actor_add(PID);
	fake_proc_write(PID, "comm", "a) R\n1\n");
	cr_assert(read_actor());
	cr_assert_str_eq(actor.facts.comm, "a) R\n1");
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	fake_proc_write(PID, "comm", name);
	cr_assert(read_actor());
	cr_assert_eq(strlen(actor.facts.comm), JANUS__COMM_SIZE - 1);
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	fake_proc_write(PID, "comm", "\n");
	cr_assert(read_actor());
	cr_assert_str_eq(actor.facts.comm, "");
	janus__actor_fds_done(&fds, &fake_actor.kernel);
}

Test(actor, a_program_that_has_no_name_has_none)
{
	char *longest = malloc(PATH_MAX + 1);

	memset(longest, 'x', PATH_MAX);
	longest[PATH_MAX] = '\0';
	fake_actor_add(PID);
	fake_actor.exe_error = -ENOENT; /* one of the fake_actor.kernel's own */
	cr_assert(read_actor());
	cr_assert_str_eq(actor.exe, "");
	cr_assert(janus__actor_is_same(&actor, &fds, &fake_actor.proc));
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	fake_actor.exe_error = 0;
	fake_actor.exe = longest; /* cut */
	cr_assert(read_actor());
	cr_assert_str_eq(actor.exe, "");
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	longest[PATH_MAX - 1] = '\0';
	cr_assert(read_actor());
	cr_assert_eq(actor.exe_length, PATH_MAX - 1);
	cr_assert_str_eq(actor.exe, longest);
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	free(longest);
}

Test(actor, of_many_cgroups_one_is_told)
{
	static const char *const texts[][2] = {
		{ "0::/\n", "/" },
		{ "1:name=systemd:/init.scope\n0::/\n", "/init.scope" },
		{ "2:cpu:/a\n1:name=systemd:/b\n0::/\n", "/b" },
		{ "2:cpu:/a\n1:name=systemd:/b\n0::/c\n", "/c" },
		{ "2:cpu:/a\n1:name=systemd:/\n0::/\n", "/a" },
		{ "3:cpu:/a\n2:memory:/b\n", "/a" },
		{ "2:cpu:/a\n1:pids:/docker/" FAKE_ACTOR_ID "/x\n0::/c\n",
		  "/docker/" FAKE_ACTOR_ID "/x" },
		{ "", "" },
		{ "nonsense", "" },
	};

	fake_actor_add(PID);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fake_proc_write(PID, "cgroup", texts[i][0]);
		cr_assert(read_actor());
		expect_span(actor.cgroup, texts[i][1]);
		cr_assert_eq(actor.container.length,
			     strstr(texts[i][0], FAKE_ACTOR_ID) ? 64 : 0);
		janus__actor_fds_done(&fds, &fake_actor.kernel);
	}
}

Test(actor, cgroups_that_cannot_be_held_are_unknown)
{
	char *text = malloc(3 * JANUS__CGROUPS_SIZE);

	memset(text, 'x', JANUS__CGROUPS_SIZE);
	strcpy(text + JANUS__CGROUPS_SIZE, "\n" FAKE_ACTOR_CGROUP);
	fake_actor_add(PID);
	fake_proc_write(PID, "cgroup", text);
	cr_assert(read_actor());
	cr_assert_eq(actor.cgroups_length, 0);
	cr_assert_eq(actor.cgroup.length, 0);
	cr_assert_eq(actor.container.length, 0);
	cr_assert_str_eq(actor.facts.runtime, "");
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	free(text);
}

Test(actor, may_be_a_thread)
{
	static const int errors[] = { -EINVAL, -ENOENT };

	fake_actor_add(PID);
	fake_actor.said.thread_error = 0;
	for (size_t i = 0; i < 2; i++) {
		fake_actor.said.open_error = errors[i];
		cr_assert(read_actor());
		janus__actor_fds_done(&fds, &fake_actor.kernel);
	}
	fake_actor.said.open_error = -ESRCH;
	cr_assert_not(read_actor());
	expect_gone(PID);
}

Test(actor, nobody_is_gone)
{
	static const int32_t pids[] = { 0, -1, INT32_MIN };

	for (size_t i = 0; i < 3; i++) {
		cr_assert_not(janus__actor_read(&actor, &fake_actor.proc, pids[i], &fds));
		expect_gone(pids[i]);
	}
	cr_assert_not(read_actor());
	expect_gone(PID);
}

Test(actor, who_ends_while_it_is_read_is_gone)
{
	fake_actor_add(PID);
	fake_actor.said.info_error = -ESRCH;
	cr_assert_not(read_actor());
	expect_gone(PID);
	fake_actor.said.info_error = -ENOTTY;
	fake_actor.said.alive_error = -ESRCH;
	cr_assert_not(read_actor());
	expect_gone(PID);
	fake_actor.said.alive_error = 0;
	cr_assert(read_actor());
	cr_assert_eq(actor.cgroup_number, 0);
	janus__actor_fds_done(&fds, &fake_actor.kernel);
	fake_proc_write(PID, "comm", "");
	cr_assert_not(read_actor());
	expect_gone(PID);
}

Test(actor, without_fds_leaves_none_behind)
{
	bool lived = false;

	fake_actor_add(PID);
	for (int nth = 1; nth <= 4; nth++) {
		fake_actor.failing_open = nth;
		cr_assert_not(read_actor(), "%d", nth);
		expect_gone(PID);
	}
	/* Its cgroups are not needed to know who it is. */
	fake_actor.failing_open = 5;
	lived = read_actor();
	cr_assert(lived);
	cr_assert_eq(actor.cgroups_length, 0);
	janus__actor_fds_done(&fds, &fake_actor.kernel);
}

static bool is_same(void)
{
	bool same = janus__actor_is_same(&actor, &fds, &fake_actor.proc);

	cr_assert_eq(fake_actor.open_count, 3);
	return same;
}

Test(actor, is_the_same_until_something_changes)
{
	struct janus__pidfd_info before = fake_actor.said.info;

	fake_actor_add(PID);
	cr_assert(read_actor());
	cr_assert(is_same());
	fake_proc_write(PID, "comm", "other\n");
	cr_assert_not(is_same());
	fake_proc_write(PID, "comm", "worker\n");
	fake_actor.exe = "/usr/bin/worker2";
	cr_assert_not(is_same());
	fake_actor.exe = "/usr/bin/worke";
	cr_assert_not(is_same());
	fake_actor.exe = "/usr/bin/worker";
	cr_assert(is_same());
	fake_actor.said.info.uid++;
	cr_assert_not(is_same());
	fake_actor.said.info = before;
	fake_actor.said.info.gid++;
	cr_assert_not(is_same());
	fake_actor.said.info = before;
	fake_actor.said.info.parent_pid = 1;
	cr_assert_not(is_same());
	fake_actor.said.info = before;
	fake_actor.said.info.cgroup_number++;
	cr_assert_not(is_same());
	fake_actor.said.info = before;
	cr_assert(is_same());
	fake_actor.said.info_error = -ESRCH;
	cr_assert_not(is_same());
	janus__actor_fds_done(&fds, &fake_actor.kernel);
}

Test(actor, is_compared_by_its_status_where_the_kernel_is_old)
{
	fake_actor_add(PID);
	fake_actor.said.info_error = -ENOTTY;
	cr_assert(read_actor());
	cr_assert(is_same());
	fake_actor_status(PID, 8, 1000, 100);
	cr_assert_not(is_same());
	fake_actor_status(PID, 7, 0, 100);
	cr_assert_not(is_same());
	fake_actor_status(PID, 7, 1000, 0);
	cr_assert_not(is_same());
	fake_actor_status(PID, 7, 1000, 100);
	cr_assert(is_same());
	fake_actor.said.alive_error = -ESRCH;
	cr_assert_not(is_same());
	fake_actor.said.alive_error = 0;
	fake_proc_write(PID, "status", "nonsense\n");
	cr_assert_not(is_same());
	janus__actor_fds_done(&fds, &fake_actor.kernel);
}
