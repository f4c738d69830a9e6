/* SPDX-License-Identifier: MIT */
/*
 * The context: everything the kernel gives us. At most four groups however many watches, one
 * thread that answers, one that follows, bounded rings of records, one pollable fd.
 */
#ifndef JANUS_CONTEXT_H
#define JANUS_CONTEXT_H

#include <stdint.h>

#include <janus/types.h>

JANUS_BEGIN_DECLS

struct janus_keep;

/**
 * typedef janus_log_fn - Receives what the library has to say.
 * @userdata: janus_context_options.log_userdata
 * @level: a value of enum janus_log_level
 * @message: one line without line feed, escaped; valid during the call only
 *
 * Called only from within a call into the library, on that caller's thread; never from the
 * thread that answers the kernel. It may block or open any file. It must not call the library.
 */
typedef void (*janus_log_fn)(void *userdata, uint32_t level, const char *message);

/* Bits of janus_context_options.flags. */
enum janus_context_flag {
	/*
	 * Let the kernel bound the queue of observations (fs.fanotify.max_queued_events), as it
	 * does without CAP_SYS_ADMIN. What overflows is lost, told as a JANUS_EVENT_GAP, and
	 * trees are looked through again. Questions of permission are never bounded.
	 */
	JANUS_CONTEXT_BOUNDED_QUEUE = 1u << 0,
	/*
	 * Tell which thread has asked for permission, janus_event_get_tid(). It costs a look at
	 * /proc for each answer, also for those that are not recorded.
	 */
	JANUS_CONTEXT_THREADS = 1u << 1,
};

/**
 * struct janus_context_options - How a context is made.
 * @size: sizeof(struct janus_context_options), set by JANUS_CONTEXT_OPTIONS_INIT
 * @ring_bytes: room for records that janus_poll() has not fetched yet; rounded up to a power
 *	of two; 0: 1 MiB; at least 16 KiB, at most 1 GiB. When it is full, records are dropped
 *	and counted, answers are not
 * @log: the log hook; NULL: nothing is said
 * @log_userdata: handed to @log
 * @log_level: the least urgent level that @log wants; 0: JANUS_LOG_WARNING
 * @flags: mask of enum janus_context_flag
 * @mark_limit: how many inode marks the context may set; 0: as many as the kernel allows
 * @deadline_ns: how long an opener may wait, in nanoseconds, from when his question was read, or
 *	while none is read; 0: 500 ms; at least 10 ms, at most an hour. Whoever could not be
 *	decided about by then gets what the watches say (janus_watch_options.on_failure)
 * @keep: the permission groups to use, in a process that was forked by the one which made the
 *	keep; NULL: groups of its own. Everybody waits then until janus_context_resume()
 */
struct janus_context_options {
	uint64_t size;
	uint64_t ring_bytes;
	janus_log_fn log;
	void *log_userdata;
	uint32_t log_level;
	uint32_t flags;
	uint64_t mark_limit;
	uint64_t deadline_ns;
	struct janus_keep *keep;
};

#define JANUS_CONTEXT_OPTIONS_INIT                                                       \
	{                                                                                \
		sizeof(struct janus_context_options), 0, NULL, NULL, 0, 0, 0, 0, NULL    \
	}

