// SPDX-License-Identifier: MIT
/*
 * Denies paths inside a container, found by its id, until SIGINT or SIGTERM. --dry-run
 * only tells what would be denied. The context owns every fd.
 */
#include <string.h>

#include "guard.h"
#include "show.h"
#include "stop.h"

static int run(struct janus_context *context, const char *id,
	       const struct janus_subject *subject)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_event_buffer *buffer;
	int r;

	r = janus_event_buffer_create(&buffer, 0);
	if (r < 0)
		return r;
	options.target = JANUS_TARGET_CONTAINER;
	options.container_id = id;
	r = guard(context, &options, subject);
	while (r >= 0 && !stopped) {
		r = janus_poll(context, buffer, -1);
		if (r == -EINTR)
			r = 0;
		show_events(buffer);
	}
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
	fputs("Usage: container_guard [--dry-run] ID PATH...\n"
	      "Denies opening each PATH, as the container ID sees it.\n",
	      out);
	return status;
}

int main(int argc, char **argv)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_context *context;
	int r, at = 1;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (argc > 1 && strcmp(argv[1], "--dry-run") == 0) {
		subject.mode = JANUS_MODE_DRY_RUN;
		at++;
	}
	if (argc < at + 2)
		return usage(stderr, 2);
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
	r = run(context, argv[at], &subject);
	if (r < 0)
		fprintf(stderr, "container_guard: stopped: %s\n", janus_strerror(r));
	stop_release();
	janus_context_destroy(context);
	return r < 0;
}
