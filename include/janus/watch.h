/* SPDX-License-Identifier: MIT */
/*
 * The watch: a target, the subjects to guard in it, and what became of them.
 */
#ifndef JANUS_WATCH_H
#define JANUS_WATCH_H

#include <stdint.h>

#include <janus/types.h>

JANUS_BEGIN_DECLS

/* Bits of janus_subject.flags. */
enum janus_subject_flag {
	/* Skip, and report, a path that is not a directory. */
	JANUS_SUBJECT_ONLY_DIR = 1u << 0,
	/*
	 * Always allow the target's process (the init process of a container) and its
	 * descendants. A process is known by pid and start time, never by its name. Not for
	 * JANUS_TARGET_HOST.
	 */
	JANUS_SUBJECT_AUTO_ALLOW_OWNER = 1u << 1,
	/* Ask the kernel for a FANOTIFY audit record of each answer (FAN_AUDIT). */
	JANUS_SUBJECT_AUDIT = 1u << 2,
};

/**
 * struct janus_tag - Words of the caller that come back with each event.
 * @key: not NULL, not empty
 * @value: NULL counts as ""
 */
struct janus_tag {
	const char *key;
	const char *value;
};

/**
 * struct janus_subject - Paths, and what to do about them.
 * @size: sizeof(struct janus_subject), set by JANUS_SUBJECT_INIT; the same in each element of
 *	an array
 * @allow: @allow_count paths to let through and record; NULL if there are none
 * @deny: @deny_count paths to refuse with EPERM and record; NULL if there are none
 * @tags: @tag_count tags; NULL if there are none
 * @events: mask of enum janus_event_kind, permission kinds only, not 0
 * @mode: a value of enum janus_mode
 * @flags: mask of enum janus_subject_flag
 * @reserved: 0
 *
 * Paths are absolute, as the target sees them, shorter than PATH_MAX; symlinks in them are
 * followed inside the target's root and never lead out of it. A directory stands for itself
 * and its direct children. The most specific path wins: a file's own path over that of its
 * directory. Where several paths lead to one file, deny wins; over several watches any deny
 * wins.
 */
struct janus_subject {
	uint64_t size;
	const char *const *allow;
	uint64_t allow_count;
	const char *const *deny;
	uint64_t deny_count;
	const struct janus_tag *tags;
	uint64_t tag_count;
	uint32_t events;
	uint32_t mode;
	uint32_t flags;
	uint32_t reserved;
};

#define JANUS_SUBJECT_INIT                                                               \
	{                                                                                \
		sizeof(struct janus_subject), NULL, 0, NULL, 0, NULL, 0, 0, 0, 0, 0      \
	}

/**
 * struct janus_watch_options - How a watch is made.
 * @size: sizeof(struct janus_watch_options), set by JANUS_WATCH_OPTIONS_INIT
 * @subjects: @subject_count subjects, at least one
 * @container_id: for JANUS_TARGET_CONTAINER, as for janus_container_lookup(); else NULL
 * @cookie: any number of the caller's; comes back with each event
 * @target: a value of enum janus_target_kind
 * @pid: for JANUS_TARGET_PID, as the caller sees it; else 0
 *
 * Everything that the pointers lead to is copied; nothing is kept.
 */
struct janus_watch_options {
	uint64_t size;
	const struct janus_subject *subjects;
	uint64_t subject_count;
	const char *container_id;
	uint64_t cookie;
	uint32_t target;
	int32_t pid;
};

#define JANUS_WATCH_OPTIONS_INIT                                                         \
	{                                                                                \
		sizeof(struct janus_watch_options), NULL, 0, NULL, 0, 0, 0               \
	}

#define JANUS_REPORT_PATH_SIZE 4096
#define JANUS_REPORT_MESSAGE_SIZE 512

/**
 * struct janus_watch_report - What became of the paths.
 * @size: sizeof(struct janus_watch_report), set by JANUS_WATCH_REPORT_INIT
 * @paths: paths in the options
 * @marked: of these, in force
 * @directories: of these, directories
 * @skipped: of these, not in force; the first one is told below, each one to the log hook
 * @first_error: why the first one is not in force: a negative errno; 0: none was skipped
 * @first_subject: index of the first failure's subject
 * @pid: the process whose root was used; 0 for JANUS_TARGET_HOST
 * @reserved: 0
 * @first_path: the path of the first failure, as given; "" where it has none
 * @message: what failed, on what, and why, one escaped line; "" when nothing did
 */
