// SPDX-License-Identifier: MIT
/*
 * Owns what is read of a process, and in which order: its pidfd first, and a look at that last,
 * so that what was read in between by its number was its own.
 */
#include "actor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "status.h"
#include "util.h"

static struct janus__span span_of(const struct janus__actor *actor, const char *at,
				  size_t length)
{
	return (struct janus__span){ (uint32_t)(at - actor->cgroups), (uint32_t)length };
}

/* Where no line names a container: cgroup v2, else what systemd goes by, else the first. */
static struct janus__span choose_cgroup(const struct janus__actor *actor)
{
	static const char systemd[] = "name=systemd";
	struct janus__cgroup_line line;
	struct janus__span best = { 0, 0 };
	size_t at = 0;
	int rank = 0;

	while (janus__cgroup_next(actor->cgroups, actor->cgroups_length, &at, &line) >
	       0) {
		bool named = line.controllers_length == sizeof(systemd) - 1 &&
			     memcmp(line.controllers, systemd, sizeof(systemd) - 1) == 0;
		/* Where v1 is in use, all of v2 is often the root. */
		int line_rank = line.path_length == 1 ? 1
				: line.hierarchy == 0 ? 4
				: named               ? 3
						      : 2;

		if (line_rank <= rank)
			continue;
		rank = line_rank;
		best = span_of(actor, line.path, line.path_length);
	}
	return best;
}

/* The whole path that a match lies in. */
static struct janus__span line_of(const struct janus__actor *actor,
				  const struct janus__cgroup_match *match)
{
	const char *end = actor->cgroups + actor->cgroups_length;
	const char *newline = memchr(match->path, '\n', (size_t)(end - match->path));

	return span_of(actor, match->path,
		       (size_t)((newline ? newline : end) - match->path));
}

static void read_cgroups(struct janus__actor *actor, const struct janus__proc *proc,
			 int32_t pid)
{
	struct janus__proc_text text = { actor->cgroups, sizeof(actor->cgroups) };
	ssize_t length = janus__proc_read(proc, pid, "cgroup", text);
	struct janus__cgroup_match match;

	actor->cgroups_length = length > 0 ? (uint32_t)length : 0;
	actor->container = (struct janus__span){ 0, 0 };
	if (janus__cgroup_identify(actor->cgroups, actor->cgroups_length, &match) > 0) {
		actor->cgroup = line_of(actor, &match);
		actor->container = span_of(actor, match.id, match.id_length);
		actor->facts.runtime = match.runtime;
	} else {
		actor->cgroup = choose_cgroup(actor);
	}
}

static ssize_t read_exe(const struct janus__kernel *kernel, int fd, char exe[PATH_MAX])
{
	ssize_t length = kernel->readlinkat(fd, "", exe, PATH_MAX);

	if (length < 0 || length == PATH_MAX)
		length = 0;
	exe[length] = '\0';
	return length;
}

/* The name and its end; at most a newline of the kernel's stands behind it. */
static bool read_comm(const struct janus__kernel *kernel, int fd,
		      char comm[JANUS__COMM_SIZE])
{
	ssize_t length = kernel->pread(fd, comm, JANUS__COMM_SIZE - 1, 0);

	if (length <= 0)
		return false;
	memset(comm + length, 0, JANUS__COMM_SIZE - (size_t)length);
	if (comm[length - 1] == '\n')
		comm[length - 1] = '\0';
	return true;
}

static void read_pid_namespace(struct janus__actor *actor, const struct janus__proc *proc,
			       int32_t pid)
{
	struct statx stx;
	char link[32];

	snprintf(link, sizeof(link), "%d/ns/pid", pid);
	actor->pid_namespace = 0;
	if (proc->kernel->statx(proc->fd, link, 0, STATX_INO, &stx) == 0)
		actor->pid_namespace = stx.stx_ino;
}

/* Last, for only who lives can be asked. An older kernel knows nothing but that. */
static bool read_info(struct janus__actor *actor, const struct janus__kernel *kernel,
		      int pidfd)
{
	struct janus__pidfd_info info;
	int err = kernel->pidfd_info(pidfd, &info);

	actor->cgroup_number = err < 0 ? 0 : info.cgroup_number;
	return err >= 0 || (err != -ESRCH && kernel->pidfd_alive(pidfd) >= 0);
}

