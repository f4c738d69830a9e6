/* SPDX-License-Identifier: MIT */
/*
 * The public object of a container: what was found out about it, in one piece of memory.
 */
#ifndef JANUS_CONTAINER_OBJECT_H
#define JANUS_CONTAINER_OBJECT_H

#include <janus/container.h>

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

struct janus__container_facts {
	int32_t init_pid;
	uint64_t init_start_time;
	const char *id;
	size_t id_length;
	const char *cgroup;
	size_t cgroup_length;
	const char *runtime; /* static */
	char root[PATH_MAX];
};

/* With room for @pid_count pids. NULL: no memory. */
struct janus_container *janus__container_new(const struct janus__container_facts *facts,
					     size_t pid_count);

/* In ascending order. */
void janus__container_set_pid(struct janus_container *container, size_t index,
			      int32_t pid);

#endif
