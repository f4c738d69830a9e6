// SPDX-License-Identifier: MIT
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

/* Long enough to recognise a path, short enough to leave room for the cause. */
#define SHOWN_PATH_SIZE 256

static void describe(struct janus_watch_report *report, const struct janus__place *place,
		     const char *cause)
{
	char shown[SHOWN_PATH_SIZE];

	if (place->path)
		snprintf(report->message, sizeof(report->message),
			 "subject[%u].%s[%llu] '%s': %s", place->subject, place->field,
			 (unsigned long long)place->index,
			 janus__escape(shown, sizeof(shown), place->path), cause);
	else
		snprintf(report->message, sizeof(report->message), "subject[%u].%s: %s",
			 place->subject, place->field, cause);
}

static void note_first(struct janus_watch_report *report, int error,
		       const struct janus__place *place, const char *cause)
{
	report->first_error = error;
	report->first_subject = place->subject;
	if (place->path)
		snprintf(report->first_path, sizeof(report->first_path), "%s",
			 place->path);
	describe(report, place, cause);
}

int janus__report_refuse(struct janus_watch_report *report, int error,
			 const struct janus__place *place, const char *cause)
{
	note_first(report, error, place, cause);
	return error;
}

int janus__report_fail(struct janus_watch_report *report, int error, const char *what,
		       const char *cause)
{
	report->first_error = error;
	snprintf(report->message, sizeof(report->message), "%s: %s", what, cause);
	return error;
}

void janus__report_skip(struct janus_watch_report *report, int error,
			const struct janus__place *place, const char *cause)
{
	if (report->skipped++ == 0)
		note_first(report, error, place, cause);
}
