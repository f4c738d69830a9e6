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
	/* Ask the kernel for a FANOTIFY audit record of each answer by rules (FAN_AUDIT). */
	JANUS_SUBJECT_AUDIT = 1u << 2,
	/* A directory stands for everything below it, present and future. */
	JANUS_SUBJECT_RECURSIVE = 1u << 3,
	/* Do not follow a tree into what is mounted below its path. */
	JANUS_SUBJECT_ONE_FILESYSTEM = 1u << 4,
	/*
	 * Also what lies on file systems that somebody else serves (FUSE, NFS, 9P, CIFS, Ceph,
	 * autofs). Whoever serves them can then stall the process that embeds the library, and
	 * with it every opener: they are left out by default, and reported.
	 */
	JANUS_SUBJECT_STALLING = 1u << 5,
	/* A path that is not there yet is no error: it is in force once it appears. */
	JANUS_SUBJECT_WAIT = 1u << 6,
	/* Paths are patterns: *, ?, [a-z], and ** for any number of directories. */
	JANUS_SUBJECT_GLOB = 1u << 7,
	/*
	 * The exceptions turned round, only these may: allow paths are for the exceptions only
	 * and denied to all others; deny paths are denied to the exceptions only. Who cannot be
	 * told to be one is denied both.
	 */
	JANUS_SUBJECT_ONLY = 1u << 8,
};

/* Who is meant by an exception. Never by a process's name, which it can choose itself. */
enum janus_exception_kind {
	/*
	 * Whoever runs the program at janus_exception.text, a path as the target sees it: the
	 * file that lay there when the watch was made, or that lies there now.
	 */
	JANUS_EXCEPTION_EXE = 1,
	/* The same for a path as the calling process sees it. */
	JANUS_EXCEPTION_HOST_EXE = 2,
	/* The effective user .number, as the calling process counts users. */
	JANUS_EXCEPTION_UID = 3,
	/* The effective group .number; supplementary groups do not count. */
	JANUS_EXCEPTION_GID = 4,
	/*
	 * Processes in the cgroup .text or below it, as any line of /proc/PID/cgroup has it. Not
	 * the root.
	 */
	JANUS_EXCEPTION_CGROUP = 5,
	/*
	 * Processes of the container .text, named as for janus_container_lookup(): of the cgroup
	 * that it has when the watch is made. One that comes later is known by its id only.
	 */
	JANUS_EXCEPTION_CONTAINER = 6,
	/* The process .number, as the calling process sees it, and its descendants. */
	JANUS_EXCEPTION_ANCESTOR = 7,
	/* Anyone outside the target, a container or a process with its descendants. */
	JANUS_EXCEPTION_OUTSIDE = 8,
};

/**
 * struct janus_exception - Somebody whom a subject does not deny; see JANUS_SUBJECT_ONLY.
 * @kind: a value of enum janus_exception_kind
 * @number: for the kinds that need one; else 0
 * @text: for the kinds that need one; else NULL
 */
struct janus_exception {
	uint32_t kind;
	uint32_t number;
	const char *text;
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
 * @events: mask of enum janus_event_kind, not 0; permission kinds only, unless @mode is
 *	JANUS_MODE_AUDIT
 * @mode: a value of enum janus_mode
 * @flags: mask of enum janus_subject_flag
 * @strategy: for permission events, one value of enum janus_strategy; else 0
 * @observe: @observe_count paths to tell of without a verdict; only in JANUS_MODE_AUDIT; NULL
 *	if there are none
 * @ignore: @ignore_count patterns of what a tree leaves out; NULL if there are none. Without a
 *	'/' in it a pattern is for the name of any entry; beginning with '/' for whole paths as
 *	the target sees them; else for paths below the subject's. With a '/' at its end it is
 *	for directories only. What is left out is not even opened, and nothing below it is
 * @max_depth: how deep a tree goes: 1: direct children only, 2: theirs, too, ...; 0: no limit
 * @reserved: 0
 * @exceptions: @exception_count exceptions from what the subject denies; NULL if there are
 *	none; at most 4096. Who cannot be told to be one, because /proc cannot be read, is
 *	denied. Not in JANUS_MODE_AUDIT, and only with deny paths or JANUS_SUBJECT_ONLY
 *
 * Paths are absolute, as the target sees them, shorter than PATH_MAX; symlinks in them are
 * followed inside the target's root and never lead out of it. A directory stands for itself
 * and its direct children, with JANUS_SUBJECT_RECURSIVE for all below it. The most specific
 * path wins: a file's own path over that of its directory, a directory over one that holds it.
 * Where several paths lead to one file, deny wins; over several watches any deny wins.
 *
 * What a recursive deny has covered stays denied under any other name: renamed out of the
 * tree, linked elsewhere, mounted elsewhere.
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
	uint32_t strategy;
	const char *const *observe;
	uint64_t observe_count;
	const char *const *ignore;
	uint64_t ignore_count;
	uint32_t max_depth;
	uint32_t reserved;
	const struct janus_exception *exceptions;
	uint64_t exception_count;
};

