/* SPDX-License-Identifier: MIT */
/*
 * The cgroups that are mounted here, and the processes in each: the quick way to a container,
 * for there are far fewer cgroups than processes.
 */
#ifndef JANUS_HIERARCHY_H
#define JANUS_HIERARCHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct janus__pids {
	int32_t *list;
	size_t count;
	size_t room;
	int err; /* why some are missing, a negative errno; 0: none is */
};

void janus__pids_add(struct janus__pids *pids, int32_t pid);
void janus__pids_done(struct janus__pids *pids);

/* In ascending order, each once. */
void janus__pids_sort(struct janus__pids *pids);

/* @path: "/", "/docker/ID", as in /proc/PID/cgroup. @fd: of the directory. */
typedef void janus__cgroup_fn(void *userdata, const char *path, int fd);

/*
 * Tell @fn of each cgroup, hierarchy by hierarchy. False: there may be some that are not
 * mounted here, not from their root, or not readable.
 */
bool janus__hierarchies_walk(const struct janus__proc *proc, janus__cgroup_fn *fn,
			     void *userdata);

/* Add the processes of one cgroup, not of those below it. */
void janus__cgroup_read_pids(const struct janus__kernel *kernel, int fd,
			     struct janus__pids *ret);

#endif