/**
 * struct janus_stats - Counters since the context was created.
 * @size: sizeof(struct janus_stats), set by JANUS_STATS_INIT; a smaller size fetches less
 * @events: permission events read from the kernel
 * @allowed: answered with allow, without @self
 * @denied: answered with deny
 * @would_deny: allowed, though enforcing would have denied
 * @self: answered with allow because the opener is this process; not recorded
 * @unmatched: answered with allow because no rule speaks of them; not recorded
 * @failed: of the above, decided by failure (the event's file, its directory or its opener
 *	could not be identified)
 * @reply_errors: answers that the kernel did not take
 * @read_errors: reads of the group that failed
 * @malformed: bytes from the kernel that do not decode; nothing can be answered there
 * @records: records put into the ring
 * @records_dropped: records lost because the ring was full
 * @watches: watches now
 * @marks: inodes marked for permission now
 * @observed: observations read from the kernel
 * @overflows: times that the queue of observations was full and the trees were looked through
 *	again
 * @directories: directories that trees cover now
 * @quiet: directories that the kernel was told to leave alone, since the last time that all
 *	were taken back
 * @queued: permission events that wait to be read, now
 * @rescans: trees and paths looked through again
 * @overdue: answered when the deadline was over, by what the watches say of failure: by a thread
 *	of the library or by the keeper
 * @held: openers that wait for janus_context_resume(), now
 * @asked: openers that were left to the program (JANUS_VERDICT_ASK)
 */
struct janus_stats {
	uint64_t size;
	uint64_t events;
	uint64_t allowed;
	uint64_t denied;
	uint64_t would_deny;
	uint64_t self;
	uint64_t unmatched;
	uint64_t failed;
	uint64_t reply_errors;
	uint64_t read_errors;
	uint64_t malformed;
	uint64_t records;
	uint64_t records_dropped;
	uint64_t watches;
	uint64_t marks;
	uint64_t observed;
	uint64_t overflows;
	uint64_t directories;
	uint64_t quiet;
	uint64_t queued;
	uint64_t rescans;
	uint64_t overdue;
	uint64_t held;
	uint64_t asked;
};

