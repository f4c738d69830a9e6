// SPDX-License-Identifier: MIT
#include "event.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fault/allocations.h"
#include "make_spec.h"
#include "teardown.h"

static struct janus_event_buffer *buffer;
static struct janus__spec *spec;

static struct janus__spec *tagged_spec(void)
{
	static const char *const paths[] = { "/etc" };
	static const struct janus_tag tags[] = { { "a", "1" }, { "b", "2" } };
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subjects[] = { JANUS_SUBJECT_INIT, JANUS_SUBJECT_INIT };
	struct janus__spec *ret = NULL;

	for (size_t i = 0; i < 2; i++) {
		subjects[i].allow = paths;
		subjects[i].allow_count = 1;
		subjects[i].events = JANUS_EVENT_OPEN;
	}
	subjects[1].tags = tags;
	subjects[1].tag_count = 2;
	options.subjects = subjects;
	options.subject_count = 2;
	options.cookie = 99;
	cr_assert_eq(janus__spec_create(&ret, &options, &report), 0);
	ret->watch_id = 5;
	return ret;
}

static void setup(void)
{
	spec = tagged_spec();
	cr_assert_eq(janus_event_buffer_create(&buffer, 4), 0);
}

static void teardown(void)
{
	janus_event_buffer_destroy(buffer);
	teardown_check(atomic_load(&spec->references) == 1, "a reference is lost");
	janus__spec_unref(spec);
}

TestSuite(event, .init = setup, .fini = teardown);

static struct janus__record record(void)
{
	return (struct janus__record){
		.kind = JANUS_EVENT_EXEC,
		.verdict = JANUS_VERDICT_DENY,
		.reason = JANUS_REASON_OTHER_WATCH,
		.who = { .pid = 123,
			 .pid_inside = 7,
			 .parent_pid = 122,
			 .uid = 1000,
			 .gid = 100,
			 .runtime = "docker",
			 .comm = "a b)" },
		.file_type = JANUS_FILE_DIRECTORY,
		.time_ns = 456,
		.sequence = 789,
		.spec = janus__spec_ref(spec),
		.rule = &spec->rules[1],
	};
}

static struct janus__texts texts_of(const char *path, size_t length)
{
	return (struct janus__texts){
		.at = { path, "/etc/old", "/bin/cat", "/docker/abc", "abc" },
		.length = { (uint32_t)length, 8, 8, 11, 3 },
	};
}

static bool append(const char *path)
{
	struct janus__record given = record();
	struct janus__texts texts = texts_of(path, strlen(path));

	if (janus__event_buffer_append(buffer, &given, &texts))
		return true;
	janus__spec_unref(spec);
	return false;
}

static const struct janus__texts none;

static void check_event(const struct janus_event *event)
{
	cr_assert_eq(janus_event_get_kind(event), JANUS_EVENT_EXEC);
	cr_assert_eq(janus_event_get_verdict(event), JANUS_VERDICT_DENY);
	cr_assert_eq(janus_event_get_reason(event), JANUS_REASON_OTHER_WATCH);
	cr_assert_str_eq(janus_event_get_path(event), "/etc/x");
	cr_assert(janus_event_is_directory(event));
	cr_assert_eq(janus_event_get_pid(event), 123);
	cr_assert_eq(janus_event_get_inner_pid(event), 7);
	cr_assert_eq(janus_event_get_parent_pid(event), 122);
	cr_assert_eq(janus_event_get_tid(event), 0);
	cr_assert_eq(janus_event_get_uid(event), 1000);
	cr_assert_eq(janus_event_get_gid(event), 100);
	cr_assert_str_eq(janus_event_get_comm(event), "a b)");
	cr_assert_str_eq(janus_event_get_exe(event), "/bin/cat");
	cr_assert_str_eq(janus_event_get_cgroup(event), "/docker/abc");
	cr_assert_str_eq(janus_event_get_container_id(event), "abc");
	cr_assert_str_eq(janus_event_get_runtime(event), "docker");
	cr_assert_str_eq(janus_event_get_old_path(event), "/etc/old");
	cr_assert_not(janus_event_is_process_gone(event));
	cr_assert_eq(janus_event_get_time_ns(event), 456);
	cr_assert_eq(janus_event_get_sequence(event), 789);
	cr_assert_eq(janus_event_get_watch_id(event), 5);
	cr_assert_eq(janus_event_get_cookie(event), 99);
	cr_assert_eq(janus_event_get_subject(event), 1);
	cr_assert_eq(janus_event_get_tag_count(event), 2);
	cr_assert_str_eq(janus_event_get_tag(event, 1)->key, "b");
	cr_assert_str_eq(janus_event_get_tag(event, 1)->value, "2");
	cr_assert_null(janus_event_get_tag(event, 2));
	cr_assert_eq(janus_event_get_lost_count(event), 0);
}

Test(event, tells_what_the_record_and_its_watch_say)
{
	append("/etc/x");
	check_event(janus_event_buffer_get(buffer, 0));
	cr_assert_null(janus_event_buffer_get(buffer, 1));
}

