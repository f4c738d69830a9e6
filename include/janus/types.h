/* SPDX-License-Identifier: MIT */
/*
 * Words that every other header uses: event kinds, verdicts, reasons, modes, targets.
 *
 * Constants are enums, struct fields that hold them are fixed-width integers, so that the
 * layout of a struct never depends on a compiler's choice.
 */
#ifndef JANUS_TYPES_H
#define JANUS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include <janus/export.h>

struct janus_context;
struct janus_watch;
struct janus_event;
struct janus_event_buffer;
struct janus_container;

/* What happened to a file. A bit mask in a subject, a single bit in an event. */
enum janus_event_kind {
	JANUS_EVENT_OPEN = 1u << 0,   /* open(2) and the like, before they open */
	JANUS_EVENT_ACCESS = 1u << 1, /* read(2), getdents64(2), before they read */
	JANUS_EVENT_EXEC = 1u << 2,   /* opened in order to be executed */
	JANUS_EVENT_GAP = 1u << 30, /* records were lost: janus_event_get_lost_count() */
};

/* Every kind that can be allowed or denied; what "all" means in a guard. */
#define JANUS_EVENT_ALL_PERMISSION                                                       \
	((uint32_t)JANUS_EVENT_OPEN | (uint32_t)JANUS_EVENT_ACCESS |                     \
	 (uint32_t)JANUS_EVENT_EXEC)

/* What the kernel was told, or would have been told. */
enum janus_verdict {
	JANUS_VERDICT_ALLOW = 1,
	JANUS_VERDICT_DENY = 2,       /* the opener got EPERM */
	JANUS_VERDICT_WOULD_DENY = 3, /* allowed; enforcing would have denied it */
};

/* Why. Every verdict carries one. */
enum janus_reason {
	JANUS_REASON_RULE = 1,        /* a rule of this watch */
	JANUS_REASON_OWNER = 2,       /* the target's process or a descendant of it */
	JANUS_REASON_OTHER_WATCH = 3, /* this watch allows, another one denies */
	JANUS_REASON_FAILURE = 4,     /* could not be decided; see janus_get_stats() */
};

/* What a subject may do to a workload. */
enum janus_mode {
	JANUS_MODE_ENFORCE = 0, /* EPERM on deny */
	JANUS_MODE_DRY_RUN = 1, /* never denies, records JANUS_VERDICT_WOULD_DENY */
};

/* Whose file tree a watch's paths belong to. */
enum janus_target_kind {
	JANUS_TARGET_HOST = 0,      /* the tree the calling process sees at "/" */
	JANUS_TARGET_PID = 1,       /* the root of janus_watch_options.pid */
	JANUS_TARGET_CONTAINER = 2, /* the root of .container_id's init process */
};

/* How urgent a message of the log hook is. */
enum janus_log_level {
	JANUS_LOG_ERROR = 1,
	JANUS_LOG_WARNING = 2,
	JANUS_LOG_INFO = 3,
	JANUS_LOG_DEBUG = 4,
};

#endif