static bool open_fds(struct janus__actor_fds *fds, const struct janus__proc *proc,
		     int32_t pid)
{
	char link[32];

	*fds = (struct janus__actor_fds){ -1, -1, -1 };
	if (pid <= 0)
		return false;
	fds->pidfd = proc->kernel->pidfd_open(pid);
	if (fds->pidfd == -EINVAL || fds->pidfd == -ENOENT)
		fds->pidfd = proc->kernel->pidfd_open_thread(pid);
	if (fds->pidfd >= 0)
		fds->comm_fd = janus__proc_open_file(proc, pid, "comm");
	if (fds->comm_fd < 0)
		return false;
	snprintf(link, sizeof(link), "%d/exe", pid);
	fds->exe_fd = proc->kernel->openat(proc->fd, link,
					   O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fds->exe_fd >= 0;
}

void janus__actor_fds_done(struct janus__actor_fds *fds,
			   const struct janus__kernel *kernel)
{
	const int all[] = { fds->pidfd, fds->comm_fd, fds->exe_fd };

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(all); i++)
		if (all[i] >= 0)
			kernel->close(all[i]);
	*fds = (struct janus__actor_fds){ -1, -1, -1 };
}

static void set_ids(struct janus__facts *facts, const struct janus__status *status)
{
	facts->pid = status->tgid;
	facts->pid_inside = status->pid_inside;
	facts->parent_pid = status->parent_pid;
	facts->uid = status->uid;
	facts->gid = status->gid;
}

static bool read_facts(struct janus__actor *actor, const struct janus__proc *proc,
		       const struct janus__actor_fds *fds)
{
	int32_t pid = actor->id;
	struct janus__status status;

	if (!read_comm(proc->kernel, fds->comm_fd, actor->facts.comm) ||
	    janus__status_read(proc, pid, &status) < 0)
		return false;
	set_ids(&actor->facts, &status);
	actor->exe_length = (uint32_t)read_exe(proc->kernel, fds->exe_fd, actor->exe);
	read_cgroups(actor, proc, pid);
	read_pid_namespace(actor, proc, pid);
	return read_info(actor, proc->kernel, fds->pidfd);
}

static void set_gone(struct janus__actor *actor, int32_t pid)
{
	actor->id = pid;
	actor->facts = (struct janus__facts){
		.pid = pid > 0 ? pid : 0,
		.gone = true,
		.runtime = "",
		.uid = UINT32_MAX,
		.gid = UINT32_MAX,
	};
	actor->pid_namespace = 0;
	actor->exe_length = 0;
	actor->exe[0] = '\0';
	actor->cgroups_length = 0;
	actor->cgroup = (struct janus__span){ 0, 0 };
	actor->container = (struct janus__span){ 0, 0 };
}

bool janus__actor_read(struct janus__actor *ret, const struct janus__proc *proc,
		       int32_t pid, struct janus__actor_fds *ret_fds)
{
	set_gone(ret, pid);
	if (open_fds(ret_fds, proc, pid) && read_facts(ret, proc, ret_fds)) {
		ret->facts.gone = false;
		return true;
	}
	janus__actor_fds_done(ret_fds, proc->kernel);
	set_gone(ret, pid);
	return false;
}

/* What the kernel says through the pidfd, or, where it is too old for that, its status. */
static bool has_same_ids(const struct janus__actor *actor,
			 const struct janus__actor_fds *fds,
			 const struct janus__proc *proc)
{
	const struct janus__facts *facts = &actor->facts;
	struct janus__pidfd_info info;
	struct janus__status status;
	int err = proc->kernel->pidfd_info(fds->pidfd, &info);

	if (err >= 0)
		return facts->uid == info.uid && facts->gid == info.gid &&
		       facts->parent_pid == info.parent_pid &&
		       actor->cgroup_number == info.cgroup_number;
	if (err == -ESRCH || janus__status_read(proc, actor->id, &status) < 0)
		return false;
	return facts->uid == status.uid && facts->gid == status.gid &&
	       facts->parent_pid == status.parent_pid &&
	       proc->kernel->pidfd_alive(fds->pidfd) >= 0;
}

bool janus__actor_is_same(const struct janus__actor *actor,
			  const struct janus__actor_fds *fds,
			  const struct janus__proc *proc)
{
	char comm[JANUS__COMM_SIZE], exe[PATH_MAX];
	size_t length;

	if (!read_comm(proc->kernel, fds->comm_fd, comm) ||
	    strcmp(comm, actor->facts.comm) != 0)
		return false;
	length = (size_t)read_exe(proc->kernel, fds->exe_fd, exe);
	if (length != actor->exe_length || memcmp(exe, actor->exe, length) != 0)
		return false;
	return has_same_ids(actor, fds, proc);
}
