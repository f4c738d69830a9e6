// SPDX-License-Identifier: MIT
/*
 * Owns how a process is recognised as one that is meant. A program is known by its file, never
 * by a path alone: inside a container any file can be called anything. Where something cannot
 * be read the answer is "unknown", never a guess.
 */
#include "excepted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup.h"
#include "container.h"
#include "report.h"

static bool is_in_cgroup(const struct janus__cgroup_line *line, const char *path)
{
	size_t length = strlen(path);

	return line->path_length >= length && memcmp(line->path, path, length) == 0 &&
	       (line->path_length == length || line->path[length] == '/');
}

static enum janus__listed by_cgroup(const struct janus__actor *actor, const char *path)
{
	struct janus__cgroup_line line;
	size_t at = 0;

	if (!actor->cgroups_length)
		return JANUS__LISTED_UNKNOWN;
	while (janus__cgroup_next(actor->cgroups, actor->cgroups_length, &at, &line) > 0)
		if (is_in_cgroup(&line, path))
			return JANUS__LISTED_YES;
	return JANUS__LISTED_NO;
}

/* A container can make cgroups of any name below its own: only the outermost one counts. */
static enum janus__listed by_container(const struct janus__actor *actor,
				       const char *given)
{
	struct janus__container_id id;
	struct janus__cgroup_match match;

	if (!actor->cgroups_length || janus__container_id_parse(given, &id) < 0)
		return JANUS__LISTED_UNKNOWN;
	if (janus__cgroup_match(&id, actor->cgroups, actor->cgroups_length, &match) <= 0)
		return JANUS__LISTED_NO;
	return match.depth == 0 ? JANUS__LISTED_YES : JANUS__LISTED_NO;
}

static enum janus__listed by_ancestor(const struct janus__proc *proc,
				      const struct janus__actor *actor,
				      struct janus__process ancestor)
{
	int is;

	if (!ancestor.pid)
		return JANUS__LISTED_NO;
	is = janus__proc_is_descendant(proc, actor->facts.pid, ancestor.pid,
				       ancestor.start_time);
	if (is < 0)
		return JANUS__LISTED_UNKNOWN;
	return is ? JANUS__LISTED_YES : JANUS__LISTED_NO;
}

static enum janus__listed by_being_outside(const struct janus__proc *proc,
					   const struct janus__spec *spec,
					   const struct janus__actor *actor)
{
	enum janus__listed inside = JANUS__LISTED_NO;

	if (spec->container_id)
		inside = by_container(actor, spec->container_id);
	if (inside == JANUS__LISTED_NO && spec->pid_namespace &&
	    spec->pid_namespace == actor->pid_namespace)
		inside = JANUS__LISTED_YES;
	if (inside == JANUS__LISTED_NO)
		inside = by_ancestor(proc, actor, spec->owner);
	if (inside == JANUS__LISTED_UNKNOWN)
		return inside;
	return inside == JANUS__LISTED_YES ? JANUS__LISTED_NO : JANUS__LISTED_YES;
}

static bool is_file(const struct statx *stx, const struct janus__exception *exception)
{
	return exception->inode && stx->stx_ino == exception->inode &&
	       makedev(stx->stx_dev_major, stx->stx_dev_minor) == exception->device;
}

/* Nobody is waited for: not for who serves the file system, nor for a disk. */
static int stat_now(const struct janus__kernel *kernel, int fd, const char *path,
		    struct statx *ret)
{
	return kernel->statx(fd, path, AT_STATX_DONT_SYNC | (*path ? 0 : AT_EMPTY_PATH),
			     STATX_INO, ret);
}

