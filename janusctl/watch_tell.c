// SPDX-License-Identifier: MIT
#include "watch_tell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <janus/error.h>

#include "output.h"
#include "util.h"

#define MESSAGE_SIZE (JANUS_REPORT_MESSAGE_SIZE + 128)

/* What still works, but less well. */
static const struct {
	uint64_t feature;
	const char *text;
} lacks[] = {
	{ JANUS_FEATURE_RENAME,
	  "this kernel does not tell both paths of a rename (Linux 5.17 does)" },
	{ JANUS_FEATURE_PIDS,
	  "without CAP_SYS_ADMIN the kernel does not tell who it was: "
	  "pid and exe stay unknown" },
	{ JANUS_FEATURE_UNLIMITED,
	  "without CAP_SYS_ADMIN the kernel bounds what is watched "
	  "(fs.fanotify.max_user_marks) and what waits "
	  "(fs.fanotify.max_queued_events)" },
};

void watch_tell_init(struct watch_tell *tell, bool verbose)
{
	*tell = (struct watch_tell){ .verbose = verbose,
				     .terminal = isatty(STDERR_FILENO) == 1 };
}

static void erase_progress(struct watch_tell *tell)
{
	if (tell->progress)
		fprintf(stderr, "\r%40s\r", "");
	tell->progress = false;
}

void watch_tell_log(void *userdata, uint32_t level, const char *message)
{
	struct watch_tell *tell = userdata;

	/* Until all is covered, the report tells the number and the first. */
	if (!tell->ready && !tell->verbose)
		return;
	erase_progress(tell);
	output_message(level <= JANUS_LOG_WARNING ? "warning" : "note", message);
}

void watch_tell_progress(void *userdata, uint64_t directory_count)
{
	struct watch_tell *tell = userdata;

	if (!tell->terminal)
		return;
	fprintf(stderr, "\rcovered so far: %" PRIu64 " directories", directory_count);
	tell->progress = true;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void tell_summary(const struct janus_watch_report *report)
{
	static const struct {
		uint32_t strategy;
		const char *name;
	} strategies[] = {
		{ JANUS_STRATEGY_INODE, " inodes" },
		{ JANUS_STRATEGY_MOUNT, " mounts" },
		{ JANUS_STRATEGY_FILESYSTEM, " file systems" },
	};

	fprintf(stderr,
		"paths: %" PRIu64 ", in force %" PRIu64 ", waited for %" PRIu64
		", skipped %" PRIu64 "\n",
		report->paths, report->marked, report->waiting, report->skipped);
	fprintf(stderr,
		"trees: directories %" PRIu64 ", files %" PRIu64 ", left out %" PRIu64
		", skipped %" PRIu64 "\n",
		report->tree_directories, report->tree_files, report->tree_ignored,
		report->tree_skipped);
	if (report->pid)
		fprintf(stderr, "root: of process %" PRId32 "\n", report->pid);
	if (!report->strategies)
		return;
	fputs("marked:", stderr);
	for (size_t i = 0; i < ARRAY_COUNT(strategies); i++)
		if (report->strategies & strategies[i].strategy)
			fputs(strategies[i].name, stderr);
	fputc('\n', stderr);
}

static void tell_lacks(void)
{
	struct janus_features features = JANUS_FEATURES_INIT;

	if (janus_get_features(&features))
		return;
	for (size_t i = 0; i < ARRAY_COUNT(lacks); i++)
		if (!(features.available & lacks[i].feature))
			output_message("note", lacks[i].text);
}

static void warn_of_skipped(const struct janus_watch_report *report)
{
	char what[64];

	if (!report->skipped && !report->tree_skipped)
		return;
	snprintf(what, sizeof(what), "warning: not covered: %" PRIu64 ", the first",
		 report->skipped + report->tree_skipped);
	output_message(what, report->message);
}

void watch_tell_ready(struct watch_tell *tell, const struct janus_watch_report *report)
{
	/* What of the paths is no directory was marked for itself. */
	uint64_t files = report->marked - smaller(report->marked, report->directories);

	erase_progress(tell);
	warn_of_skipped(report);
	if (tell->verbose) {
		tell_lacks();
		tell_summary(report);
	}
	fprintf(stderr, "ready: %" PRIu64 " directories",
		larger(report->directories, report->tree_directories));
	if (files)
		fprintf(stderr, ", %" PRIu64 " files", files);
	if (report->waiting)
		fprintf(stderr, ", %" PRIu64 " waited for", report->waiting);
	fputc('\n', stderr);
	fflush(stderr);
	tell->ready = true;
}

void watch_tell_failure(struct watch_tell *tell, int error, const char *message)
{
	struct janus_features features = JANUS_FEATURES_INIT;
	char lack[MESSAGE_SIZE];

	erase_progress(tell);
	output_message("cannot watch", message[0] ? message : janus_strerror(error));
	if (janus_get_features(&features))
		return;
	/* Where observing works, the path is to blame, or what others may not do. */
	if (!features.observe_error) {
		if (!(features.available & JANUS_FEATURE_UNLIMITED) && error != -ENOENT)
			output_message("note", "without CAP_SYS_ADMIN only what this "
					       "user may read can be watched, within "
					       "fs.fanotify.max_user_marks and "
					       "max_user_groups");
		return;
	}
	snprintf(lack, sizeof(lack),
		 "nothing can be observed here (%s): it takes Linux 5.9, and 5.13 "
		 "without CAP_SYS_ADMIN",
		 strerror(-features.observe_error));
	output_message("note", lack);
}
