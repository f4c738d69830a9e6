// SPDX-License-Identifier: MIT
/*
 * Watches a directory and denies nothing: prints who opens, reads or executes it or one
 * of its direct children, until SIGINT or SIGTERM. The context owns every fd.
 */
#include <string.h>

#include "guard.h"
#include "show.h"
#include "stop.h"

static int watch(struct janus_context *context, const char *path)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	subject.allow = &path;
	subject.allow_count = 1;
	subject.events = JANUS_EVENT_ALL_PERMISSION;
	subject.mode = JANUS_MODE_DRY_RUN;
	subject.flags = JANUS_SUBJECT_ONLY_DIR;
	return guard(context, &options, &subject);
}

static int run(struct janus_context *context, const char *path)
{
	struct janus_event_buffer *buffer;
	int r;

	r = janus_event_buffer_create(&buffer, 0);
	if (r < 0)
		return r;
	r = watch(context, path);
	while (r >= 0 && !stopped) {
		r = janus_poll(context, buffer, -1);
		if (r == -EINTR)
			r = 0;
		show_events(buffer);
	}
	janus_event_buffer_destroy(buffer);
	return r;
}

int main(int argc, char **argv)
{
	int help = argc == 2 && strcmp(argv[1], "--help") == 0;
	struct janus_context *context;
	int r;

	if (argc != 2 || help) {
		fprintf(help ? stdout : stderr,
			"Usage: watch_dir DIRECTORY\n"
			"Prints who uses DIRECTORY (absolute) or its direct children.\n");
		return help ? 0 : 2;
	}
	r = janus_context_create(&context, NULL);
	if (r < 0) {
		fprintf(stderr, "watch_dir: no context: %s\n", janus_strerror(r));
		return 1;
	}
	stop_on_signals(context);
	r = run(context, argv[1]);
	if (r < 0)
		fprintf(stderr, "watch_dir: stopped: %s\n", janus_strerror(r));
	stop_release();
	janus_context_destroy(context);
	return r < 0;
}
