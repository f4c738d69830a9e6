// SPDX-License-Identifier: MIT
#include "stage.h"

#include <criterion/criterion.h>

#include "teardown.h"

struct janus_context *stage_context;
struct janus_event_buffer *stage_buffer;

void stage_setup(void)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	fake_reset();
	fake_file("/allowed");
	fake_file("/denied");
	fake_file("/free");
	fake_directory("/dir");
	fake_file("/dir/a");
	fake_file("/dir/b");
	fake_process(1, 0, 1);
	fake_process(OWNER, 1, 500);
	fake_process(OWNER + 1, OWNER, 501);
	fake_process(OPENER, 1, 700);
	options.ring_bytes = 16384;
	cr_assert_eq(janus__context_create(&stage_context, &options, &fake_kernel), 0);
	cr_assert_eq(janus_event_buffer_create(&stage_buffer, 0), 0);
}

void stage_teardown(void)
{
	janus_context_destroy(stage_context);
	janus_event_buffer_destroy(stage_buffer);
	teardown_check(fake_open_fds() == 0, "an fd is left open");
	teardown_check(fake_wrong_closes() == 0, "an fd was closed twice");
}

static struct janus_watch *create(const struct janus_watch_options *options)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch *watch = NULL;

	cr_assert_eq(janus_watch_create(stage_context, &watch, options, &report), 0, "%s",
		     report.message);
	return watch;
}

struct janus_watch *stage_watch(const struct janus_subject *subject)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	options.subjects = subject;
	options.subject_count = 1;
	return create(&options);
}

struct janus_watch *stage_owned_watch(const struct janus_subject *subject)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	options.subjects = subject;
	options.subject_count = 1;
	options.target = JANUS_TARGET_PID;
	options.pid = OWNER;
	return create(&options);
}

struct janus_watch *stage_deny(const char *path)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	return stage_watch(&subject);
}

struct janus_watch *stage_allow(const char *path)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.allow = &path;
	subject.allow_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	return stage_watch(&subject);
}

uint32_t stage_open(const char *path)
{
	uint32_t answer = fake_answer(fake_event(path, OPENER, FAN_OPEN_PERM));

	fake_settle();
	return answer;
}

int stage_poll(void)
{
	return janus_poll(stage_context, stage_buffer, 5 * 1000000000ll);
}

const struct janus_event *stage_event(size_t index)
{
	const struct janus_event *event = janus_event_buffer_get(stage_buffer, index);

	cr_assert_not_null(event);
	return event;
}

struct janus_stats stage_stats(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	cr_assert_eq(janus_get_stats(stage_context, &stats), 0);
	return stats;
}
