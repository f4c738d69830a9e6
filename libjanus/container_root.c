// SPDX-License-Identifier: MIT
#include "container_root.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts.h"

static bool stat_root(const struct janus__proc *proc, int32_t pid, struct statx *ret)
{
	char link[32];

	snprintf(link, sizeof(link), "%d/root", pid);
	return proc->kernel->statx(proc->fd, link, AT_STATX_DONT_SYNC, STATX_INO, ret) ==
	       0;
}

bool janus__container_root_is_own(const struct janus__proc *proc, int32_t pid,
				  int32_t parent_pid)
{
	struct statx own, other;

	/* Whose parent is out of sight: that of the first process is the host's. */
	if (!stat_root(proc, pid, &own) ||
	    !stat_root(proc, parent_pid ? parent_pid : 1, &other))
		return true;
	return own.stx_ino != other.stx_ino || own.stx_dev_major != other.stx_dev_major ||
	       own.stx_dev_minor != other.stx_dev_minor;
}

/* What is mounted at a process's "/". */
static const struct janus__mount *root_mount(const struct janus__mounts *mounts)
{
	return janus__mounts_find_point(mounts, "/");
}

static const struct janus__mount *find_same(const struct janus__mounts *mounts,
					    const struct janus__mount *wanted)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].device == wanted->device &&
		    strcmp(mounts->list[i].root, wanted->root) == 0)
			return &mounts->list[i];
	return NULL;
}

void janus__container_root_path(const struct janus__proc *proc, int32_t pid, char *buf,
				size_t size)
{
	const struct janus__mount *mount = NULL;
	struct janus__mounts ours, theirs;

	snprintf(buf, size, "/proc/%d/root", pid);
	if (janus__mounts_read(proc, pid, &theirs) < 0)
		return;
	if (root_mount(&theirs) && janus__mounts_read(proc, 0, &ours) == 0) {
		mount = find_same(&ours, root_mount(&theirs));
		if (mount && strlen(mount->point) < size)
			snprintf(buf, size, "%s", mount->point);
		janus__mounts_done(&ours);
	}
	janus__mounts_done(&theirs);
}
