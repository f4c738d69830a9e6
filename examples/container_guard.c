// SPDX-License-Identifier: MIT
/*
 * Denies paths inside a container, found by its id, until the container ends, or SIGINT or
 * SIGTERM comes. --dry-run only tells what would be denied, --wait takes a container that is
 * not up yet. The context owns every fd.
 */
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "show.h"
#include "stop.h"

/* Whether the watch is over: 1, or why it never came into force. */
static int has_ended(const struct janus_event_buffer *buffer)
{
	const struct janus_event *event;
	size_t i;

	for (i = 0; (event = janus_event_buffer_get(buffer, i)); i++)
		if (janus_event_get_kind(event) == JANUS_EVENT_END)
			return janus_event_get_error(event) ? janus_event_get_error(event)
							    : 1;
	return 0;
}

static int run(struct janus_context *context, struct janus_watch_options *options,
	       const struct janus_subject *subject)
{
	struct janus_event_buffer *buffer;
	int r, ended = 0;

	r = janus_event_buffer_create(&buffer, 0);
	if (r < 0)
		return r;
	r = guard(context, options, subject);
	while (r >= 0 && !ended && !stopped) {
		r = janus_poll(context, buffer, -1);
		if (r == -EINTR)
			r = 0;
		show_events(buffer);
		ended = has_ended(buffer);
	}
	if (ended < 0)
		r = ended;
	janus_event_buffer_destroy(buffer);
	return r;
}

/* Names each path that is skipped, the report only the first. */
static void say(void *userdata, uint32_t level, const char *message)
{
	(void)level;
	fprintf(userdata, "container_guard: %s\n", message);
}

static int usage(FILE *out, int status)
{
	fputs("Usage: container_guard [--dry-run] [--wait SECONDS] ID PATH...\n"
	      "Denies opening each PATH, as the container ID sees it, until that ends.\n"
	      "It need not be up yet: it is waited for, up to 86400 SECONDS.\n",
	      out);
	return status;
}

int main(int argc, char **argv)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_watch_options watch = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_context *context;
	char none[] = "", *end = none;
	int r, at = 1;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (argc > 1 && strcmp(argv[1], "--dry-run") == 0) {
		subject.mode = JANUS_MODE_DRY_RUN;
		at++;
	}
	if (argc > at + 1 && strcmp(argv[at], "--wait") == 0) {
		watch.wait_ns = UINT64_C(1000000000) * strtoul(argv[at + 1], &end, 10);
		at += 2;
	}
	if (argc < at + 2 || *end || watch.wait_ns > 86400 * UINT64_C(1000000000))
		return usage(stderr, 2);
	watch.target = JANUS_TARGET_CONTAINER;
	watch.container_id = argv[at];
	subject.deny = (const char *const *)&argv[at + 1];
	subject.deny_count = (uint64_t)(argc - at - 1);
	subject.events = JANUS_EVENT_OPEN;

	options.log = say;
	options.log_userdata = stderr;
	r = janus_context_create(&context, &options);
	if (r < 0) {
		fprintf(stderr, "container_guard: no context: %s\n", janus_strerror(r));
		return 1;
	}
	stop_on_signals(context);
	r = run(context, &watch, &subject);
	if (r < 0)
		fprintf(stderr, "container_guard: stopped: %s\n", janus_strerror(r));
	stop_release();
	janus_context_destroy(context);
	return r < 0;
}
