/* SPDX-License-Identifier: MIT */
/*
 * The event: what was asked, what was answered, and why. Events are pulled with janus_poll().
 */
#ifndef JANUS_EVENT_H
#define JANUS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <janus/types.h>
#include <janus/watch.h>

JANUS_BEGIN_DECLS

struct janus_context;

/**
 * janus_event_buffer_create() - Room for events.
 * @ret: where the buffer goes; not NULL; untouched on failure
 * @capacity: how many events one janus_poll() may fetch; 0: 256; at most 65536
 *
 * Return: 0, or
 *   -EINVAL   @ret is NULL or @capacity too large
 *   -ENOMEM   no memory
 * Ownership: the caller frees @ret with janus_event_buffer_destroy().
 * Threads: the buffer belongs to one thread at a time.
 * Since: 0.1.0
 */
JANUS_API int janus_event_buffer_create(struct janus_event_buffer **ret, size_t capacity);

/**
 * janus_event_buffer_destroy() - Free a buffer and its events.
 * @buffer: NULL: nothing happens
 *
 * Threads: the buffer's own.
 * Since: 0.1.0
 */
JANUS_API void janus_event_buffer_destroy(struct janus_event_buffer *buffer);

/**
 * janus_event_buffer_get_count() - How many events the buffer holds.
 * @buffer: NULL counts as empty
 *
 * Return: the count.
 * Threads: the buffer's own.
 * Since: 0.1.0
 */
JANUS_API size_t janus_event_buffer_get_count(const struct janus_event_buffer *buffer);

/**
 * janus_event_buffer_get() - One event.
 * @buffer: not NULL
 * @index: from 0, in the order of the answers
 *
 * Return: the event, NULL if @index is not less than the count.
 * Ownership: borrowed, until the next janus_poll() with @buffer or its end.
 * Threads: the buffer's own.
 * Since: 0.1.0
 */
JANUS_API const struct janus_event *
janus_event_buffer_get(const struct janus_event_buffer *buffer, size_t index);

/**
 * janus_event_copy() - Keep an event.
 * @event: not NULL
 * @ret: where the copy goes; not NULL; untouched on failure
 *
 * Return: 0, or
 *   -EINVAL   an argument is NULL
 *   -ENOMEM   no memory
 * Ownership: the caller frees @ret with janus_event_destroy().
 * Threads: the buffer's own; the copy may go to any thread.
 * Since: 0.1.0
 */
JANUS_API int janus_event_copy(const struct janus_event *event, struct janus_event **ret);

/**
 * janus_event_destroy() - Free a copy. Events of a buffer are not for this call.
 * @event: from janus_event_copy(); NULL: nothing happens
 *
 * Threads: any, once.
 * Since: 0.1.0
 */
JANUS_API void janus_event_destroy(struct janus_event *event);

/**
 * janus_event_respond() - Answer an opener who waits for it.
 * @context: where the event comes from; not NULL
 * @event: one whose verdict is JANUS_VERDICT_ASK, or a copy of it; not NULL
 * @verdict: JANUS_VERDICT_ALLOW or JANUS_VERDICT_DENY
 *
 * Who gets no answer in time (janus_watch_options.ask_ns) gets what the watch says of failure.
 * An access that more than one question was told of, for several watches ask about it, has one
 * answer: the first.
 *
 * Return: 0, or
 *   -EINVAL      an argument is NULL, @verdict is neither, or @event asks nothing
 *   -ETIMEDOUT   he has his answer already: the time was over, or it was another one's
 *   -EIO         the kernel did not take the answer; he gets it when the time is over
 * Threads: the context's own.
 * Source: write(2)
 * Since: 0.1.0
 */
JANUS_API int janus_event_respond(struct janus_context *context,
				  const struct janus_event *event, uint32_t verdict);

/*
 * Accessors. @event is never NULL. What they return is as old as the event and borrowed from
 * it. Threads: that of the buffer or the copy. Since: 0.1.0
 */

/**
 * janus_event_get_kind() - What was asked.
 * @event: not NULL
 *
 * Return: one bit of enum janus_event_kind.
 * Since: 0.1.0
 */
JANUS_API uint32_t janus_event_get_kind(const struct janus_event *event);

/**
 * janus_event_get_verdict() - What was answered.
 * @event: not NULL
 *
 * Return: a value of enum janus_verdict; 0 for JANUS_EVENT_GAP, JANUS_EVENT_START and
 *   JANUS_EVENT_END, and for paths that are only observed.
 * Since: 0.1.0
 */
JANUS_API uint32_t janus_event_get_verdict(const struct janus_event *event);

/**
 * janus_event_get_reason() - Why it was answered so.
 * @event: not NULL
 *
 * Return: a value of enum janus_reason; 0 where there is no verdict.
 * Since: 0.1.0
 */
