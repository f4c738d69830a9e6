// SPDX-License-Identifier: MIT
/*
 * Owns one fd at a time on the way up. Allocates nothing and waits for nobody: ".." is always
 * in memory, and what a file system has not cached about a directory is not asked for.
 */
#include "climb.h"

#include <errno.h>

/* A rename or a mount somewhere else can come between. */
#define TRIES 4

static int open_above(const struct janus__kernel *kernel, int fd)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS,
	};
	int above = -EAGAIN;

	for (int i = 0; i < TRIES && above == -EAGAIN; i++)
		above = kernel->openat2(fd, "..", &how);
	return above;
}

/* The root lies in itself. */
static bool is_same(const struct janus__file *a, const struct janus__file *b)
{
	return a->inode.number == b->inode.number && a->inode.device == b->inode.device &&
	       a->mount_id == b->mount_id;
}

int janus__climb(const struct janus__kernel *kernel, int fd,
		 const struct janus__file *from, struct janus__trail *trail)
{
	janus__autoclose struct janus__fd here = { .kernel = kernel, .fd = -1 };
	struct janus__file below = *from;

	for (;;) {
		struct janus__file above;
		int next = open_above(kernel, here.fd < 0 ? fd : here.fd), err;

		if (next < 0)
			return next;
		janus__fd_done(&here);
		here.fd = next;
		err = janus__identify_file(kernel, here.fd, &above);
		if (err < 0)
			return err;
		trail->root_reached = is_same(&above, &below);
		if (trail->root_reached)
			return 0;
		if (trail->count == JANUS__TRAIL_MAX)
			return -ELOOP;
		trail->seen[trail->count++] = janus__file_seen(&above);
		below = above;
	}
}
