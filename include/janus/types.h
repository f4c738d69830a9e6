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
struct janus_containers;

/*
 * What happened to a file. A bit mask in a subject, a single bit in an event. The first three
 * can be asked for permission, before they happen, or be observed; the others only observed.
 */
enum janus_event_kind {
	JANUS_EVENT_OPEN = 1u << 0,   /* open(2) and the like */
	JANUS_EVENT_ACCESS = 1u << 1, /* read(2), getdents64(2) */
	JANUS_EVENT_EXEC = 1u << 2,   /* opened in order to be executed */
	JANUS_EVENT_CREATE = 1u << 3, /* a new name: file, directory, link, or moved in */
	JANUS_EVENT_MODIFY = 1u << 4, /* written to, truncated */
	JANUS_EVENT_CLOSE_WRITE = 1u << 5, /* closed, and it was open for writing */
	JANUS_EVENT_ATTRIB = 1u << 6,      /* mode, owner, times, link count, xattrs */
	JANUS_EVENT_DELETE = 1u << 7,      /* a name is gone: unlinked, or moved out */
	JANUS_EVENT_RENAME = 1u << 8, /* moved within what is watched; has two paths */
	JANUS_EVENT_START =
		1u << 28, /* a watch that waited is in force, see ..._get_error() */
	JANUS_EVENT_END = 1u << 29, /* a watch guards no more: its process has ended */
	JANUS_EVENT_GAP = 1u << 30, /* not everything is told: janus_event_get_error() */
};

/* Every kind that can be allowed or denied; what "all" means in a guard. */
#define JANUS_EVENT_ALL_PERMISSION                                                       \
	((uint32_t)JANUS_EVENT_OPEN | (uint32_t)JANUS_EVENT_ACCESS |                     \
	 (uint32_t)JANUS_EVENT_EXEC)

/* Every kind that can be observed. */
#define JANUS_EVENT_ALL_OBSERVATION                                                      \
	(JANUS_EVENT_ALL_PERMISSION | (uint32_t)JANUS_EVENT_CREATE |                     \
	 (uint32_t)JANUS_EVENT_MODIFY | (uint32_t)JANUS_EVENT_CLOSE_WRITE |              \
	 (uint32_t)JANUS_EVENT_ATTRIB | (uint32_t)JANUS_EVENT_DELETE |                   \
	 (uint32_t)JANUS_EVENT_RENAME)

/* What a file is, as far as an event can tell. */
enum janus_file_type {
	JANUS_FILE_OTHER = 0,   /* a device, FIFO or socket; nothing */
	JANUS_FILE_REGULAR = 1, /* or gone before it was looked at */
	JANUS_FILE_DIRECTORY = 2,
	JANUS_FILE_SYMLINK = 3,
};

/* What the kernel was told, or would have been told. */
enum janus_verdict {
	JANUS_VERDICT_ALLOW = 1,
	JANUS_VERDICT_DENY = 2,       /* the opener got EPERM */
	JANUS_VERDICT_WOULD_DENY = 3, /* allowed; enforcing would have denied it */
	JANUS_VERDICT_ASK = 4,        /* the opener waits for janus_event_respond() */
};

/* Why. Every verdict carries one. */
enum janus_reason {
	JANUS_REASON_RULE = 1,        /* a rule of this watch */
	JANUS_REASON_OWNER = 2,       /* the target's process or a descendant of it */
	JANUS_REASON_OTHER_WATCH = 3, /* this watch allows, another one denies */
	JANUS_REASON_FAILURE = 4,     /* could not be decided; see janus_get_stats() */
	JANUS_REASON_EXCEPTION = 5,   /* denied, but not to this process */
	JANUS_REASON_DEADLINE =
		6, /* it took too long; by what the watches say of failure */
};

/* What a subject may do to a workload. */
enum janus_mode {
	JANUS_MODE_ENFORCE = 0, /* EPERM on deny */
	JANUS_MODE_DRY_RUN = 1, /* never denies, records JANUS_VERDICT_WOULD_DENY */
	/*
	 * Only told, never asked: nothing can be delayed by it. Deny records
	 * JANUS_VERDICT_WOULD_DENY, allow JANUS_VERDICT_ALLOW, observe no verdict.
	 */
	JANUS_MODE_AUDIT = 2,
	/*
	 * What a deny path speaks of is for the program to decide: a JANUS_VERDICT_ASK is told
	 * while the opener waits, see janus_event_respond(). What another path or watch denies is
	 * not asked about.
	 */
	JANUS_MODE_ASK = 3,
};

/* What is marked for a subject. A value in a subject, a mask in a report. */
enum janus_strategy {
	JANUS_STRATEGY_AUTO = 0, /* by target and superblock; see janus_watch_create(3) */
	/* Each directory, and each file that is denied: costs others nothing. */
	JANUS_STRATEGY_INODE = 1u << 0,
	/* And the mount: no gap for what is new, but others on the mount are asked, too. */
	JANUS_STRATEGY_MOUNT = 1u << 1,
	/* And the superblock: no way around it by another mount. */
	JANUS_STRATEGY_FILESYSTEM = 1u << 2,
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