#define JANUS_SUBJECT_INIT                                                               \
	{                                                                                \
		sizeof(struct janus_subject), NULL, 0, NULL, 0, NULL, 0, 0, 0, 0, 0,     \
			NULL, 0, NULL, 0, 0, 0, NULL, 0                                  \
	}

/**
 * janus_pattern_check() - Whether a text is a pattern, as paths with JANUS_SUBJECT_GLOB are.
 * @pattern: not NULL
 *
 * '*' and '?' stand for anything but '/', [a-z] and [!a-z] for one byte that is no '/', '\' makes
 * the next byte stand for itself, and "**" as a whole component for any number of components.
 *
 * Return: NULL: it is one; else why it is none, as the end of a sentence.
 * Ownership: the text is static.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_pattern_check(const char *pattern);

/**
 * janus_pattern_match() - Whether a path is one that a pattern means.
 * @pattern: not NULL
 * @path: whole, without "." and ".."; not NULL
 *
 * Both are absolute, or both are not. Takes no more time than the product of their lengths,
 * whatever they are, and no memory.
 *
 * Return: 1: it is; 0: it is not; or
 *   -EINVAL   an argument is NULL, or janus_pattern_check() refuses @pattern
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API int janus_pattern_match(const char *pattern, const char *path);

/**
 * typedef janus_progress_fn - Told now and then while trees are being covered.
 * @userdata: janus_watch_options.progress_userdata
 * @directory_count: directories covered so far
 *
 * Called only from within janus_watch_create() and janus_watch_update(), on that caller's
 * thread. It must not call the library.
 */
typedef void (*janus_progress_fn)(void *userdata, uint64_t directory_count);