JANUS_API uint32_t janus_event_get_reason(const struct janus_event *event);

/**
 * janus_event_get_path() - The path as the target sees it, read right after the answer.
 * @event: not NULL
 *
 * A file that is renamed in that very moment is told under its new name. From outside: any
 * byte but NUL can stand in it, line feeds too; escape it before printing.
 *
 * Return: the path, never NULL; "" for a gap of lost records (see janus_event_get_error()), for
 *   JANUS_EVENT_START and JANUS_EVENT_END, and where the kernel could not tell it (longer than
 *   PATH_MAX).
 * Source: /proc/self/fd/N
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_path(const struct janus_event *event);

/**
 * janus_event_get_old_path() - Where a file was before JANUS_EVENT_RENAME.
 * @event: not NULL
 *
 * Return: the path as the target sees it, from outside like janus_event_get_path(); "" for
 *   every other kind.
 * Source: FAN_EVENT_INFO_TYPE_OLD_DFID_NAME
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_old_path(const struct janus_event *event);

/**
 * janus_event_get_file_type() - What kind of file it is.
 * @event: not NULL
 *
 * The kernel tells directories from all others. What else it is, is looked up when somebody
 * asks for a verdict and, for observations, when the event is read: a file that was gone by
 * then is taken for JANUS_FILE_REGULAR.
 *
 * Return: a value of enum janus_file_type.
 * Since: 0.1.0
 */
JANUS_API uint32_t janus_event_get_file_type(const struct janus_event *event);

/**
 * janus_event_get_error() - Why there is a gap.
 * @event: not NULL
 *
 * -ENOBUFS: records found no room and were lost, janus_event_get_lost_count() of them.
 * -EOVERFLOW: the kernel's queue was full and observations were lost, it does not tell how
 * many; the trees have been looked through again.
 * Others in a gap: something new could not be covered, its path and watch are the event's:
 * -ENOSPC the kernel's limit of marks, -EDQUOT a limit of the options, -EMFILE, -ENOMEM,
 * -EACCES, -EREMOTE a file system that can stall.
 *
 * For JANUS_EVENT_START: why the first path is not in force; 0: all are. For JANUS_EVENT_END:
 * 0: the process has ended; -ETIMEDOUT: the container did not come in time; others: it came, but
 * could not be guarded, as janus_watch_create() would have said.
 *
 * Return: a negative errno for the kinds named, else 0.
 * Since: 0.1.0
 */
JANUS_API int32_t janus_event_get_error(const struct janus_event *event);

/**
 * janus_event_is_directory() - Whether a directory was asked for.
 * @event: not NULL
 *
 * Return: true for a directory, false for anything else.
 * Since: 0.1.0
 */
JANUS_API bool janus_event_is_directory(const struct janus_event *event);

/**
 * janus_event_get_pid() - Who asked.
 * @event: not NULL
 *
 * Return: the pid of the process (of its first thread) as this process sees it; 0 if it cannot
 *   see it, and for JANUS_EVENT_GAP, JANUS_EVENT_START and JANUS_EVENT_END.
 * Since: 0.1.0
 */
JANUS_API int32_t janus_event_get_pid(const struct janus_event *event);

/**
 * janus_event_is_process_gone() - Whether who did it could not be looked at any more.
 * @event: not NULL
 *
 * Who asks for permission waits, and is looked at before the answer. Who is only observed is
 * looked at when the event is read, and may have ended, or executed something else, by then.
 *
 * Return: true: nothing but the pid is known, the following accessors return what they do for
 *   "unknown".
 * Since: 0.1.0
 */
JANUS_API bool janus_event_is_process_gone(const struct janus_event *event);

/**
 * janus_event_get_tid() - Which thread of the process.
 * @event: not NULL
 *
 * Return: the thread's id as this process sees it, with JANUS_CONTEXT_THREADS and for events
 *   that were asked for permission; else 0.
 * Source: FAN_REPORT_TID
 * Since: 0.1.0
 */
JANUS_API int32_t janus_event_get_tid(const struct janus_event *event);

/**
 * janus_event_get_inner_pid() - The pid as the process itself sees it.
 * @event: not NULL
 *
 * Return: its number in its own pid namespace; 0: unknown.
 * Source: /proc/PID/status, NSpid
 * Since: 0.1.0
 */
JANUS_API int32_t janus_event_get_inner_pid(const struct janus_event *event);

/**
 * janus_event_get_parent_pid() - Who the parent of the process is.
 * @event: not NULL
 *
 * Return: the pid as this process sees it; 0: unknown, or there is none that it can see.
 * Source: /proc/PID/status, PPid
 * Since: 0.1.0
 */
JANUS_API int32_t janus_event_get_parent_pid(const struct janus_event *event);

