/* SPDX-License-Identifier: MIT */
/*
 * What watch says on standard error: how far it is, what is not covered, that it is ready, and
 * what is missing where it cannot work.
 */
#ifndef JANUSCTL_WATCH_TELL_H
#define JANUSCTL_WATCH_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include <janus/context.h>
#include <janus/watch.h>

struct watch_tell {
	bool verbose;
	bool ready;    /* was told */
	bool terminal; /* somebody looks */
	bool progress; /* stands on the present line */
};

void watch_tell_init(struct watch_tell *tell, bool verbose);

/* For the log hook and the progress hook; @userdata is the struct watch_tell. */
void watch_tell_log(void *userdata, uint32_t level, const char *message);
void watch_tell_progress(void *userdata, uint64_t directory_count);

/* Warnings, the summary, and the line that begins with "ready". */
void watch_tell_ready(struct watch_tell *tell, const struct janus_watch_report *report);

/* "cannot watch: MESSAGE", and what the kernel or the privileges lack for it, if anything. */
void watch_tell_failure(struct watch_tell *tell, int error, const char *message);

#endif
