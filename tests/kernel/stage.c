// SPDX-License-Identifier: MIT
/*
 * Owns the context and the buffer of a case.
 */
#include "stage.h"

#include <poll.h>
#include <string.h>

#include <janus/error.h>

#include "harness.h"

void stage_open_with(struct stage *stage, const struct janus_context_options *options)
{
	*stage = (struct stage){ 0 };
	CHECK_INT(janus_context_create(&stage->context, options), 0);
	CHECK_INT(janus_event_buffer_create(&stage->buffer, 0), 0);
}

void stage_open(struct stage *stage)
{
	stage_open_with(stage, NULL);
}

void stage_close(struct stage *stage)
{
	janus_context_destroy(stage->context);
	janus_event_buffer_destroy(stage->buffer);
	*stage = (struct stage){ 0 };
}

/* The options and what they point to. */
struct filled {
	struct janus_subject subject;
	struct janus_watch_options options;
};

static uint64_t count_paths(const char *const *paths)
{
	uint64_t count = 0;

	while (count < PLAN_PATHS && paths[count])
		count++;
	return count;
}

static const struct janus_watch_options *fill(struct filled *filled,
					      const struct plan *plan)
{
	*filled = (struct filled){
		.subject = JANUS_SUBJECT_INIT,
		.options = JANUS_WATCH_OPTIONS_INIT,
	};
	filled->subject.allow = plan->allow;
	filled->subject.allow_count = count_paths(plan->allow);
	filled->subject.deny = plan->deny;
	filled->subject.deny_count = count_paths(plan->deny);
	filled->subject.observe = plan->observe;
	filled->subject.observe_count = count_paths(plan->observe);
	filled->subject.ignore = plan->ignore;
	filled->subject.ignore_count = count_paths(plan->ignore);
	filled->subject.max_depth = plan->max_depth;
	filled->subject.exceptions = plan->exceptions;
	filled->subject.exception_count = plan->exception_count;
	filled->subject.strategy = plan->strategy;
	filled->subject.events = plan->events ? plan->events : JANUS_EVENT_OPEN;
	filled->subject.mode = plan->mode;
	filled->subject.flags = plan->flags;
	filled->options.subjects = &filled->subject;
	filled->options.subject_count = 1;
	filled->options.directory_limit = plan->directory_limit;
	filled->options.cookie = plan->cookie;
	filled->options.target = plan->pid ? JANUS_TARGET_PID : JANUS_TARGET_HOST;
	filled->options.pid = plan->pid;
	if (plan->container_id)
		filled->options.target = JANUS_TARGET_CONTAINER;
	filled->options.container_id = plan->container_id;
	filled->options.wait_ns = plan->wait_ns;
	filled->options.on_failure = plan->on_failure;
	filled->options.ask_ns = plan->ask_ns;
	return &filled->options;
}

int try_guard(struct stage *stage, struct janus_watch **ret, const struct plan *plan,
	      struct janus_watch_report *report)
{
	struct filled filled;

	*report = (struct janus_watch_report)JANUS_WATCH_REPORT_INIT;
	return janus_watch_create(stage->context, ret, fill(&filled, plan), report);
}

struct janus_watch *guard(struct stage *stage, const struct plan *plan)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;
	int err = try_guard(stage, &watch, plan, &report);

	if (err)
		harness_fail(__FILE__, __LINE__, "no watch: %s (%s)", report.message,
			     janus_strerror(err));
	CHECK_TEXT(report.message, "");
	CHECK_INT(report.skipped, 0);
	CHECK_INT(report.marked, report.paths);
	return watch;
}

int try_update(struct janus_watch *watch, const struct plan *plan)
{
	struct filled filled;

	return janus_watch_update(watch, fill(&filled, plan), NULL);
}

const struct janus_event *next_event(struct stage *stage)
{
	if (stage->next == janus_event_buffer_get_count(stage->buffer)) {
		stage->next = 0;
		CHECK(janus_poll(stage->context, stage->buffer, BOUND_NS) > 0);
	}
	return janus_event_buffer_get(stage->buffer, stage->next++);
}

const struct janus_event *stage_expect(const char *file, int line, struct stage *stage,
				       const struct expected *expected)
{
	const struct janus_event *event = next_event(stage);
	uint32_t kind = expected->kind ? expected->kind : JANUS_EVENT_OPEN;
	uint32_t usual = expected->verdict ? JANUS_REASON_RULE : 0;
	uint32_t reason = expected->reason ? expected->reason : usual;
	int32_t pid = expected->pid ? expected->pid : janus_event_get_pid(event);
	uint64_t id = expected->watch_id ? expected->watch_id
					 : janus_event_get_watch_id(event);

	if (janus_event_get_kind(event) != kind ||
	    janus_event_get_verdict(event) != expected->verdict ||
	    janus_event_get_reason(event) != reason ||
	    janus_event_get_pid(event) != pid || janus_event_get_watch_id(event) != id ||
	    strcmp(janus_event_get_path(event), expected->path) != 0)
		harness_fail(file, line,
			     "wanted %s %s (%s) %s, got %s %s (%s) %s pid %d watch %llu",
			     janus_event_kind_name(kind),
			     janus_verdict_name(expected->verdict),
			     janus_reason_name(reason), expected->path,
			     janus_event_kind_name(janus_event_get_kind(event)),
			     janus_verdict_name(janus_event_get_verdict(event)),
			     janus_reason_name(janus_event_get_reason(event)),
			     janus_event_get_path(event), janus_event_get_pid(event),
			     (unsigned long long)janus_event_get_watch_id(event));
	return event;
}

const struct janus_event *expect_gap(struct stage *stage, int error)
{
	const struct janus_event *event = next_event(stage);

	if (janus_event_get_kind(event) != JANUS_EVENT_GAP)
		harness_fail(__FILE__, __LINE__, "wanted a gap (%s), got %s %s",
			     janus_strerror(error),
			     janus_event_kind_name(janus_event_get_kind(event)),
			     janus_event_get_path(event));
	CHECK_INT(janus_event_get_error(event), error);
	return event;
}

void expect_nothing(struct stage *stage)
{
	const struct janus_event *event;

	if (stage->next == janus_event_buffer_get_count(stage->buffer)) {
		stage->next = 0;
		if (janus_poll(stage->context, stage->buffer, 0) == 0)
			return;
	}
	event = janus_event_buffer_get(stage->buffer, stage->next);
	harness_fail(__FILE__, __LINE__, "wanted no record, got %s %s %s",
		     janus_event_kind_name(janus_event_get_kind(event)),
		     janus_event_get_old_path(event), janus_event_get_path(event));
}

struct janus_stats stage_stats(const struct stage *stage)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	CHECK_INT(janus_get_stats(stage->context, &stats), 0);
	return stats;
}

bool is_readable(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	return poll(&readable, 1, 0) == 1;
}

const struct janus_event *expect_notice(struct stage *stage, uint32_t kind,
					const struct janus_watch *watch, int error)
{
	const struct janus_event *event = next_event(stage);

	CHECK_TEXT(janus_event_kind_name(janus_event_get_kind(event)),
		   janus_event_kind_name(kind));
	CHECK_INT(janus_event_get_watch_id(event), janus_watch_get_id(watch));
	CHECK_INT(janus_event_get_error(event), error);
	CHECK_TEXT(janus_event_get_path(event), "");
	CHECK_INT(janus_event_get_tag_count(event), 0);
	return event;
}
