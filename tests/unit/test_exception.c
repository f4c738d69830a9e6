// SPDX-License-Identifier: MIT
#include "exception.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *check(uint32_t kind, uint32_t number, const char *text)
{
	const struct janus_exception exception = { kind, number, text };

	return janus__exception_check(&exception, JANUS_TARGET_CONTAINER);
}

Test(exception, each_kind_takes_what_it_needs)
{
	cr_assert_null(check(JANUS_EXCEPTION_EXE, 0, "/bin/sh"));
	cr_assert_null(check(JANUS_EXCEPTION_HOST_EXE, 0, "/usr/bin/kubelet"));
	cr_assert_null(check(JANUS_EXCEPTION_UID, 0, NULL));
	cr_assert_null(check(JANUS_EXCEPTION_GID, 4294967295u, NULL));
	cr_assert_null(check(JANUS_EXCEPTION_CGROUP, 0, "/system.slice/kubelet.service"));
	cr_assert_null(check(JANUS_EXCEPTION_CONTAINER, 0, "docker://web1"));
	cr_assert_null(check(JANUS_EXCEPTION_ANCESTOR, 1, NULL));
	cr_assert_null(check(JANUS_EXCEPTION_OUTSIDE, 0, NULL));
}

Test(exception, what_it_does_not_take_is_refused)
{
	cr_assert_not_null(check(0, 0, NULL));
	cr_assert_not_null(check(JANUS_EXCEPTION_OUTSIDE + 1, 0, NULL));
	cr_assert_not_null(check(JANUS_EXCEPTION_EXE, 0, NULL));
	cr_assert_not_null(check(JANUS_EXCEPTION_EXE, 7, "/bin/sh"));
	cr_assert_not_null(check(JANUS_EXCEPTION_UID, 0, "root"));
	cr_assert_not_null(check(JANUS_EXCEPTION_OUTSIDE, 1, NULL));
	cr_assert_not_null(check(JANUS_EXCEPTION_OUTSIDE, 0, "/"));
}

Test(exception, texts_that_could_mean_nobody_or_everybody_are_refused)
{
	char path[5000];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	cr_assert_not_null(check(JANUS_EXCEPTION_EXE, 0, ""));
	cr_assert_not_null(check(JANUS_EXCEPTION_EXE, 0, "bin/sh"));
	cr_assert_not_null(check(JANUS_EXCEPTION_HOST_EXE, 0, path));
	cr_assert_not_null(check(JANUS_EXCEPTION_CGROUP, 0, "/"));
	cr_assert_not_null(check(JANUS_EXCEPTION_CGROUP, 0, "/a/"));
	cr_assert_not_null(check(JANUS_EXCEPTION_CGROUP, 0, "a"));
	cr_assert_not_null(check(JANUS_EXCEPTION_CONTAINER, 0, "no/id"));
	cr_assert_not_null(check(JANUS_EXCEPTION_CONTAINER, 0, path));
	cr_assert_not_null(check(JANUS_EXCEPTION_ANCESTOR, 0, NULL));
	cr_assert_not_null(check(JANUS_EXCEPTION_ANCESTOR, 0x80000000u, NULL));
}

Test(exception, nobody_is_outside_the_host)
{
	const struct janus_exception outside = { JANUS_EXCEPTION_OUTSIDE, 0, NULL };

	cr_assert_not_null(janus__exception_check(&outside, JANUS_TARGET_HOST));
	cr_assert_null(janus__exception_check(&outside, JANUS_TARGET_PID));
}
