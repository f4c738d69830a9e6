// SPDX-License-Identifier: MIT
#include "watch_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <janus/error.h>

#include "cmdline_values.h"
#include "output.h"
#include "util.h"
#include "watch_path.h"

/* What comes while a slow reader holds us up. */
#define RING_BYTES ((uint64_t)8 << 20)

static int fail(int err, const char *what)
{
	output_message(what, strerror(-err));
	return -1;
}

/* As the library takes them. Return: 0, or -1 and told. */
static int make_absolute(struct cmdline_list *ret, const struct cmdline_watch *watch)
{
	autofree char *folder = NULL;

	ret->items = calloc(watch->paths.count, sizeof(*ret->items));
	if (!ret->items)
		return fail(-ENOMEM, "cannot watch");
	for (; ret->count < watch->paths.count; ret->count++) {
		const char *path = watch->paths.items[ret->count];

		if (path[0] != '/' && !folder) {
			folder = getcwd(NULL, 0);
			if (!folder)
				return fail(-errno, "the working directory has no path");
		}
		ret->items[ret->count] = watch_path_absolute(folder, path, watch->glob);
		if (!ret->items[ret->count])
			return fail(-ENOMEM, "cannot watch");
	}
	return 0;
}

static uint32_t flags_of(const struct cmdline_watch *watch)
{
	uint32_t flags = 0;

	if (watch->recursive)
		flags |= JANUS_SUBJECT_RECURSIVE;
	if (watch->one_filesystem)
		flags |= JANUS_SUBJECT_ONE_FILESYSTEM;
	if (watch->include_stalling)
		flags |= JANUS_SUBJECT_STALLING;
	if (watch->wait)
		flags |= JANUS_SUBJECT_WAIT;
	if (watch->glob)
		flags |= JANUS_SUBJECT_GLOB;
	return flags;
}

static void set_target(struct janus_watch_options *options, const struct cmdline *cmdline)
{
	if (cmdline->cids.count) {
		options->target = JANUS_TARGET_CONTAINER;
		options->container_id = cmdline->cids.items[0];
	} else if (cmdline->pid_count) {
		options->target = JANUS_TARGET_PID;
		options->pid = cmdline->pids[0];
	}
}

static int create_watch(struct janus_context *context, const struct cmdline *cmdline,
			struct watch_tell *tell, struct janus_watch_report *ret_report)
{
	const struct cmdline_watch *asked = &cmdline->watch;
	cleanup(cmdline_list_done) struct cmdline_list paths = { 0 };
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_watch *watch; /* the context ends it */
	int err;

	if (make_absolute(&paths, asked))
		return -1;
	subject.observe = (const char *const *)paths.items;
	subject.observe_count = paths.count;
	subject.ignore = (const char *const *)asked->ignore.items;
	subject.ignore_count = asked->ignore.count;
	subject.events = asked->events ? asked->events : JANUS_EVENT_ALL_OBSERVATION;
	subject.mode = JANUS_MODE_AUDIT;
	subject.flags = flags_of(asked);
	subject.max_depth = asked->depth;
	options.subjects = &subject;
	options.subject_count = 1;
	options.progress = watch_tell_progress;
	options.progress_userdata = tell;
	set_target(&options, cmdline);
	err = janus_watch_create(context, &watch, &options, ret_report);
	if (err) {
		watch_tell_failure(tell, err, ret_report->message);
		return -1;
	}
	return 0;
}

int watch_setup(struct janus_context **ret, const struct cmdline *cmdline,
		struct watch_tell *tell, struct janus_watch_report *ret_report)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_context *context;
	int err;

	options.ring_bytes = RING_BYTES;
	options.log = watch_tell_log;
	options.log_userdata = tell;
	options.log_level = tell->verbose ? JANUS_LOG_INFO : JANUS_LOG_WARNING;
	err = janus_context_create(&context, &options);
	if (err) {
		watch_tell_failure(tell, err, "");
		return -1;
	}
	if (create_watch(context, cmdline, tell, ret_report)) {
		janus_context_destroy(context);
		return -1;
	}
	*ret = context;
	return 0;
}
