// SPDX-License-Identifier: MIT
/*
 * Owns how a path of a target becomes an fd of ours. Holds the root's fd only while a watch is
 * being made: kept longer, it would keep a container's mounts alive.
 */
#include "root.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "identify.h"
#include "report.h"
#include "util.h"

#define ROOT_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* A moved file system can make a walk that stays inside its root fail with -EAGAIN. */
#define RESOLVE_TRIES 8

static const char *cause_of(int err)
{
	switch (err) {
	case -ESRCH:
		return "the process is gone";
	case -EACCES:
	case -EPERM:
		return "its root may not be entered: CAP_SYS_PTRACE is missing";
	case -EMFILE:
	case -ENFILE:
		return "no fd left";
	case -EINVAL:
		return "not the pid of a process";
	default:
		return "its root cannot be opened";
	}
}

/* A pid that is used again between two steps is found out: by start time, and by pidfd. */
static int open_process_root(struct janus__root *root, const struct janus__proc *proc)
{
	const struct janus__kernel *kernel = proc->kernel;
	janus__autoclose struct janus__fd pidfd = {
		.kernel = kernel,
		.fd = kernel->pidfd_open(root->process.pid),
	};
	struct janus__proc_stat stat;
	char path[32];
	int err;

	if (pidfd.fd < 0)
		return pidfd.fd;
	snprintf(path, sizeof(path), "%d/root", root->process.pid);
	root->fd.fd = kernel->openat(proc->fd, path, ROOT_FLAGS);
	if (root->fd.fd == -ENOENT) /* no entry in /proc, or a zombie's: it has no root */
		return -ESRCH;
	if (root->fd.fd < 0)
		return root->fd.fd;
	err = janus__proc_read_stat(proc, root->process.pid, &stat);
	if (err)
		return err;
	if (root->process.start_time && root->process.start_time != stat.start_time)
		return -ESRCH;
	root->process.start_time = stat.start_time;
	return kernel->pidfd_alive(pidfd.fd);
}

static const char *lookup_cause_of(int err)
{
	switch (err) {
	case -EINVAL:
		return "not a container id";
	case -ENOENT:
		return "no process has this id in its cgroup, and no runtime knows it";
	case -ENOTUNIQ:
		return "the id is ambiguous";
	case -ESRCH:
		return "the container ended while it was looked at";
	case -EAGAIN:
		return "the container is not up yet: its process has no root of its own";
	default:
		return "/proc cannot be searched";
	}
}

static int find_container(struct janus__root *root, const struct janus__proc *proc,
			  const struct janus__spec *spec,
			  struct janus_watch_report *report)
{
	struct janus_container *container;
	int err = janus__container_lookup(proc->kernel, "/proc", spec->container_id,
					  &container);

	if (err)
		return janus__report_fail(report, err, "container_id",
					  lookup_cause_of(err));
	root->process.pid = janus_container_get_init_pid(container);
	root->process.start_time = janus_container_get_init_start_time(container);
	root->runtime = janus_container_get_runtime(container);
	root->container = strdup(janus_container_get_id(container));
	janus_container_destroy(container);
	return root->container
		       ? 0
		       : janus__report_fail(report, -ENOMEM, "container_id", "no memory");
}

int janus__root_open(struct janus__root *ret, const struct janus__proc *proc,
		     const struct janus__spec *spec, struct janus_watch_report *report)
{
	struct janus__root root = {
		.fd = { .kernel = proc->kernel, .fd = -1 },
		.process = spec->owner,
	};
	int err = 0;

	if (!root.process.pid)
		root.process.pid = spec->pid;
	if (!root.process.pid && spec->target == JANUS_TARGET_CONTAINER)
		err = find_container(&root, proc, spec, report);
	if (err)
		return err;
	if (spec->target == JANUS_TARGET_HOST) {
		root.fd.fd = proc->kernel->openat(AT_FDCWD, "/", ROOT_FLAGS);
		err = root.fd.fd < 0 ? root.fd.fd : 0;
	} else {
		err = open_process_root(&root, proc);
	}
	if (err) {
		janus__root_done(&root);
		return janus__report_fail(report, err, "target", cause_of(err));
	}
	report->pid = root.process.pid;
	*ret = root;
	return 0;
}

void janus__root_done(struct janus__root *root)
{
	janus__fd_done(&root->fd);
	free(root->container);
	root->container = NULL;
}

int janus__root_resolve(const struct janus__root *root, const char *path)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = -EAGAIN;

	for (int i = 0; i < RESOLVE_TRIES && fd == -EAGAIN; i++)
		fd = root->fd.kernel->openat2(root->fd.fd, path, &how);
	return fd;
}

int janus__root_name(const struct janus__root *root, const struct janus__proc *proc,
		     char **ret)
{
	const struct janus__file linked = { .links = 1 };
	char path[PATH_MAX];
	ssize_t length = janus__identify_path(proc, root->fd.fd, &linked, path,
					      sizeof(path));
	char *name;

	if (length < 0)
		return (int)length;
	name = strdup(strcmp(path, "/") == 0 ? "" : path);
	if (!name)
		return -ENOMEM;
	*ret = name;
	return 0;
}
