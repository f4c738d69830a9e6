// SPDX-License-Identifier: MIT
#include <janus/error.h>
#include <janus/version.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

TestSuite(error);

/* Every error that a doc block of the public headers lists. */
static const int documented[] = {
	EINVAL, E2BIG,   ENAMETOOLONG, EPERM,  EACCES, ENOSYS,      EOPNOTSUPP,
	EMFILE, ENFILE,  ENOMEM,       ENOSPC, EAGAIN, ENOENT,      ENOTUNIQ,
	ESRCH,  ELOOP,   ENOTDIR,      EINTR,  EIO,    EMEDIUMTYPE, EREMOTE,
	EDQUOT, ENOBUFS, EOVERFLOW,    EBUSY,  EPROTO, ETIMEDOUT,
};

Test(error, every_documented_error_has_its_own_words)
{
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
		const char *text = janus_strerror(-documented[i]);

		cr_assert_gt(strlen(text), 0);
		cr_assert_null(strchr(text, '\n'));
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(text, janus_strerror(-documented[j]));
	}
}

Test(error, sign_does_not_matter)
{
	cr_assert_eq(janus_strerror(ELOOP), janus_strerror(-ELOOP));
	cr_assert_str_eq(janus_strerror(0), "success");
}

Test(error, other_errors_get_the_words_of_libc)
{
	cr_assert_str_eq(janus_strerror(-EXDEV), strerror(EXDEV));
}

Test(error, any_number_has_words)
{
	static const int numbers[] = { 99999, -99999, INT_MAX, INT_MIN, INT_MIN + 1 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		cr_assert_str_eq(janus_strerror(numbers[i]), "unknown error");
}

Test(error, kinds_have_the_kernels_names)
{
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_OPEN), "OPEN_PERM");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_ACCESS), "ACCESS_PERM");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_EXEC), "OPEN_EXEC_PERM");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_CREATE), "CREATE");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_MODIFY), "MODIFY");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_CLOSE_WRITE), "CLOSE_WRITE");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_ATTRIB), "ATTRIB");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_DELETE), "DELETE");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_RENAME), "RENAME");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_GAP), "GAP");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_START), "START");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_END), "END");
	cr_assert_str_eq(janus_event_kind_name(0), "UNKNOWN");
	cr_assert_str_eq(janus_event_kind_name(JANUS_EVENT_OPEN | JANUS_EVENT_ACCESS),
			 "UNKNOWN");
}

Test(error, every_kind_has_a_name_of_its_own)
{
	const uint32_t kinds = JANUS_EVENT_ALL_OBSERVATION | JANUS_EVENT_GAP |
			       JANUS_EVENT_START | JANUS_EVENT_END;

	for (uint32_t bit = 1; bit; bit <<= 1)
		cr_assert_eq(strcmp(janus_event_kind_name(bit), "UNKNOWN") != 0,
			     (kinds & bit) != 0, "%#x", bit);
}

Test(error, file_types_have_names)
{
	cr_assert_str_eq(janus_file_type_name(JANUS_FILE_OTHER), "other");
	cr_assert_str_eq(janus_file_type_name(JANUS_FILE_REGULAR), "file");
	cr_assert_str_eq(janus_file_type_name(JANUS_FILE_DIRECTORY), "directory");
	cr_assert_str_eq(janus_file_type_name(JANUS_FILE_SYMLINK), "symlink");
	cr_assert_str_eq(janus_file_type_name(JANUS_FILE_SYMLINK + 1), "unknown");
	cr_assert_str_eq(janus_file_type_name(UINT32_MAX), "unknown");
}

Test(error, verdicts_and_reasons_have_names)
{
	cr_assert_str_eq(janus_verdict_name(JANUS_VERDICT_ALLOW), "ALLOW");
	cr_assert_str_eq(janus_verdict_name(JANUS_VERDICT_DENY), "DENY");
	cr_assert_str_eq(janus_verdict_name(JANUS_VERDICT_WOULD_DENY), "WOULD_DENY");
	cr_assert_str_eq(janus_verdict_name(JANUS_VERDICT_ASK), "ASK");
	cr_assert_str_eq(janus_verdict_name(JANUS_VERDICT_ASK + 1), "UNKNOWN");
	cr_assert_str_eq(janus_verdict_name(0), "UNKNOWN");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_RULE), "rule");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_OWNER), "owner");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_OTHER_WATCH), "other-watch");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_FAILURE), "failure");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_EXCEPTION), "exception");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_DEADLINE), "deadline");
	cr_assert_str_eq(janus_reason_name(JANUS_REASON_DEADLINE + 1), "unknown");
	cr_assert_str_eq(janus_reason_name(0), "unknown");
}

Test(error, version_is_told_twice_the_same)
{
	char text[32];
	uint32_t number = janus_version_number();

	snprintf(text, sizeof(text), "%u.%u.%u", number / 1000000, number / 1000 % 1000,
		 number % 1000);
	cr_assert_str_eq(janus_version(), text);
	cr_assert_str_eq(janus_version(), JANUS_VERSION_STRING);
}