/**
 * janus_event_get_uid() - With which user's rights.
 * @event: not NULL
 *
 * Return: the effective user id, as this process counts users; UINT32_MAX: unknown.
 * Source: /proc/PID/status, Uid
 * Since: 0.1.0
 */
JANUS_API uint32_t janus_event_get_uid(const struct janus_event *event);

/**
 * janus_event_get_gid() - With which group's rights.
 * @event: not NULL
 *
 * Return: the effective group id, as this process counts groups; UINT32_MAX: unknown.
 * Source: /proc/PID/status, Gid
 * Since: 0.1.0
 */
JANUS_API uint32_t janus_event_get_gid(const struct janus_event *event);

/**
 * janus_event_get_comm() - What the process is called.
 * @event: not NULL
 *
 * Any process can call itself anything: for reading, not for deciding. Any byte but NUL can
 * stand in it; escape it before printing.
 *
 * Return: the name, never NULL; "": unknown.
 * Source: /proc/PID/comm
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_comm(const struct janus_event *event);

/**
 * janus_event_get_exe() - Which program it runs.
 * @event: not NULL
 *
 * As the process's mount namespace sees it, with " (deleted)" behind it where the file has no
 * name any more. From outside like janus_event_get_path().
 *
 * Return: the path, never NULL; "": unknown, or a thread of the kernel.
 * Source: /proc/PID/exe
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_exe(const struct janus_event *event);

/**
 * janus_event_get_cgroup() - In which cgroup it is.
 * @event: not NULL
 *
 * Of several hierarchies the one that names its container, else cgroup v2 where that is in use,
 * else that of systemd.
 *
 * Return: the path, never NULL; "": unknown.
 * Source: /proc/PID/cgroup
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_cgroup(const struct janus_event *event);

/**
 * janus_event_get_container_id() - In which container it runs.
 * @event: not NULL
 *
 * Of containers inside containers the outermost one: what is below it a container can name as
 * it likes.
 *
 * Return: the full id without scheme, never NULL; "": in none that can be told.
 * Source: /proc/PID/cgroup, /proc/PID/ns/pid
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_container_id(const struct janus_event *event);

/**
 * janus_event_get_runtime() - What runs that container.
 * @event: not NULL
 *
 * Return: "docker", "podman", "containerd", "cri-o", "runc" or "crun", never NULL; "": unknown,
 *   or there is no container.
 * Source: /proc/PID/cgroup
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_get_runtime(const struct janus_event *event);

/**
 * janus_event_get_time_ns() - When it was answered.
 * @event: not NULL
 *
 * Return: nanoseconds since the epoch, CLOCK_REALTIME.
 * Since: 0.1.0
 */
JANUS_API int64_t janus_event_get_time_ns(const struct janus_event *event);

/**
 * janus_event_get_sequence() - The place of the record among all records of the context.
 * @event: not NULL
 *
 * Return: from 1, rising; numbers of lost records are missing.
 * Since: 0.1.0
 */
JANUS_API uint64_t janus_event_get_sequence(const struct janus_event *event);

/**
 * janus_event_get_watch_id() - Which watch speaks; see janus_watch_get_id().
 * @event: not NULL
 *
 * One access that two watches know is one record of each.
 *
 * Return: the id, 0 for a gap of lost records.
 * Since: 0.1.0
 */
JANUS_API uint64_t janus_event_get_watch_id(const struct janus_event *event);

/**
 * janus_event_get_cookie() - The cookie of the options that were in force.
 * @event: not NULL
 *
 * Return: janus_watch_options.cookie, 0 for a gap of lost records.
 * Since: 0.1.0
 */
JANUS_API uint64_t janus_event_get_cookie(const struct janus_event *event);

/**
 * janus_event_get_subject() - Which subject of the watch decided.
 * @event: not NULL
 *
 * Return: its index in janus_watch_options.subjects; 0 where none did.
 * Since: 0.1.0
 */
JANUS_API size_t janus_event_get_subject(const struct janus_event *event);

/**
 * janus_event_get_tag_count() - How many tags the subject has.
 * @event: not NULL
 *
 * Return: the count.
 * Since: 0.1.0
 */
JANUS_API size_t janus_event_get_tag_count(const struct janus_event *event);

/**
 * janus_event_get_tag() - One tag of the subject, in the order it was given.
 * @event: not NULL
 * @index: less than janus_event_get_tag_count()
 *
 * Return: the tag, NULL if @index is too large.
 * Since: 0.1.0
 */
JANUS_API const struct janus_tag *janus_event_get_tag(const struct janus_event *event,
						      size_t index);

/**
 * janus_event_get_lost_count() - How many records a gap stands for.
 * @event: not NULL
 *
 * Return: the count for JANUS_EVENT_GAP, else 0.
 * Since: 0.1.0
 */
JANUS_API uint64_t janus_event_get_lost_count(const struct janus_event *event);

JANUS_END_DECLS

#endif
