// SPDX-License-Identifier: MIT
#include "report.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct janus_watch_report report;

static void setup(void)
{
	report = (struct janus_watch_report)JANUS_WATCH_REPORT_INIT;
}

TestSuite(report, .init = setup);

Test(report, refusal_names_subject_field_index_path_and_cause)
{
	const struct janus__place place = { 3, "deny", 7, "/etc/shadow" };

	cr_assert_eq(janus__report_refuse(&report, -EINVAL, &place, "bad"), -EINVAL);
	cr_assert_eq(report.first_error, -EINVAL);
	cr_assert_eq(report.first_subject, 3);
	cr_assert_str_eq(report.first_path, "/etc/shadow");
	cr_assert_str_eq(report.message, "subject[3].deny[7] '/etc/shadow': bad");
	cr_assert_eq(report.skipped, 0);
}

Test(report, refusal_without_a_path_names_the_field)
{
	const struct janus__place place = { 1, "mode", 0, NULL };

	cr_assert_eq(janus__report_refuse(&report, -EINVAL, &place, "unknown"), -EINVAL);
	cr_assert_str_eq(report.first_path, "");
	cr_assert_str_eq(report.message, "subject[1].mode: unknown");
}

Test(report, failure_belongs_to_no_subject)
{
	cr_assert_eq(janus__report_fail(&report, -ESRCH, "target", "gone"), -ESRCH);
	cr_assert_eq(report.first_error, -ESRCH);
	cr_assert_str_eq(report.message, "target: gone");
	cr_assert_str_eq(report.first_path, "");
}

Test(report, message_is_one_escaped_line_and_the_path_stays_as_given)
{
	const struct janus__place place = { 0, "allow", 0, "/a\nb'c" };

	janus__report_refuse(&report, -EINVAL, &place, "bad");
	cr_assert_str_eq(report.message, "subject[0].allow[0] '/a\\nb\\'c': bad");
	cr_assert_str_eq(report.first_path, "/a\nb'c");
}

Test(report, a_path_of_any_length_leaves_room_for_the_cause)
{
	char path[8192];
	const struct janus__place place = { 0, "allow", 0, path };

	memset(path, '\n', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	janus__report_refuse(&report, -ENAMETOOLONG, &place, "the cause");
	cr_assert_not_null(strstr(report.message, "...': the cause"));
	cr_assert_lt(strlen(report.message), sizeof(report.message));
	cr_assert_eq(strlen(report.first_path), sizeof(report.first_path) - 1);
}

Test(report, counts_every_skip_and_tells_the_first)
{
	const struct janus__place first = { 0, "allow", 1, "/first" };
	const struct janus__place second = { 2, "deny", 3, "/second" };

	janus__report_skip(&report, -ENOENT, &first, "not there");
	janus__report_skip(&report, -ELOOP, &second, "a loop");
	cr_assert_eq(report.skipped, 2);
	cr_assert_eq(report.first_error, -ENOENT);
	cr_assert_eq(report.first_subject, 0);
	cr_assert_str_eq(report.first_path, "/first");
	cr_assert_str_eq(report.message, "subject[0].allow[1] '/first': not there");
}
