// SPDX-License-Identifier: MIT
/*
 * Owns the processes that count. They sleep in read(2) and in janus_poll().
 */
#include "counters.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <janus/context.h>
#include <janus/event.h>
#include <janus/watch.h>

#include "lanes.h"

#define EVENT_BYTES 65536

const uint32_t counted_kinds[KINDS] = { JANUS_EVENT_CREATE, JANUS_EVENT_OPEN,
					JANUS_EVENT_MODIFY, JANUS_EVENT_CLOSE_WRITE,
					JANUS_EVENT_DELETE };

/* The same kinds in the same order. */
static const uint64_t counted_masks[KINDS] = { FAN_CREATE, FAN_OPEN, FAN_MODIFY,
					       FAN_CLOSE_WRITE, FAN_DELETE };

/* All of these are the counting process's. */
static int group;
static struct janus_context *context;
static struct janus_event_buffer *buffer;

static void mark(const char *path)
{
	uint64_t mask = FAN_EVENT_ON_CHILD;

	for (int i = 0; i < KINDS; i++)
		mask |= counted_masks[i];
	MUST(fanotify_mark(group, FAN_MARK_ADD, mask, AT_FDCWD, path));
}

static int start_bare(const struct deed *deed)
{
	char path[64];

	(void)deed;
	take_cpus(false);
	group = (int)MUST(
		fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE |
				      FAN_UNLIMITED_MARKS | FAN_REPORT_DFID_NAME_TARGET,
			      O_RDONLY | O_LARGEFILE | O_CLOEXEC));
	mark(TREE);
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), TREE "/%d", i);
		mark(path);
	}
	return 0;
}

static void count_masks(struct told *told, uint64_t mask)
{
	for (int i = 0; i < KINDS; i++)
		if (mask & counted_masks[i])
			told->kinds[__builtin_ctz(counted_kinds[i])]++;
	if (mask & FAN_Q_OVERFLOW)
		told->gaps++;
}

_Noreturn static int count_bare_forever(const struct deed *deed)
{
	_Alignas(struct fanotify_event_metadata) static char bytes[EVENT_BYTES];

	for (;;) {
		const struct fanotify_event_metadata *event = (const void *)bytes;
		ssize_t left = MUST(read(group, bytes, sizeof(bytes)));

		while (FAN_EVENT_OK(event, left)) {
			count_masks(deed->shared, event->mask);
			event = FAN_EVENT_NEXT(event, left);
		}
	}
}

static int start_janus(const struct deed *deed)
{
	static const char *const paths[] = { TREE };
	static struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_context_options how = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch *watch;

	take_cpus(false);
	how.ring_bytes = (uint64_t)deed->number * 1024;
	CHECK_INT(janus_context_create(&context, &how), 0);
	CHECK_INT(janus_event_buffer_create(&buffer, 0), 0);
	subject.observe = paths;
	subject.observe_count = 1;
	subject.mode = JANUS_MODE_AUDIT;
	subject.flags = JANUS_SUBJECT_RECURSIVE;
	for (int i = 0; i < KINDS; i++)
		subject.events |= counted_kinds[i];
	options.subjects = &subject;
	options.subject_count = 1;
	if (janus_watch_create(context, &watch, &options, &report) < 0)
		harness_fail(__FILE__, __LINE__, "%s", report.message);
	CHECK_INT(report.tree_directories, DIRECTORIES + 1);
	return 0;
}

static void count_event(struct told *told, const struct janus_event *event)
{
	uint32_t kind = janus_event_get_kind(event);

	if (kind == JANUS_EVENT_GAP) {
		told->gaps++;
		told->lost += janus_event_get_lost_count(event);
	} else {
		told->kinds[__builtin_ctz(kind)]++;
	}
}

_Noreturn static int count_janus_forever(const struct deed *deed)
{
	for (;;) {
		int found = janus_poll(context, buffer, -1);

		CHECK(found >= 0);
		for (size_t i = 0; i < (size_t)found; i++)
			count_event(deed->shared, janus_event_buffer_get(buffer, i));
	}
}

void count_bare(struct actor *actor, struct told *told)
{
	struct deed deed = { .run = start_bare, .shared = told };

	actor_start(actor);
	CHECK_INT(actor_do(actor, &deed), 0);
	deed.run = count_bare_forever;
	actor_begin(actor, &deed);
}

void count_with_janus(struct actor *actor, struct told *told, int ring_kib)
{
	struct deed deed = { .run = start_janus, .number = ring_kib, .shared = told };

	actor_start(actor);
	CHECK_INT(actor_do(actor, &deed), 0);
	deed.run = count_janus_forever;
	actor_begin(actor, &deed);
}
