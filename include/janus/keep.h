/* SPDX-License-Identifier: MIT */
/*
 * The keep: permission groups that outlive the process which answers them. A small process, the
 * keeper, makes one, forks the worker, which makes a context on it, and looks after the worker:
 * whom it has not answered in time is answered by the keeper, and if it dies the marks stay, and
 * openers wait for the next worker instead of slipping through.
 */
#ifndef JANUS_KEEP_H
#define JANUS_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include <janus/types.h>

JANUS_BEGIN_DECLS

struct janus_keep;

/**
 * struct janus_keep_options - How a keep is made.
 * @size: sizeof(struct janus_keep_options), set by JANUS_KEEP_OPTIONS_INIT
 * @flags: of enum janus_context_flag JANUS_CONTEXT_THREADS, for all contexts of the keep
 * @reserved: 0
 */
struct janus_keep_options {
	uint64_t size;
	uint32_t flags;
	uint32_t reserved;
};

#define JANUS_KEEP_OPTIONS_INIT                                                          \
	{                                                                                \
		sizeof(struct janus_keep_options), 0, 0                                  \
	}

/* How many fds a keep consists of at most. */
#define JANUS_KEEP_FDS_MAX 4

/**
 * struct janus_keep_stats - What had to be answered for a worker, since the keep was created.
 * @size: sizeof(struct janus_keep_stats), set by JANUS_KEEP_STATS_INIT; a smaller size fetches
 *	less
 * @late: openers whose question a worker had read, and not answered by its deadline
 * @unread: openers whose question no worker had read by the deadline
 * @abandoned: openers whose question a worker had read when it died
 * @denied: of all these, denied
 * @workers: contexts that were created on the keep
 */
struct janus_keep_stats {
	uint64_t size;
	uint64_t late;
	uint64_t unread;
	uint64_t abandoned;
	uint64_t denied;
	uint64_t workers;
};

#define JANUS_KEEP_STATS_INIT                                                            \
	{                                                                                \
		sizeof(struct janus_keep_stats), 0, 0, 0, 0, 0                           \
	}

/**
 * janus_keep_create() - Open permission groups, and the ledger of what is unanswered.
 * @ret: where the keep goes; not NULL; untouched on failure
 * @options: NULL: all defaults
 *
 * To be called early: a number that the keep takes for an fd must be the lowest free one
 * whenever it looks, so what was open below it then has to stay open. Nothing is marked yet.
 *
 * Fork a process for the worker, which sets janus_context_options.keep. It inherits the keep: in
 * the worker nothing may be done with it but to make one context on it. What is executed
 * inherits nothing, see janus_keep_get_fds(). One worker at a time.
 *
 * Return: 0, or
 *   -EINVAL   @ret is NULL, or a field of @options is out of its range
 *   -E2BIG    @options is larger than this library knows, and the rest is not zero
 *   -EPERM    CAP_SYS_ADMIN is missing
 *   -ENOSYS   this kernel has no fanotify with permission
 *   -EMFILE   too many fanotify groups of this user (fs.fanotify.max_user_groups) or fds
 *   -ENFILE   the system has no file left
 *   -ENOMEM   no memory
 * Ownership: the caller frees @ret with janus_keep_destroy().
 * Threads: a keep belongs to one thread at a time. That is the one that forks.
 * Source: fanotify_init(2), memfd_create(2), mmap(2), epoll_create(2), timerfd_create(2)
 * Since: 0.1.0
 */
JANUS_API int janus_keep_create(struct janus_keep **ret,
				const struct janus_keep_options *options);