/* The file that lies at a path now, if the kernel has it in memory: what runs, it has. */
static int look_up(const struct janus__proc *proc, int32_t pid, const char *path,
		   struct statx *ret)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED,
	};
	janus__autoclose struct janus__fd root = { .kernel = proc->kernel, .fd = -1 };
	janus__autoclose struct janus__fd file = { .kernel = proc->kernel, .fd = -1 };
	char link[32] = "self/root";

	if (pid)
		snprintf(link, sizeof(link), "%d/root", pid);
	root.fd = proc->kernel->openat(proc->fd, link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root.fd < 0)
		return root.fd;
	file.fd = proc->kernel->openat2(root.fd, path, &how);
	return file.fd < 0 ? file.fd : stat_now(proc->kernel, file.fd, "", ret);
}

/* What we are short of says nothing about the path. */
static enum janus__listed when_not_found(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM ? JANUS__LISTED_UNKNOWN
								  : JANUS__LISTED_NO;
}

static enum janus__listed by_exe(const struct janus__proc *proc, int32_t root_pid,
				 const struct janus__exception *exception,
				 const struct janus__actor *actor)
{
	struct janus__exception now = *exception;
	struct statx exe, file;
	char link[32];
	int err;

	snprintf(link, sizeof(link), "%d/exe", actor->facts.pid);
	if (stat_now(proc->kernel, proc->fd, link, &exe) < 0)
		return JANUS__LISTED_UNKNOWN;
	if (is_file(&exe, exception))
		return JANUS__LISTED_YES;
	/* It may have been replaced since, as packages are. */
	err = look_up(proc, root_pid, exception->text, &file);
	if (err < 0)
		return when_not_found(err);
	now.inode = file.stx_ino;
	now.device = makedev(file.stx_dev_major, file.stx_dev_minor);
	return is_file(&exe, &now) ? JANUS__LISTED_YES : JANUS__LISTED_NO;
}

static enum janus__listed by_number(uint32_t is, uint32_t wanted)
{
	return is == wanted ? JANUS__LISTED_YES : JANUS__LISTED_NO;
}

static enum janus__listed matches(const struct janus__proc *proc,
				  const struct janus__spec *spec,
				  const struct janus__exception *exception,
				  const struct janus__actor *actor)
{
	const struct janus__process ancestor = { (int32_t)exception->number,
						 exception->start_time };

	switch (exception->kind) {
	case JANUS_EXCEPTION_EXE:
		return by_exe(proc, spec->owner.pid, exception, actor);
	case JANUS_EXCEPTION_HOST_EXE:
		return by_exe(proc, 0, exception, actor);
	case JANUS_EXCEPTION_UID:
		return by_number(actor->facts.uid, exception->number);
	case JANUS_EXCEPTION_GID:
		return by_number(actor->facts.gid, exception->number);
	case JANUS_EXCEPTION_CGROUP:
		return by_cgroup(actor, exception->text);
	case JANUS_EXCEPTION_CONTAINER:
		return exception->cgroup ? by_cgroup(actor, exception->cgroup)
					 : by_container(actor, exception->text);
	case JANUS_EXCEPTION_ANCESTOR:
		return by_ancestor(proc, actor, ancestor);
	default:
		return by_being_outside(proc, spec, actor);
	}
}

enum janus__listed janus__excepted(const struct janus__proc *proc,
				   const struct janus__spec *spec,
				   const struct janus__subject *subject,
				   const struct janus__actor *actor)
{
	enum janus__listed listed = JANUS__LISTED_NO;

	if (actor->facts.gone && subject->exception_count)
		return JANUS__LISTED_UNKNOWN;
	for (uint32_t i = 0; i < subject->exception_count; i++) {
		enum janus__listed one = matches(proc, spec, &subject->exceptions[i],
						 actor);

		if (one == JANUS__LISTED_YES)
			return one;
		if (one == JANUS__LISTED_UNKNOWN)
			listed = one;
	}
	return listed;
}

