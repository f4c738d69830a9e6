/* SPDX-License-Identifier: MIT */
/*
 * The stage: a context with its guards and its records, in as few words as a test needs.
 * Everything goes through the public API.
 */
#ifndef TESTS_KERNEL_STAGE_H
#define TESTS_KERNEL_STAGE_H

#include <janus/context.h>
#include <janus/event.h>
#include <janus/watch.h>

#define PLAN_PATHS 8

/* A watch with one subject. What is 0 takes the usual: open events, the host, enforce. */
struct plan {
	const char *allow[PLAN_PATHS]; /* up to the first NULL */
	const char *deny[PLAN_PATHS];
	const char *observe[PLAN_PATHS];
	const char *ignore[PLAN_PATHS];
	uint32_t events;
	uint32_t mode;
	uint32_t flags;
	uint32_t strategy;
	uint32_t max_depth;
	uint64_t directory_limit;
	const struct janus_exception *exceptions;
	uint64_t exception_count;
	uint64_t cookie;
	int32_t pid;
	const char *container_id;
	uint64_t wait_ns;
	uint32_t on_failure;
	uint64_t ask_ns;
};

struct stage {
	struct janus_context *context;
	struct janus_event_buffer *buffer;
	size_t next; /* in the buffer */
};

void stage_open(struct stage *stage);
void stage_open_with(struct stage *stage, const struct janus_context_options *options);
void stage_close(struct stage *stage);

/* All paths in force, or the case fails. */
struct janus_watch *guard(struct stage *stage, const struct plan *plan);

/* What janus_watch_create() says; @ret as there. @report is initialised here. */
int try_guard(struct stage *stage, struct janus_watch **ret, const struct plan *plan,
	      struct janus_watch_report *report);

/* The same with janus_watch_update(). */
int try_update(struct janus_watch *watch, const struct plan *plan);

/* The next record. The case fails when none comes. */
const struct janus_event *next_event(struct stage *stage);

/* What the next record is. 0: an open, by a rule (if there is a verdict), by anybody. */
struct expected {
	const char *path;
	uint32_t verdict;
	uint32_t kind;
	uint32_t reason;
	int32_t pid;
	uint64_t watch_id;
};

#define EXPECT(stage, ...)                                                               \
	stage_expect(__FILE__, __LINE__, stage, &(struct expected){ __VA_ARGS__ })

/* Returns the record, for more questions. */
const struct janus_event *stage_expect(const char *file, int line, struct stage *stage,
				       const struct expected *expected);

/* Fails the case unless the next record is a gap with this error; returns it. */
const struct janus_event *expect_gap(struct stage *stage, int error);

/* Fails the case unless the next record is what a watch says of itself; returns it. */
const struct janus_event *expect_notice(struct stage *stage, uint32_t kind,
					const struct janus_watch *watch, int error);

/* Fails the case if there is a record by now. */
void expect_nothing(struct stage *stage);

/* The counters. */
struct janus_stats stage_stats(const struct stage *stage);

/* Whether an fd is readable now. */
bool is_readable(int fd);

#endif
