// SPDX-License-Identifier: MIT
/*
 * Owns the inode marks of the wide group, all of which are ignore marks.
 */
#include "quiet.h"

#include <stdio.h>

#define KINDS_MASK (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

/* A mark that can be evicted keeps no inode in memory. */
#define ADD_FLAGS (FAN_MARK_ADD | FAN_MARK_IGNORE_SURV | FAN_MARK_EVICTABLE)

void janus__quiet_init(struct janus__quiet *quiet, const struct janus__proc *proc,
		       int wide_fd)
{
	pthread_mutex_init(&quiet->lock, NULL);
	quiet->kernel = proc->kernel;
	quiet->proc = proc;
	quiet->wide_fd = wide_fd;
	atomic_init(&quiet->generation, 0);
	atomic_init(&quiet->count, 0);
	atomic_init(&quiet->forbidden, false);
}

void janus__quiet_done(struct janus__quiet *quiet)
{
	pthread_mutex_destroy(&quiet->lock);
}

uint64_t janus__quiet_generation(const struct janus__quiet *quiet)
{
	return atomic_load(&quiet->generation);
}

static bool add(struct janus__quiet *quiet, int fd, bool all)
{
	uint64_t mask = KINDS_MASK | FAN_EVENT_ON_CHILD;
	char link[32];

	if (all)
		mask |= FAN_ONDIR;
	snprintf(link, sizeof(link), "self/fd/%d", fd);
	if (quiet->kernel->fanotify_mark(quiet->wide_fd, ADD_FLAGS, mask, quiet->proc->fd,
					 link) < 0)
		return false;
	atomic_fetch_add(&quiet->count, 1);
	return true;
}

bool janus__quiet_add(struct janus__quiet *quiet, int fd, uint64_t generation, bool all)
{
	bool added = false;

	if (quiet->wide_fd < 0 || pthread_mutex_trylock(&quiet->lock) != 0)
		return false;
	if (atomic_load(&quiet->generation) == generation &&
	    !atomic_load(&quiet->forbidden))
		added = add(quiet, fd, all);
	pthread_mutex_unlock(&quiet->lock);
	return added;
}

void janus__quiet_clear(struct janus__quiet *quiet)
{
	if (quiet->wide_fd < 0)
		return;
	pthread_mutex_lock(&quiet->lock);
	atomic_fetch_add(&quiet->generation, 1);
	/* Where that fails, which the kernel has no reason for, the next time tries again. */
	if (atomic_load(&quiet->count) &&
	    quiet->kernel->fanotify_mark(quiet->wide_fd, FAN_MARK_FLUSH, 0, AT_FDCWD,
					 NULL) == 0)
		atomic_store(&quiet->count, 0);
	pthread_mutex_unlock(&quiet->lock);
}

void janus__quiet_forbid(struct janus__quiet *quiet)
{
	if (!atomic_exchange(&quiet->forbidden, true))
		janus__quiet_clear(quiet);
}
