// SPDX-License-Identifier: MIT
/*
 * Denies opening one file for a number of seconds and prints each attempt. One program may
 * open it all the same, if there is a third word. Opens the file itself, too: nobody locks
 * himself out. The context owns every other fd.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "show.h"
#include "stop.h"

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int deny(struct janus_context *context, const char *path, const char *program)
{
	const struct janus_exception spared = { JANUS_EXCEPTION_EXE, 0, program };
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.exceptions = program ? &spared : NULL;
	subject.exception_count = program ? 1 : 0;
	return guard(context, &options, &subject);
}

static int open_it_ourselves(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int run(struct janus_context *context, char **words, long seconds)
{
	int64_t left_ns, end_ns = now_ns() + seconds * INT64_C(1000000000);
	struct janus_event_buffer *buffer;
	int r;

	r = janus_event_buffer_create(&buffer, 0);
	if (r < 0)
		return r;
	r = deny(context, words[0], words[2]);
	if (r == 0)
		r = open_it_ourselves(words[0]);
	while (r >= 0 && !stopped && (left_ns = end_ns - now_ns()) > 0) {
		r = janus_poll(context, buffer, left_ns);
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
	char none[] = "", *end = none;
	long seconds = argc == 3 || argc == 4 ? strtol(argv[2], &end, 10) : 0;
	struct janus_context *context;
	int r;

	if (help || *end || seconds < 1 || seconds > 86400) {
		fprintf(help ? stdout : stderr,
			"Usage: deny_open FILE SECONDS [PROGRAM]\n"
			"Denies opening FILE (absolute) for 1 to 86400 SECONDS to all\n"
			"who do not run PROGRAM (absolute).\n");
		return help ? 0 : 2;
	}
	r = janus_context_create(&context, NULL);
	if (r < 0) {
		fprintf(stderr, "deny_open: no context: %s\n", janus_strerror(r));
		return 1;
	}
	stop_on_signals(context);
	r = run(context, &argv[1], seconds); /* a NULL stands behind the last word */
	if (r < 0)
		fprintf(stderr, "deny_open: stopped: %s\n", janus_strerror(r));
	stop_release();
	janus_context_destroy(context);
	return r < 0;
}
