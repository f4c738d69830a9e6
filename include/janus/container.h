/* SPDX-License-Identifier: MIT */
/*
 * The container: from the id that a controller knows to the processes that the kernel knows.
 */
#ifndef JANUS_CONTAINER_H
#define JANUS_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include <janus/types.h>

JANUS_BEGIN_DECLS

/**
 * janus_container_lookup() - Find the processes of a container.
 * @id: the full id, or at least 12 hexadecimal digits of its start; docker://, containerd://,
 *	cri-o://, podman:// or rkt:// may stand in front; not NULL
 * @ret: where the container goes; not NULL; untouched on failure
 *
 * Looks for the id in every line of /proc/PID/cgroup, so cgroup v1, hybrid and v2, cgroupfs and
 * systemd drivers, and nested prefixes work alike. Where no line has it, the runtimes' own state
 * files are asked (runc, crun, containerd, docker, podman, cri-o). The init process is the one
 * that started first: pid 1 of the container's pid namespace, or, where that is the host's or
 * another container's, the process that the others descend from. No later process can pose as
 * it.
 * A snapshot: it does not follow the container.
 *
 * Return: 0, or
 *   -EINVAL    @id or @ret is NULL, or @id is no container id
 *   -ENOENT    no process has this id in its cgroup, and no runtime knows it
 *   -ENOTUNIQ  more than one container's id starts with @id
 *   -ESRCH     the container ended while it was looked at
 *   -EAGAIN    it is not up yet: its first process still has the root of its parent
 *   -EMFILE    the process, or the system, has no fd left
 *   -ENOMEM    no memory
 *   -EIO       /proc is not mounted or cannot be read
 * Ownership: the caller frees @ret with janus_container_destroy().
 * Threads: any.
 * Source: /proc/PID/cgroup, /proc/PID/status, /proc/PID/stat, cgroup.procs, /run
 * Since: 0.1.0
 */
JANUS_API int janus_container_lookup(const char *id, struct janus_container **ret);

/**
 * janus_container_destroy() - Free a container object.
 * @container: NULL: nothing happens
 *
 * Threads: any, once.
 * Since: 0.1.0
 */
JANUS_API void janus_container_destroy(struct janus_container *container);

/**
 * janus_container_get_id() - The full id, without scheme.
 * @container: not NULL
 *
 * Return: the id as the cgroup spells it.
 * Ownership: borrowed from @container.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_container_get_id(const struct janus_container *container);

/**
 * janus_container_get_cgroup() - The cgroup path that held the id.
 * @container: not NULL
 *
 * Return: the path of the init process's line, up to and with the part that holds the id; "" if
 *   only the runtime's state does.
 * Ownership: borrowed from @container.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_container_get_cgroup(const struct janus_container *container);

/**
 * janus_container_get_runtime() - What runs it.
 * @container: not NULL
 *
 * Return: "docker", "podman", "containerd", "cri-o", "runc" or "crun"; "": it cannot be told.
 * Ownership: static.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *
janus_container_get_runtime(const struct janus_container *container);

/**
 * janus_container_get_root() - Where its root is in the caller's own tree.
 * @container: not NULL
 *
 * Return: the path that it is mounted at here; where it is not, /proc/PID/root of the init
 *   process.
 * Ownership: borrowed from @container.
 * Threads: any.
 * Source: /proc/PID/mountinfo
 * Since: 0.1.0
 */
JANUS_API const char *janus_container_get_root(const struct janus_container *container);

/**
 * janus_container_get_init_pid() - The process whose root is the container's.
 * @container: not NULL
 *
 * Return: the pid as the caller sees it.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API int32_t janus_container_get_init_pid(const struct janus_container *container);

/**
 * janus_container_get_init_start_time() - Tells the init process from a later one of its pid.
 * @container: not NULL
 *
 * Return: clock ticks since boot, as in field 22 of /proc/PID/stat.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API uint64_t
janus_container_get_init_start_time(const struct janus_container *container);

/**
 * janus_container_get_pid_count() - How many processes it has, the init process included.
 * @container: not NULL
 *
 * Return: the count, at least 1.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API size_t janus_container_get_pid_count(const struct janus_container *container);

/**
 * janus_container_get_pid() - One process.
 * @container: not NULL
 * @index: less than janus_container_get_pid_count(); pids are in ascending order
 *
 * Return: the pid as the caller sees it; 0 if @index is too large.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API int32_t janus_container_get_pid(const struct janus_container *container,
					  size_t index);

JANUS_END_DECLS

#endif