struct janus_watch_report {
	uint64_t size;
	uint64_t paths;
	uint64_t marked;
	uint64_t directories;
	uint64_t skipped;
	int32_t first_error;
	uint32_t first_subject;
	int32_t pid;
	uint32_t reserved;
	char first_path[JANUS_REPORT_PATH_SIZE];
	char message[JANUS_REPORT_MESSAGE_SIZE];
};

#define JANUS_WATCH_REPORT_INIT                                                          \
	{                                                                                \
		sizeof(struct janus_watch_report), 0, 0, 0, 0, 0, 0, 0, 0, "", ""        \
	}

/**
 * janus_watch_create() - Guard paths.
 * @context: not NULL
 * @ret: where the watch goes; not NULL; untouched on failure
 * @options: not NULL
 * @ret_report: NULL, or where the report goes; unlike other outputs it is also filled on
 *	failure, where @message tells field, value and cause
 *
 * When the call returns, every path that the report counts as marked is in force. A path that
 * cannot be marked is skipped and reported; the call fails only if not a single one could be.
 *
 * Return: 0, or
 *   -EINVAL      an argument is NULL that may not be, a field of @options is out of its range,
 *                a path is empty, relative or contradicts @target
 *   -ENAMETOOLONG a path has PATH_MAX or more bytes
 *   -E2BIG       @options, a subject or @ret_report is larger than this library knows, and the
 *                rest is not zero; or there are more than 65536 paths
 *   -EOPNOTSUPP  JANUS_SUBJECT_AUDIT or JANUS_EVENT_EXEC, and the kernel or the privileges do
 *                not offer it (see janus_get_features()); or the only paths lie on a file
 *                system that takes no permission marks
 *   -ENOENT      no such container; or no path of the watch exists
 *   -ENOTUNIQ    the container id is ambiguous
 *   -ESRCH       the target's process is gone
 *   -EACCES      the target's root may not be entered (CAP_SYS_PTRACE is missing)
 *   -ELOOP       the only paths are symlinks that lead to no file of their own (/dev/stdout)
 *   -ENOTDIR     JANUS_SUBJECT_ONLY_DIR, and no path is a directory
 *   -EMEDIUMTYPE the only paths are neither files nor directories
 *   -EREMOTE     the only paths lie on a file system that can stall every opener (FUSE, NFS,
 *                9P, CIFS, Ceph, autofs)
 *   -EPERM       the kernel refuses a mark: CAP_SYS_ADMIN was given up
 *   -ENOSPC      the kernel's limit of marks is reached (fs.fanotify.max_user_marks)
 *   -EMFILE      the process has no fd left
 *   -ENFILE      the system has no file left
 *   -ENOMEM      no memory, here or in the kernel
 *   -EAGAIN      the only paths are moved about faster than they can be resolved
 *   -EIO         /proc cannot be read
 * Ownership: the caller frees @ret with janus_watch_destroy(), before or by
 *   janus_context_destroy().
 * Threads: the context's own.
 * Source: openat2(2), statx(2), fanotify_mark(2)
 * Since: 0.1.0
 */
JANUS_API int janus_watch_create(struct janus_context *context, struct janus_watch **ret,
				 const struct janus_watch_options *options,
				 struct janus_watch_report *ret_report);

/**
 * janus_watch_update() - Replace what a watch guards, in one step.
 * @watch: not NULL
 * @options: not NULL; may name another target
 * @ret_report: as in janus_watch_create()
 *
 * Every access is decided by the old options or by the new ones, never by neither: paths in
 * both stay guarded throughout. On failure the old options stay in force.
 *
 * Return: 0, or what janus_watch_create() returns.
 * Ownership: nothing changes hands.
 * Threads: the context's own.
 * Source: as janus_watch_create()
 * Since: 0.1.0
 */
JANUS_API int janus_watch_update(struct janus_watch *watch,
				 const struct janus_watch_options *options,
				 struct janus_watch_report *ret_report);

/**
 * janus_watch_destroy() - Guard no longer.
 * @watch: NULL: nothing happens
 *
 * Accesses that wait for an answer are decided without this watch. Its records that were not
 * fetched yet can still be fetched.
 *
 * Threads: the context's own.
 * Source: fanotify_mark(2)
 * Since: 0.1.0
 */
JANUS_API void janus_watch_destroy(struct janus_watch *watch);

/**
 * janus_watch_get_id() - The number that events of this watch carry.
 * @watch: not NULL
 *
 * Return: unique within the context, never used again, never 0; 0 if @watch is NULL.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API uint64_t janus_watch_get_id(const struct janus_watch *watch);

JANUS_END_DECLS

#endif
