/* SPDX-License-Identifier: MIT */
/*
 * The report of a watch while it is being made: counts, the first failure, its message.
 */
#ifndef JANUS_REPORT_H
#define JANUS_REPORT_H

#include <janus/watch.h>

/* Where in the options something is wrong. */
struct janus__place {
	uint32_t subject;
	const char *field; /* "allow", "deny", "tags", ... */
	uint64_t index;    /* in that field */
	const char *path;  /* NULL if no path is concerned */
};

/*
 * Note a failure of the whole watch: the message tells place and cause. Returns @error, so
 * that callers can return it.
 */
int janus__report_refuse(struct janus_watch_report *report, int error,
			 const struct janus__place *place, const char *cause);

/* The same for a failure that belongs to no subject: the target, the context. */
int janus__report_fail(struct janus_watch_report *report, int error, const char *what,
		       const char *cause);

/* Note that one path is not in force; only the first one's place and cause are kept. */
void janus__report_skip(struct janus_watch_report *report, int error,
			const struct janus__place *place, const char *cause);

#endif