/* The number of the pid namespace that the target's first process is the first one of. */
static uint64_t own_pid_namespace(const struct janus__proc *proc, int32_t pid)
{
	struct janus__proc_nspid nspid;
	struct statx ours, theirs;
	char link[32];

	snprintf(link, sizeof(link), "%d/ns/pid", pid);
	if (!pid || janus__proc_read_nspid(proc, pid, &nspid) < 0 || nspid.last != 1 ||
	    stat_now(proc->kernel, proc->fd, "self/ns/pid", &ours) < 0 ||
	    stat_now(proc->kernel, proc->fd, link, &theirs) < 0 ||
	    ours.stx_ino == theirs.stx_ino)
		return 0;
	return theirs.stx_ino;
}

/* A program that is not there yet may come. */
static void find_exe(struct janus__exception *exception, const struct janus__root *root)
{
	const struct janus__kernel *kernel = root->fd.kernel;
	janus__autoclose struct janus__fd file = { .kernel = kernel, .fd = -1 };
	struct statx stx;

	file.fd = janus__root_resolve(root, exception->text);
	if (file.fd < 0 || stat_now(kernel, file.fd, "", &stx) < 0)
		return;
	exception->inode = stx.stx_ino;
	exception->device = makedev(stx.stx_dev_major, stx.stx_dev_minor);
}

static void find_host_exe(struct janus__exception *exception,
			  const struct janus__kernel *kernel)
{
	janus__autoclose struct janus__fd slash = {
		.kernel = kernel,
		.fd = kernel->openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};

	if (slash.fd >= 0)
		find_exe(exception, &(struct janus__root){ .fd = slash });
}

static int find_ancestor(struct janus__exception *exception,
			 const struct janus__proc *proc)
{
	struct janus__proc_stat stat;
	int err = janus__proc_read_stat(proc, (int32_t)exception->number, &stat);

	if (!err)
		exception->start_time = stat.start_time;
	return err;
}

/*
 * One that is there is known by the whole path of its cgroup, which nobody else can have; one
 * that is not yet, by its id.
 */
static int find_container(struct janus__exception *exception,
			  const struct janus__proc *proc)
{
	struct janus_container *container;
	const char *cgroup;
	int err = janus__container_of(proc, exception->text, NULL, &container);

	if (err)
		return err == -ENOENT || err == -ESRCH || err == -EAGAIN ? 0 : err;
	cgroup = janus_container_get_cgroup(container);
	free(exception->cgroup);
	exception->cgroup = *cgroup ? strdup(cgroup) : NULL;
	err = *cgroup && !exception->cgroup ? -ENOMEM : 0;
	janus_container_destroy(container);
	return err;
}

static int find_one(struct janus__exception *exception, const struct janus__root *root,
		    const struct janus__proc *proc)
{
	switch (exception->kind) {
	case JANUS_EXCEPTION_EXE:
		find_exe(exception, root);
		return 0;
	case JANUS_EXCEPTION_HOST_EXE:
		find_host_exe(exception, proc->kernel);
		return 0;
	case JANUS_EXCEPTION_ANCESTOR:
		return find_ancestor(exception, proc);
	case JANUS_EXCEPTION_CONTAINER:
		return find_container(exception, proc);
	default:
		return 0;
	}
}

int janus__excepted_prepare(struct janus__spec *spec, const struct janus__root *root,
			    const struct janus__proc *proc,
			    struct janus_watch_report *report)
{
	spec->pid_namespace = own_pid_namespace(proc, root->process.pid);
	for (uint32_t i = 0; i < spec->subject_count; i++) {
		const struct janus__subject *subject = &spec->subjects[i];
		struct janus__place place = { .subject = i, .field = "exceptions" };

		for (uint32_t j = 0; j < subject->exception_count; j++) {
			int err = find_one(&subject->exceptions[j], root, proc);

			place.index = j;
			if (err)
				return janus__report_refuse(
					report, err, &place,
					err == -ESRCH ? "there is no such process"
						      : "who is meant cannot be told");
		}
	}
	return 0;
}
