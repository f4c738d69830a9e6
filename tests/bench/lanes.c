// SPDX-License-Identifier: MIT
/*
 * Owns the processes that answer: one fanotify group each, so that none waits for another's
 * work. They sleep in read(2), or in ppoll(2) and poll(2), while another lane is measured.
 */
#include "lanes.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <janus/context.h>
#include <janus/event.h>
#include <janus/watch.h>

#include "kernel/harness.h"

#define GROUP_FLAGS                                                                      \
	(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS)

#ifndef FAN_MARK_IGNORE
#define FAN_MARK_IGNORE 0x400
#endif

/* All of these are the answering process's. */
static int group;
static struct janus_context *context;
static struct janus_event_buffer *buffer;

/* What the actor that is started next has to do: it gets a copy. */
static struct service served;

static cpu_set_t opener_cpus, server_cpus;

bool choose_placement(enum placement placement)
{
	cpu_set_t allowed;
	int cpu = 0;

	MUST(sched_getaffinity(0, sizeof(allowed), &allowed));
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&opener_cpus);
	CPU_SET(cpu, &opener_cpus);
	server_cpus = opener_cpus;
	if (placement == APART)
		CPU_XOR(&server_cpus, &opener_cpus, &allowed);
	return CPU_COUNT(&server_cpus) > 0;
}

void take_cpus(bool opener)
{
	if (CPU_COUNT(&opener_cpus) == 0)
		return;
	MUST(sched_setaffinity(0, sizeof(cpu_set_t),
			       opener ? &opener_cpus : &server_cpus));
}

static int open_group(const struct deed *deed)
{
	take_cpus(false);
	group = (int)MUST(fanotify_init(GROUP_FLAGS, O_RDONLY | O_LARGEFILE | O_CLOEXEC));
	MUST(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, deed->path));
	return 0;
}

/* A mark on a whole file system, and the kernel told to leave one directory alone. */
static int open_wide_group(const struct deed *deed)
{
	take_cpus(false);
	group = (int)MUST(fanotify_init(GROUP_FLAGS, O_RDONLY | O_LARGEFILE | O_CLOEXEC));
	MUST(fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_PERM,
			   AT_FDCWD, deed->path));
	MUST(fanotify_mark(group,
			   FAN_MARK_ADD | FAN_MARK_IGNORE | FAN_MARK_IGNORED_SURV_MODIFY,
			   FAN_OPEN_PERM | FAN_EVENT_ON_CHILD, AT_FDCWD, deed->other));
	return 0;
}

_Noreturn static int answer_forever(const struct deed *deed)
{
	struct fanotify_event_metadata events[64];

	for (;;) {
		ssize_t length = MUST(read(group, events, sizeof(events)));

		/* Such a group tells nothing beside the metadata: all events are alike. */
		for (size_t i = 0; i < (size_t)length / sizeof(events[0]); i++) {
			struct fanotify_response response = {
				.fd = events[i].fd,
				.response = (uint32_t)deed->number,
			};

			CHECK_INT(events[i].event_len, sizeof(events[0]));
			MUST(write(group, &response, sizeof(response)));
			close(events[i].fd);
		}
	}
}

void serve_bare(struct actor *actor, const char *path, int response)
{
	struct deed deed = { .run = open_group, .number = response };

	actor_start(actor);
	snprintf(deed.path, sizeof(deed.path), "%s", path);
	CHECK_INT(actor_do(actor, &deed), 0);
	deed.run = answer_forever;
	actor_begin(actor, &deed);
}

void serve_wide(struct actor *actor, const char *path, const char *quiet)
{
	struct deed deed = { .run = open_wide_group, .number = FAN_ALLOW };

	actor_start(actor);
	snprintf(deed.path, sizeof(deed.path), "%s", path);
	snprintf(deed.other, sizeof(deed.other), "%s", quiet);
	CHECK_INT(actor_do(actor, &deed), 0);
	deed.run = answer_forever;
	actor_begin(actor, &deed);
}

/* The path of the rule that matters, and the others. */
static const char **list_paths(const struct service *service)
{
	const char **paths = calloc((size_t)service->more_count + 1, sizeof(*paths));

	CHECK(paths);
	paths[0] = service->watched;
	for (int i = 0; i < service->more_count; i++) {
		char *path;

		CHECK(asprintf(&path, "%s/%d", service->more, i) > 0);
		paths[i + 1] = path;
	}
	return paths;
}

static void guard_paths(const struct service *service)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	const char **paths = list_paths(service);
	uint64_t count = (uint64_t)service->more_count + 1;
	struct janus_watch *watch;
	int result;

	subject.events = JANUS_EVENT_OPEN;
	subject.strategy = service->strategy;
	if (service->recursive)
		subject.flags = JANUS_SUBJECT_RECURSIVE;
	if (service->deny) {
		subject.deny = paths;
		subject.deny_count = count;
	} else {
		subject.allow = paths;
		subject.allow_count = count;
	}
	options.subjects = &subject;
	options.subject_count = 1;
	result = janus_watch_create(context, &watch, &options, &report);
	if (result < 0)
		harness_fail(__FILE__, __LINE__, "%s: %s", service->watched,
			     report.message);
	CHECK_INT(report.marked, count);
}

static int open_context(const struct deed *deed)
{
	(void)deed;
	take_cpus(false);
	CHECK_INT(janus_context_create(&context, NULL), 0);
	CHECK_INT(janus_event_buffer_create(&buffer, 0), 0);
	guard_paths(&served);
	return 0;
}

_Noreturn static int poll_forever(const struct deed *deed)
{
	(void)deed;
	for (;;)
		CHECK(janus_poll(context, buffer, -1) >= 0);
}

void serve_janus(struct actor *actor, const struct service *service)
{
	struct deed deed = { .run = open_context };

	served = *service;
	actor_start(actor);
	CHECK_INT(actor_do(actor, &deed), 0);
	deed.run = poll_forever;
	if (!service->unread)
		actor_begin(actor, &deed);
}
