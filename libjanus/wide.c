// SPDX-License-Identifier: MIT
/*
 * Owns the list of what is held. There are few: one for each file system or mount in guarded
 * trees.
 */
#include "wide.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <janus/types.h>

struct janus__wide_held {
	struct janus__wide_held *next;
	struct janus__wide_mark mark;
	uint64_t mask;
	size_t holders;
};

static struct janus__wide_held **find(struct janus__wide *wide,
				      const struct janus__wide_mark *mark)
{
	struct janus__wide_held **link = &wide->list;

	while (*link && ((*link)->mark.strategy != mark->strategy ||
			 (*link)->mark.key != mark->key))
		link = &(*link)->next;
	return link;
}

static int set_mark(const struct janus__wide *wide, unsigned int flags, uint64_t mask,
		    int fd)
{
	char link[32];

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	return wide->kernel->fanotify_mark(wide->group_fd, flags, mask, wide->proc->fd,
					   link);
}

static unsigned int kind_of(const struct janus__wide_mark *mark)
{
	return mark->strategy == JANUS_STRATEGY_FILESYSTEM ? FAN_MARK_FILESYSTEM
							   : FAN_MARK_MOUNT;
}

int janus__wide_add(struct janus__wide *wide, const struct janus__wide_mark *mark,
		    uint64_t mask, int fd)
{
	struct janus__wide_held **link = find(wide, mark), *held = *link;
	int err;

	if (wide->group_fd < 0)
		return -EOPNOTSUPP;
	if (!held) {
		held = calloc(1, sizeof(*held));
		if (!held)
			return -ENOMEM;
		held->mark = *mark;
	}
	/* What is there already is added again: whether it still is, only the kernel knows. */
	err = set_mark(wide, FAN_MARK_ADD | kind_of(mark), mask, fd);
	if (err < 0) {
		if (!*link)
			free(held);
		return err == -EINVAL || err == -ENODEV ? -EOPNOTSUPP : err;
	}
	*link = held;
	held->mask |= mask;
	held->holders++;
	return 0;
}

void janus__wide_drop(struct janus__wide *wide, const struct janus__wide_mark *mark,
		      int fd)
{
	struct janus__wide_held **link = find(wide, mark), *held = *link;

	if (!held || --held->holders)
		return;
	if (fd >= 0 && wide->group_fd >= 0)
		(void)set_mark(wide, FAN_MARK_REMOVE | kind_of(mark), held->mask, fd);
	*link = held->next;
	free(held);
}

void janus__wide_done(struct janus__wide *wide)
{
	while (wide->list) {
		struct janus__wide_held *held = wide->list;

		wide->list = held->next;
		free(held);
	}
}