Test(event, a_gap_tells_the_count_and_nothing_of_a_watch)
{
	const struct janus__record gap = {
		.kind = JANUS_EVENT_GAP, .lost = 12, .sequence = 20, .time_ns = 3
	};
	const struct janus_event *event;

	cr_assert(janus__event_buffer_append(buffer, &gap, &none));
	event = janus_event_buffer_get(buffer, 0);
	cr_assert_eq(janus_event_get_kind(event), JANUS_EVENT_GAP);
	cr_assert_eq(janus_event_get_lost_count(event), 12);
	cr_assert_eq(janus_event_get_sequence(event), 20);
	cr_assert_eq(janus_event_get_time_ns(event), 3);
	cr_assert_eq(janus_event_get_verdict(event), 0);
	cr_assert_eq(janus_event_get_reason(event), 0);
	cr_assert_str_eq(janus_event_get_path(event), "");
	cr_assert_eq(janus_event_get_pid(event), 0);
	cr_assert_eq(janus_event_get_uid(event), UINT32_MAX);
	cr_assert_eq(janus_event_get_gid(event), UINT32_MAX);
	cr_assert_str_eq(janus_event_get_comm(event), "");
	cr_assert_str_eq(janus_event_get_exe(event), "");
	cr_assert_str_eq(janus_event_get_container_id(event), "");
	cr_assert_str_eq(janus_event_get_runtime(event), "");
	cr_assert_eq(janus_event_get_watch_id(event), 0);
	cr_assert_eq(janus_event_get_cookie(event), 0);
	cr_assert_eq(janus_event_get_subject(event), 0);
	cr_assert_eq(janus_event_get_tag_count(event), 0);
	cr_assert_null(janus_event_get_tag(event, 0));
	cr_assert_not(janus_event_is_directory(event));
}

Test(event, path_is_terminated_behind_its_length)
{
	struct janus__record given = record();
	struct janus__texts texts = texts_of("/abcdef", 3);

	cr_assert(janus__event_buffer_append(buffer, &given, &texts));
	cr_assert_str_eq(janus_event_get_path(janus_event_buffer_get(buffer, 0)), "/ab");
}

Test(event, buffer_takes_as_many_as_asked_for)
{
	for (int i = 0; i < 4; i++)
		cr_assert(append("/a"));
	cr_assert_not(append("/a"));
	cr_assert_eq(janus_event_buffer_get_count(buffer), 4);
	janus__event_buffer_clear(buffer);
	cr_assert_eq(janus_event_buffer_get_count(buffer), 0);
	cr_assert_null(janus_event_buffer_get(buffer, 0));
	cr_assert(append("/b"));
	cr_assert_str_eq(janus_event_get_path(janus_event_buffer_get(buffer, 0)), "/b");
}

Test(event, empty_buffer_takes_texts_of_any_length)
{
	char path[PATH_MAX];
	struct janus__record given = record();
	struct janus__texts texts;
	int appended = 0;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	for (size_t i = 0; i < JANUS__TEXT_COUNT; i++) {
		texts.at[i] = path;
		texts.length[i] = sizeof(path) - 1;
	}
	cr_assert(janus__event_buffer_append(buffer, &given, &texts));
	while (append(path))
		appended++;
	cr_assert_leq(appended, 3);
	for (int i = 0; i < appended; i++)
		cr_assert_str_eq(
			janus_event_get_path(janus_event_buffer_get(buffer, (size_t)i)),
			path);
}

Test(event, buffer_limits_its_capacity)
{
	struct janus_event_buffer *other = NULL;

	cr_assert_eq(janus_event_buffer_create(&other, 65537), -EINVAL);
	cr_assert_eq(janus_event_buffer_create(&other, SIZE_MAX), -EINVAL);
	cr_assert_null(other);
	cr_assert_eq(janus_event_buffer_create(&other, 65536), 0);
	janus_event_buffer_destroy(other);
	cr_assert_eq(janus_event_buffer_create(NULL, 1), -EINVAL);
}

Test(event, buffer_holds_256_by_default)
{
	size_t count = 0;

	janus_event_buffer_destroy(buffer);
	cr_assert_eq(janus_event_buffer_create(&buffer, 0), 0);
	while (append("/a"))
		count++;
	cr_assert_eq(count, 256);
}

Test(event, buffer_without_memory_is_none)
{
	struct janus_event_buffer *other = NULL;
	long live = allocations_live();

	for (size_t nth = 1; nth <= 2; nth++) {
		allocations_fail(nth);
		cr_assert_eq(janus_event_buffer_create(&other, 4), -ENOMEM);
		cr_assert_null(other);
		cr_assert_eq(allocations_live(), live);
	}
}

Test(event, copy_outlives_the_buffer)
{
	struct janus_event *copy;

	append("/etc/x");
	cr_assert_eq(janus_event_copy(janus_event_buffer_get(buffer, 0), &copy), 0);
	janus_event_buffer_destroy(buffer);
	buffer = NULL;
	check_event(copy);
	janus_event_destroy(copy);
}

Test(event, copy_of_a_gap_is_a_gap)
{
	const struct janus__record gap = { .kind = JANUS_EVENT_GAP, .lost = 12 };
	struct janus_event *copy;

	janus__event_buffer_append(buffer, &gap, &none);
	cr_assert_eq(janus_event_copy(janus_event_buffer_get(buffer, 0), &copy), 0);
	cr_assert_eq(janus_event_get_lost_count(copy), 12);
	janus_event_destroy(copy);
}

Test(event, copy_says_what_it_lacks)
{
	struct janus_event *copy = NULL;

	append("/etc/x");
	cr_assert_eq(janus_event_copy(NULL, &copy), -EINVAL);
	cr_assert_eq(janus_event_copy(janus_event_buffer_get(buffer, 0), NULL), -EINVAL);
	allocations_fail(1);
	cr_assert_eq(janus_event_copy(janus_event_buffer_get(buffer, 0), &copy), -ENOMEM);
	cr_assert_null(copy);
}

Test(event, nothing_may_be_destroyed)
{
	janus_event_destroy(NULL);
	janus_event_buffer_destroy(NULL);
	cr_assert_eq(janus_event_buffer_get_count(NULL), 0);
}