#define JANUS_STATS_INIT                                                                 \
	{                                                                                \
		sizeof(struct janus_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
			0, 0, 0, 0, 0, 0, 0, 0                                           \
	}

/* Buckets of janus_latency.counts. */
#define JANUS_LATENCY_BUCKETS 24

/**
 * struct janus_latency - How long openers have waited for their answers, counted.
 * @size: sizeof(struct janus_latency), set by JANUS_LATENCY_INIT; a smaller size fetches less
 * @sum_ns: all waits together, in nanoseconds
 * @counts: how many waited for less than 1024 ns in the first bucket, and for less than twice as
 *	long as in the one before in each that follows (2048 ns, 4096 ns, ...), those of the
 *	buckets before left out; the last one has all others
 *
 * A wait is from when the thread that answers had begun to read the question until the answer
 * was written; how long it stood in the kernel's queue before is not known. Each question that
 * this thread has read counts once, be it the process's own or one that somebody else had answered
 * meanwhile; those that were left to the program (JANUS_VERDICT_ASK) do not, and neither do those
 * that only the keeper has read.
 */
struct janus_latency {
	uint64_t size;
	uint64_t sum_ns;
	uint64_t counts[JANUS_LATENCY_BUCKETS];
};

#define JANUS_LATENCY_INIT                                                               \
	{                                                                                \
		sizeof(struct janus_latency), 0,                                         \
		{                                                                        \
			0                                                                \
		}                                                                        \
	}

/* What this kernel and these privileges allow; bits of janus_features.available. */
enum janus_feature {
	JANUS_FEATURE_PERMISSION = 1u << 0,   /* allow and deny (FAN_CLASS_CONTENT) */
	JANUS_FEATURE_EXEC = 1u << 1,         /* JANUS_EVENT_EXEC (FAN_OPEN_EXEC_PERM) */
	JANUS_FEATURE_AUDIT = 1u << 2,        /* FANOTIFY records (FAN_ENABLE_AUDIT) */
	JANUS_FEATURE_FD_ERROR = 1u << 3,     /* told of a file that cannot be opened */
	JANUS_FEATURE_OBSERVE = 1u << 4,      /* JANUS_MODE_AUDIT and trees */
	JANUS_FEATURE_RENAME = 1u << 5,       /* both paths in one event (FAN_RENAME) */
	JANUS_FEATURE_WIDE = 1u << 6,         /* marks on mounts and file systems */
	JANUS_FEATURE_UNLIMITED = 1u << 7,    /* no bound on observations and marks */
	JANUS_FEATURE_MOUNT_EVENTS = 1u << 8, /* told of mounts at once */
	JANUS_FEATURE_PIDS = 1u << 9, /* observations tell who; else their pid is 0 */
};

/**
 * struct janus_features - What can be done here.
 * @size: sizeof(struct janus_features), set by JANUS_FEATURES_INIT
 * @available: mask of enum janus_feature
 * @permission_error: why JANUS_FEATURE_PERMISSION is missing: a negative errno, else 0
 * @observe_error: why JANUS_FEATURE_OBSERVE is missing: a negative errno, else 0
 */
struct janus_features {
	uint64_t size;
	uint64_t available;
	int32_t permission_error;
	int32_t observe_error;
};

#define JANUS_FEATURES_INIT                                                              \
	{                                                                                \
		sizeof(struct janus_features), 0, 0, 0                                   \
	}

/**
 * janus_context_create() - Open the groups and start the thread that answers.
 * @ret: where the context goes; not NULL; untouched on failure
 * @options: NULL: all defaults
 *
 * Without CAP_SYS_ADMIN the context can observe, as far as the kernel allows it to anybody,
 * but not guard: watches that ask for permission events fail with -EPERM.
 *
 * From here on every permission event of the context's watches is answered by a thread of the
 * library, whether the caller polls, sleeps or opens a guarded file itself. The thread blocks
 * all signals. A context does not survive fork(2): a child that wants one makes its own.
 *
 * Another thread sees to it that nobody waits for longer than the deadline, should the first one
 * be held up; with a keep that is the keeper's part.
 *
 * Return: 0, or
 *   -EINVAL   @ret is NULL, or a field of @options is out of its range, or its flags are not those
 *             of the keep
 *   -EBUSY    there is a context on the keep already
 *   -E2BIG    @options is larger than this library knows, and the rest is not zero
 *   -EPERM    CAP_SYS_ADMIN is missing, and this kernel lets nobody observe without it
 *   -ENOSYS   this kernel has no fanotify
 *   -EMFILE   too many fanotify groups of this user (fs.fanotify.max_user_groups) or fds
 *   -ENFILE   the system has no file left
 *   -ENOMEM   no memory
 *   -EAGAIN   no thread could be started
 * Ownership: the caller frees @ret with janus_context_destroy().
 * Threads: the context belongs to one thread at a time; separate contexts are independent.
 * Source: fanotify_init(2), eventfd(2), epoll_create(2), timerfd_create(2)
 * Since: 0.1.0
 */
JANUS_API int janus_context_create(struct janus_context **ret,
				   const struct janus_context_options *options);

/**
 * janus_context_resume() - All watches are there: begin to decide.
 * @context: not NULL
 *
 * A context on a keep holds everybody but its own process and the keeper, until what the last
 * worker had guarded is guarded again. They wait for the deadline at most. A context without a
 * keep never holds; nothing happens then.
 *
 * Return: 0, or
 *   -EINVAL   @context is NULL
 * Threads: the context's own.
 * Source: write(2)
 * Since: 0.1.0
 */
JANUS_API int janus_context_resume(struct janus_context *context);

/**
 * janus_context_destroy() - Release every opener, then everything else.
 * @context: NULL: nothing happens
 *
 * Destroys the watches that are left. Openers that wait are let through, but for those whom the
 * program was asked about: they get what their watches say of failure. Event buffers stay
 * valid and keep their events. With a keep marks stay, and openers wait for the next worker:
 * destroy the watches before, if they shall not.
 *
 * Threads: the context's own; no other call may be under way.
 * Source: close(2)
 * Since: 0.1.0
 */
JANUS_API void janus_context_destroy(struct janus_context *context);

/**
 * janus_get_fd() - The fd to put into the caller's own loop.
 * @context: not NULL
 *
 * Readable (POLLIN, EPOLLIN) when janus_poll() has something to do: there are records, a watch's
 * process has ended, or it is time to look again for a container that is waited for. An epoll of
 * the library's own; level-triggered, may be nested in another one. Nothing but polling may be
 * done with it.
 *
 * Return: the fd, or
 *   -EINVAL   @context is NULL
 * Ownership: borrowed; closed by janus_context_destroy().
 * Threads: any.
 * Source: epoll_create(2), eventfd(2), timerfd_create(2), pidfd_open(2)
 * Since: 0.1.0
 */
JANUS_API int janus_get_fd(const struct janus_context *context);

/**
 * janus_poll() - Fetch records.
 * @context: not NULL
 * @buffer: not NULL; its earlier events are gone after the call
 * @timeout_ns: nanoseconds to wait for the first one; 0: do not wait; negative: no limit
 *
 * Records of answers come in the order of the answers, observations in the order in which the
 * kernel tells them; between the two there is no order. Where some were lost for want of room, a
 * JANUS_EVENT_GAP stands in their place.
 *
 * Watches start and end by themselves from within this call only, see janus_watch_create(): who
 * never polls has rules in force for a process that has ended.
 *
 * Return: how many events @buffer now holds (0: time is over, or janus_wakeup()), or
 *   -EINVAL   @context or @buffer is NULL
 *   -EINTR    a signal came first; @buffer is empty
 *   -EIO      the thread that answers had to stop: the group cannot be read or answered any
 *             more; all openers were let through, but with a keep: they wait for its next worker
 *             or their deadline. Destroy the context and make a new one, or end the worker
 * Ownership: events belong to @buffer.
 * Threads: the context's own.
 * Source: poll(2)
 * Since: 0.1.0
 */
JANUS_API int janus_poll(struct janus_context *context, struct janus_event_buffer *buffer,
			 int64_t timeout_ns);

/**
 * janus_wakeup() - Make the present or next janus_poll() return.
 * @context: not NULL
 *
 * Return: 0, or
 *   -EINVAL   @context is NULL
 * Threads: any, and from a signal handler.
 * Source: eventfd(2)
 * Since: 0.1.0
 */
JANUS_API int janus_wakeup(struct janus_context *context);

/**
 * janus_get_stats() - Read the counters.
 * @context: not NULL
 * @ret: not NULL; its size field says how much is wanted; untouched on failure
 *
 * Return: 0, or
 *   -EINVAL   @context or @ret is NULL, or the size is less than that of the size field
 *   -E2BIG    @ret is larger than this library knows, and the rest is not zero
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API int janus_get_stats(const struct janus_context *context,
			      struct janus_stats *ret);

/**
 * janus_get_latency() - Read how long openers have waited, since the context was created.
 * @context: not NULL
 * @ret: not NULL; its size field says how much is wanted; untouched on failure
 *
 * Return: 0, or
 *   -EINVAL   @context or @ret is NULL, or the size is less than that of the size field
 *   -E2BIG    @ret is larger than this library knows, and the rest is not zero
 * Threads: any.
 * Source: clock_gettime(2)
 * Since: 0.1.0
 */
JANUS_API int janus_get_latency(const struct janus_context *context,
				struct janus_latency *ret);

/**
 * janus_get_features() - What this kernel and these privileges allow. Needs no context.
 * @ret: not NULL; untouched on failure
 *
 * Probes by trying; leaves nothing behind.
 *
 * Return: 0, or
 *   -EINVAL   @ret is NULL, or its size is less than that of the size field
 *   -E2BIG    @ret is larger than this library knows, and the rest is not zero
 * Threads: any.
 * Source: fanotify_init(2), fanotify_mark(2)
 * Since: 0.1.0
 */
JANUS_API int janus_get_features(struct janus_features *ret);

JANUS_END_DECLS

#endif