/**
 * janus_keep_adopt() - Go on with a keep whose process has executed or ended.
 * @ret: where the keep goes; not NULL; untouched on failure
 * @fds: what janus_keep_get_fds() told, in that order, open under any number; not NULL
 * @count: how many
 *
 * No worker may be there any more. What the last one has left is answered, as by
 * janus_keep_abandon().
 *
 * Return: 0, or
 *   -EINVAL   an argument is NULL, @count is wrong, or the fds are not those of a keep
 *   -EPROTO   they are those of a keep of another version of the library
 *   -EMFILE   no fd left
 *   -ENFILE   the system has no file left
 *   -ENOMEM   no memory
 * Ownership: the caller frees @ret with janus_keep_destroy(), and the fds with it; on failure
 *   they stay the caller's.
 * Threads: as for janus_keep_create().
 * Source: mmap(2), fstat(2), epoll_create(2), timerfd_create(2)
 * Since: 0.1.0
 */
JANUS_API int janus_keep_adopt(struct janus_keep **ret, const int *fds, size_t count);

/**
 * janus_keep_destroy() - Give up guarding: close the groups.
 * @keep: NULL: nothing happens
 *
 * Unless a worker or somebody else still has them, the marks go, and who waits is let through.
 * To be called in the keeper only.
 *
 * Threads: the keep's own.
 * Source: close(2)
 * Since: 0.1.0
 */
JANUS_API void janus_keep_destroy(struct janus_keep *keep);

/**
 * janus_keep_get_fds() - What a keep consists of, to be handed to another process or program.
 * @keep: not NULL
 * @ret: room for JANUS_KEEP_FDS_MAX; not NULL
 *
 * All of them close on exec(2). Whoever has them can answer for every guard.
 *
 * Return: how many there are, or
 *   -EINVAL   an argument is NULL
 * Ownership: borrowed; closed by janus_keep_destroy().
 * Threads: the keep's own.
 * Since: 0.1.0
 */
JANUS_API int janus_keep_get_fds(const struct janus_keep *keep, int *ret);

/**
 * janus_keep_get_fd() - The fd to wait for, in the keeper.
 * @keep: not NULL
 *
 * Readable when janus_keep_look() has to be called. While nobody opens what is guarded it is not
 * readable at all.
 *
 * Return: the fd, or
 *   -EINVAL   @keep is NULL
 * Ownership: borrowed; closed by janus_keep_destroy().
 * Threads: any.
 * Source: epoll_create(2), timerfd_create(2)
 * Since: 0.1.0
 */
JANUS_API int janus_keep_get_fd(const struct janus_keep *keep);

/**
 * janus_keep_look() - Answer whom the worker has not answered in time.
 * @keep: not NULL
 *
 * Each gets what the watches say that guard the file (janus_watch_options.on_failure), a while
 * after the deadline of the context (janus_context_options.deadline_ns) that depends on how soon
 * this is called when the fd is readable: some 50 ms. It opens no file but as O_PATH. The worker
 * may be running, stopped, or dead.
 *
 * Return: how many were answered, or
 *   -EINVAL   @keep is NULL
 *   -EIO      a group cannot be read any more
 * Threads: the keep's own.
 * Source: read(2), write(2)
 * Since: 0.1.0
 */
JANUS_API int janus_keep_look(struct janus_keep *keep);

/**
 * janus_keep_abandon() - The worker is dead: answer what it has left, at once.
 * @keep: not NULL
 *
 * To be called when the worker has been waited for, and before the next one is forked: what one
 * process has read another one can neither decide nor tell from its own. Who has not been read
 * yet goes on waiting for the next worker, or for the deadline.
 *
 * Return: how many were answered, or
 *   -EINVAL   @keep is NULL
 * Threads: the keep's own.
 * Source: write(2)
 * Since: 0.1.0
 */
JANUS_API int janus_keep_abandon(struct janus_keep *keep);

/**
 * janus_keep_get_stats() - Read the counters.
 * @keep: not NULL
 * @ret: not NULL; its size field says how much is wanted; untouched on failure
 *
 * Return: 0, or
 *   -EINVAL   @keep or @ret is NULL, or the size is less than that of the size field
 *   -E2BIG    @ret is larger than this library knows, and the rest is not zero
 * Threads: any, in the keeper and in the worker.
 * Since: 0.1.0
 */
JANUS_API int janus_keep_get_stats(const struct janus_keep *keep,
				   struct janus_keep_stats *ret);

JANUS_END_DECLS

#endif
