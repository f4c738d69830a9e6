/* SPDX-License-Identifier: MIT */
/*
 * Puts one subject in force and says what became of its paths: "ready" on stdout only
 * when something is guarded, "waiting" when its container is not up yet. The watch stays with
 * the context, which frees it.
 */
#ifndef EXAMPLES_GUARD_H
#define EXAMPLES_GUARD_H

#include <inttypes.h>
#include <stdio.h>

#include <janus/janus.h>

static inline int guard(struct janus_context *context,
			struct janus_watch_options *options,
			const struct janus_subject *subject)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch *watch;
	int r;

	options->subjects = subject;
	options->subject_count = 1;
	r = janus_watch_create(context, &watch, options, &report);
	if (r < 0) {
		fprintf(stderr, "nothing is guarded: %s (%s)\n", report.message,
			janus_strerror(r));
		return r;
	}
	if (report.skipped)
		fprintf(stderr, "%" PRIu64 " of %" PRIu64 " paths skipped: %s\n",
			report.skipped, report.paths, report.message);
	printf("%s\n", report.pending ? "waiting" : "ready");
	fflush(stdout);
	return 0;
}

#endif
