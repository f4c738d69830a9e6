// SPDX-License-Identifier: MIT
/*
 * Tells what is created, written, renamed and deleted below a directory, at any depth, until
 * SIGINT or SIGTERM. Only told, never asked: nobody is delayed, and no privilege is needed for
 * files that one may read. The context owns every fd.
 */
#include <string.h>

#include "show.h"
#include "stop.h"

static int observe(struct janus_context *context, const char *path)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch *watch; /* freed with the context */
	int r;

	subject.observe = &path;
	subject.observe_count = 1;
	subject.events = JANUS_EVENT_CREATE | JANUS_EVENT_CLOSE_WRITE |
			 JANUS_EVENT_RENAME | JANUS_EVENT_DELETE;
	subject.mode = JANUS_MODE_AUDIT;
	subject.flags = JANUS_SUBJECT_RECURSIVE | JANUS_SUBJECT_ONLY_DIR;
	options.subjects = &subject;
	options.subject_count = 1;
	r = janus_watch_create(context, &watch, &options, &report);
	if (r < 0) {
		fprintf(stderr, "nothing is observed: %s (%s)\n", report.message,
			janus_strerror(r));
		return r;
	}
	if (report.tree_skipped)
		fprintf(stderr, "%" PRIu64 " places below are not covered: %s\n",
			report.tree_skipped, report.message);
	printf("ready: %" PRIu64 " directories\n", report.tree_directories);
	fflush(stdout);
	return 0;
}

/* Something is missing: what it is, the error tells. */
static void show_gap(const struct janus_event *event)
{
	printf("GAP %s", janus_strerror(janus_event_get_error(event)));
	if (janus_event_get_lost_count(event))
		printf(", %" PRIu64 " events", janus_event_get_lost_count(event));
	if (*janus_event_get_path(event)) {
		putchar(' ');
		show_escaped(janus_event_get_path(event));
	}
	putchar('\n');
}

static void show(const struct janus_event *event)
{
	printf("%s %s ", janus_event_kind_name(janus_event_get_kind(event)),
	       janus_file_type_name(janus_event_get_file_type(event)));
	if (janus_event_get_kind(event) == JANUS_EVENT_RENAME) {
		show_escaped(janus_event_get_old_path(event));
		printf(" -> ");
	}
	show_escaped(janus_event_get_path(event));
	putchar('\n');
}

static int run(struct janus_context *context, const char *path)
{
	const struct janus_event *event;
	struct janus_event_buffer *buffer;
	int r;

	r = janus_event_buffer_create(&buffer, 0);
	if (r < 0)
		return r;
	r = observe(context, path);
	while (r >= 0 && !stopped) {
		r = janus_poll(context, buffer, -1);
		if (r == -EINTR)
			r = 0;
		for (size_t i = 0; (event = janus_event_buffer_get(buffer, i)); i++) {
			if (janus_event_get_kind(event) == JANUS_EVENT_GAP)
				show_gap(event);
			else
				show(event);
		}
		fflush(stdout);
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
			"Usage: observe_tree DIRECTORY\n"
			"Tells what changes below DIRECTORY (absolute).\n");
		return help ? 0 : 2;
	}
	r = janus_context_create(&context, NULL);
	if (r < 0) {
		fprintf(stderr, "observe_tree: no context: %s\n", janus_strerror(r));
		return 1;
	}
	stop_on_signals(context);
	r = run(context, argv[1]);
	if (r < 0)
		fprintf(stderr, "observe_tree: stopped: %s\n", janus_strerror(r));
	stop_release();
	janus_context_destroy(context);
	return r < 0;
}
