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
 * Looks for the id in the names of the mounted cgroups or, where not all of them are mounted, in
 * every line of /proc/PID/cgroup, so cgroup v1, hybrid and v2, cgroupfs and systemd drivers, and
 * nested prefixes work alike. Where no cgroup has it, the runtimes' own state files below /run are
 * asked (runc, crun, containerd, docker, and those of users). The init process is the one that
 * started first: pid 1 of the container's pid namespace, or, where that is the host's or another
 * container's, the process that the others descend from. No later process can pose as it.
 *
 * A snapshot: it does not follow the container.
 *
 * Return: 0, or
 *   -EINVAL    @id or @ret is NULL, or @id is no container id
 *   -ENOENT    no process has this id in its cgroup, and no runtime knows it
 *   -ENOTUNIQ  more than one container's id starts with @id,
 *              or several users have written it down for different processes
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

/**
 * struct janus_containers_options - How a census is made.
 * @size: sizeof(struct janus_containers_options), set by JANUS_CONTAINERS_OPTIONS_INIT
 * @state_roots: @state_root_count folders more in which a runtime keeps its state, laid out as
 *	/run/runc is; NULL if there are none
 * @max_age_ns: how old, in nanoseconds, what was seen may be when a process is not found in
 *	it; 0: one second
 */
struct janus_containers_options {
	uint64_t size;
	const char *const *state_roots;
	uint64_t state_root_count;
	uint64_t max_age_ns;
};

#define JANUS_CONTAINERS_OPTIONS_INIT                                                    \
	{                                                                                \
		sizeof(struct janus_containers_options), NULL, 0, 0                      \
	}

/**
 * janus_containers_create() - A census of the containers on this node, to be asked again and
 * again.
 * @ret: where it goes; not NULL; untouched on failure
 * @options: NULL: all defaults
 *
 * Looks at nothing yet. Everything that the pointers lead to is copied.
 *
 * Return: 0, or
 *   -EINVAL   @ret is NULL, or a folder is NULL or no absolute path
 *   -E2BIG    @options is larger than this library knows, and the rest is not zero
 *   -EMFILE   the process, or the system, has no fd left
 *   -ENOMEM   no memory
 *   -EIO      /proc is not mounted
 * Ownership: the caller frees @ret with janus_containers_destroy().
 * Threads: the census belongs to one thread at a time.
 * Since: 0.1.0
 */
JANUS_API int janus_containers_create(struct janus_containers **ret,
				      const struct janus_containers_options *options);

/**
 * janus_containers_destroy() - Free a census and all that it has shown.
 * @containers: NULL: nothing happens
 *
 * Threads: the census's own.
 * Since: 0.1.0
 */
JANUS_API void janus_containers_destroy(struct janus_containers *containers);

/**
 * janus_containers_refresh() - Look at the whole node.
 * @containers: not NULL
 *
 * All containers whose ids the cgroups name or a runtime has written down. A container that a
 * plain name outside of systemd's cgroups stands for is seen by its runtime's state only.
 * Containers inside containers count as part of the outermost one. Those that are not up yet,
 * or whose processes may not be read, are left out.
 *
 * Return: 0, or
 *   -EINVAL   @containers is NULL
 *   -EMFILE   the process, or the system, has no fd left
 *   -ENOMEM   no memory
 *   -EIO      /proc cannot be read
 * Ownership: what was borrowed from the census before is gone.
 * Threads: the census's own.
 * Source: cgroup.procs, /proc/PID/cgroup, /run
 * Since: 0.1.0
 */
JANUS_API int janus_containers_refresh(struct janus_containers *containers);

/**
 * janus_containers_get_count() - How many were seen when it was last refreshed.
 * @containers: not NULL
 *
 * Return: the count; 0 before the first look.
 * Threads: the census's own.
 * Since: 0.1.0
 */
JANUS_API size_t janus_containers_get_count(const struct janus_containers *containers);

/**
 * janus_containers_get() - One of them, in the order of their ids.
 * @containers: not NULL
 * @index: less than janus_containers_get_count()
 *
 * Return: the container; NULL if @index is too large.
 * Ownership: borrowed until the next refresh, lookup or find, or the end of the census.
 * Threads: the census's own.
 * Since: 0.1.0
 */
JANUS_API const struct janus_container *
janus_containers_get(const struct janus_containers *containers, size_t index);

/**
 * janus_containers_lookup() - One by its id, from what was seen if it is still there.
 * @containers: not NULL
 * @id: as for janus_container_lookup(); not NULL
 * @ret: where the container goes; not NULL; untouched on failure
 *
 * The answer is as old as the last look, but its init process is alive now. If it is not, or
 * was not seen, the node is looked at again.
 *
 * Return: 0, or
 *   -EINVAL    an argument is NULL, or @id is no container id
 *   -ENOENT    there is no such container
 *   -ENOTUNIQ  more than one container's id starts with @id,
 *              or several users have written it down for different processes
 *   -EMFILE    the process, or the system, has no fd left
 *   -ENOMEM    no memory
 *   -EIO       /proc cannot be read
 * Ownership: @ret is borrowed as from janus_containers_get().
 * Threads: the census's own.
 * Source: /proc/PID/stat
 * Since: 0.1.0
 */
JANUS_API int janus_containers_lookup(struct janus_containers *containers, const char *id,
				      const struct janus_container **ret);

/**
 * janus_containers_find() - Which container a process belongs to.
 * @containers: not NULL
 * @pid: as the caller sees it; positive
 * @ret: where the container goes; not NULL; untouched on failure
 *
 * Told by its cgroup, and where that names none, as the init process of one of those that were
 * seen. If it is not found, and the last look is older than max_age_ns, the node is looked at
 * again.
 *
 * Return: 0, or
 *   -EINVAL    an argument is NULL or out of its range
 *   -ENOENT    it belongs to none, or there is no such process
 *   -EMFILE    the process, or the system, has no fd left
 *   -ENOMEM    no memory
 *   -EIO       /proc cannot be read
 * Ownership: @ret is borrowed as from janus_containers_get().
 * Threads: the census's own.
 * Source: /proc/PID/cgroup
 * Since: 0.1.0
 */
JANUS_API int janus_containers_find(struct janus_containers *containers, int32_t pid,
				    const struct janus_container **ret);

JANUS_END_DECLS

#endif