/**
 * struct janus_watch_options - How a watch is made.
 * @size: sizeof(struct janus_watch_options), set by JANUS_WATCH_OPTIONS_INIT
 * @subjects: @subject_count subjects, at least one
 * @container_id: for JANUS_TARGET_CONTAINER, as for janus_container_lookup(); else NULL
 * @cookie: any number of the caller's; comes back with each event
 * @target: a value of enum janus_target_kind
 * @pid: for JANUS_TARGET_PID, as the caller sees it; else 0
 * @directory_limit: how many directories the trees of this watch may cover; 0: no limit. When
 *	it is reached the rest is not covered: the report says so, later a JANUS_EVENT_GAP
 * @progress: told every few thousand directories; NULL: nobody is
 * @progress_userdata: handed to @progress
 * @wait_ns: for JANUS_TARGET_CONTAINER: how long to wait, in nanoseconds, for a container that is
 *	not up yet; 0: not at all, UINT64_MAX: without end. See janus_watch_create()
 * @on_failure: what an opener gets about whom could not be decided in time, or at all:
 *	JANUS_VERDICT_ALLOW or JANUS_VERDICT_DENY; 0: JANUS_VERDICT_ALLOW. Of several watches one
 *	that denies is enough. It goes for files that are denied in JANUS_MODE_ENFORCE, or asked
 *	about in JANUS_MODE_ASK
 * @reserved: 0
 * @ask_ns: for JANUS_MODE_ASK: how long the program has for its answer, in nanoseconds; 0: as long
 *	as the context's deadline; at least 10 ms, at most an hour
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
	uint64_t directory_limit;
	janus_progress_fn progress;
	void *progress_userdata;
	uint64_t wait_ns;
	uint32_t on_failure;
	uint32_t reserved;
	uint64_t ask_ns;
};

#define JANUS_WATCH_OPTIONS_INIT                                                         \
	{                                                                                \
		sizeof(struct janus_watch_options), NULL, 0, NULL, 0, 0, 0, 0, NULL,     \
			NULL, 0, 0, 0, 0                                                 \
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
 * @pid: the process whose root was used; 0 for JANUS_TARGET_HOST, and while @pending
 * @reserved: 0
 * @first_path: the path of the first failure, as given; "" where it has none
 * @message: what failed, on what, and why, one escaped line; "" when nothing did
 * @waiting: of the paths, those that are not there yet and will be in force when they are
 *	(JANUS_SUBJECT_WAIT, JANUS_SUBJECT_GLOB); they are not skipped
 * @tree_directories: directories that the trees cover, those of @marked included
 * @tree_files: files that are marked one by one
 * @tree_skipped: directories and files below the paths that could not be covered, and file
 *	systems that were left out because they can stall; the first is told above if no path
 *	was skipped, each one to the log hook
 * @tree_ignored: directories and files left out by patterns or depth, or because they are on
 *	another file system (JANUS_SUBJECT_ONE_FILESYSTEM)
 * @strategies: mask of enum janus_strategy: what was chosen
 * @pending: 1: there is no such container yet, and the watch waits for it; nothing is in force
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
	uint64_t waiting;
	uint64_t tree_directories;
	uint64_t tree_files;
	uint64_t tree_skipped;
	uint64_t tree_ignored;
	uint32_t strategies;
	uint32_t pending;
};

#define JANUS_WATCH_REPORT_INIT                                                          \
	{                                                                                \
		sizeof(struct janus_watch_report), 0, 0, 0, 0, 0, 0, 0, 0, "", "", 0, 0, \
			0, 0, 0, 0, 0                                                    \
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
 * With @wait_ns a container that is not up yet is no failure: the report says pending, and it
 * is looked for from within janus_poll(), at least once a second. When the watch has come into
 * force a JANUS_EVENT_START says so; if it never does, a JANUS_EVENT_END with an error, and what
 * an update was to replace stays in force. Between the container's start and the former event
 * nothing of the new options is denied.
 *
 * When the process of JANUS_TARGET_PID or the init process of a container ends, so does the
 * watch: janus_poll() takes back its rules and marks and tells a JANUS_EVENT_END. A container
 * without a pid namespace of its own can have processes that outlive the first one: the watch
 * ends with the last that its cgroup names. A process that executes something, is stopped or
 * frozen, does not end. The watch is then good for janus_watch_update() and
 * janus_watch_destroy() only.
 *
 * Return: 0, or
 *   -EINVAL      an argument is NULL that may not be, a field of @options is out of its range,
 *                a path is empty, relative or contradicts @target
 *   -ENAMETOOLONG a path has PATH_MAX or more bytes
 *   -E2BIG       @options, a subject or @ret_report is larger than this library knows, and the
 *                rest is not zero; or there are more than 65536 paths, or more than 4096
 *                patterns, tags or exceptions in a subject
 *   -EOPNOTSUPP  JANUS_SUBJECT_AUDIT, JANUS_EVENT_EXEC, a mode or a strategy, and the kernel or
 *                the privileges do not offer it (see janus_get_features()); or the only paths
 *                lie on a file system that takes no such marks
 *   -ENOENT      no such container; or no path of the watch exists
 *   -ENOTUNIQ    the container id is ambiguous
 *   -ESRCH       the target's process is gone, or that of a JANUS_EXCEPTION_ANCESTOR
 *   -EACCES      the target's root may not be entered (CAP_SYS_PTRACE is missing)
 *   -ELOOP       the only paths are symlinks that lead to no file of their own (/dev/stdout)
 *   -ENOTDIR     JANUS_SUBJECT_ONLY_DIR, and no path is a directory
 *   -EMEDIUMTYPE the only paths are neither files nor directories
 *   -EREMOTE     the only paths lie on a file system that can stall every opener (FUSE, NFS,
 *                9P, CIFS, Ceph, autofs)
 *   -EPERM       permission is asked for without CAP_SYS_ADMIN; or the kernel refuses a mark
 *   -EDQUOT      the only paths are beyond @directory_limit, or the context's mark_limit
 *   -ENOSPC      the kernel's limit of marks is reached (fs.fanotify.max_user_marks), or that of
 *                fds in an epoll (fs.epoll.max_user_watches)
 *   -EMFILE      the process has no fd left
 *   -ENFILE      the system has no file left
 *   -ENOMEM      no memory, here or in the kernel
 *   -EAGAIN      the container is not up yet: its first process still has the root of its
 *                parent; or the only paths are moved about faster than they can be resolved
 *   -EIO         /proc cannot be read
 * Ownership: the caller frees @ret with janus_watch_destroy(), before or by
 *   janus_context_destroy().
 * Threads: the context's own.
 * Source: openat2(2), statx(2), fanotify_mark(2), pidfd_open(2)
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
 * fetched yet can still be fetched. No JANUS_EVENT_END comes of it.
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
