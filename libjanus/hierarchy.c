// SPDX-License-Identifier: MIT
/*
 * Owns the walk through the mounted hierarchies of cgroups. What their names mean belongs to
 * cgroup.c.
 */
#include "hierarchy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup.h"
#include "listing.h"
#include "mounts.h"
#include "util.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Deeper and more than on any node; what lies beyond makes the walk incomplete. */
#define DEPTH_MAX 32u
#define CGROUPS_MAX 50000u

/*
 * A container can make as many cgroups below its own as it likes: beyond so many in one it is
 * not worth the walk, and who looks asks each process instead.
 */
#define INSIDE_MAX 1024u

/* v1 has a dozen controllers, each in a hierarchy of its own at most. */
#define HIERARCHIES_MAX 32u

void janus__pids_add(struct janus__pids *pids, int32_t pid)
{
	if (pids->count == pids->room) {
		size_t room = pids->room ? 2 * pids->room : 64;
		int32_t *list = realloc(pids->list, room * sizeof(*list));

		if (!list) {
			pids->err = -ENOMEM;
			return;
		}
		pids->list = list;
		pids->room = room;
	}
	pids->list[pids->count++] = pid;
}

void janus__pids_done(struct janus__pids *pids)
{
	free(pids->list);
	*pids = (struct janus__pids){ 0 };
}

static int compare(const void *a, const void *b)
{
	int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;

	return (left > right) - (left < right);
}

void janus__pids_sort(struct janus__pids *pids)
{
	size_t kept = 0;

	if (!pids->count)
		return;
	qsort(pids->list, pids->count, sizeof(*pids->list), compare);
	for (size_t i = 1; i < pids->count; i++)
		if (pids->list[i] != pids->list[kept])
			pids->list[++kept] = pids->list[i];
	pids->count = kept + 1;
}

/* Numbers, each on a line; 0 is a process that we cannot see. @number: that of the line so far. */
static void feed(uint64_t *number, const char *text, size_t length,
		 struct janus__pids *ret)
{
	for (size_t i = 0; i < length; i++) {
		uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';

		if (digit <= 9) {
			/* Too large a number stays so, whatever follows. */
			if (*number <= INT32_MAX)
				*number = *number * 10 + digit;
			continue;
		}
		if (*number && *number <= INT32_MAX)
			janus__pids_add(ret, (int32_t)*number);
		*number = 0;
	}
}

/* It has just been removed, has threads only, or is not for us to see. */
static bool has_no_pids(int err)
{
	return err == -ENOENT || err == -ENODEV || err == -EOPNOTSUPP || err == -EACCES;
}

void janus__cgroup_read_pids(const struct janus__kernel *kernel, int fd,
			     struct janus__pids *ret)
{
	janus__autoclose struct janus__fd file = {
		.kernel = kernel,
		.fd = kernel->openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC),
	};
	uint64_t number = 0;
	char text[4096];
	ssize_t length = file.fd < 0 ? file.fd : 1;

	while (file.fd >= 0 &&
	       ((length = kernel->read(file.fd, text, sizeof(text))) > 0 ||
		length == -EINTR))
		if (length > 0)
			feed(&number, text, (size_t)length, ret);
	if (length < 0 && !has_no_pids((int)length))
		ret->err = (int)length;
}

struct walk {
	const struct janus__proc *proc;
	janus__cgroup_fn *fn;
	void *userdata;
	uint32_t cgroups;
	uint32_t inside; /* of those, in the container that is being walked through */
	bool complete;
	char path[PATH_MAX];
};

/* Whether a path is a container's, or leads into one. */
static bool is_inside(struct walk *walk, size_t path_length)
{
	struct janus__cgroup_match match;
	char line[PATH_MAX + 8];
	int length = snprintf(line, sizeof(line), "0::%s\n",
			      path_length ? walk->path : "/");

	if (janus__cgroup_identify(line, (size_t)length, &match) <= 0)
		return false;
	if (match.prefix_length == path_length)
		walk->inside = 0;
	return true;
}

/* Whether to go on below a cgroup. */
static bool may_descend(struct walk *walk, size_t path_length, uint32_t depth)
{
	if (depth < DEPTH_MAX && ++walk->cgroups <= CGROUPS_MAX &&
	    (!is_inside(walk, path_length) || ++walk->inside <= INSIDE_MAX))
		return true;
	walk->complete = false;
	return false;
}

/* @length: of the path so far, without a '/' at its end. */
static void enter(struct walk *walk, int fd, size_t length, uint32_t depth)
{
	const struct janus__kernel *kernel = walk->proc->kernel;
	struct janus__listing listing;
	const char *name;

	walk->path[length] = '\0';
	walk->fn(walk->userdata, length ? walk->path : "/", fd);
	if (!may_descend(walk, length, depth))
		return;
	janus__listing_init(&listing, kernel, fd);
	while ((name = janus__listing_next(&listing))) {
		janus__autoclose struct janus__fd below = { .kernel = kernel, .fd = -1 };
		int added;

		below.fd = kernel->openat(fd, name, FOLDER_FLAGS);
		if (below.fd == -ENOENT) /* it has just been removed */
			continue;
		added = snprintf(walk->path + length, sizeof(walk->path) - length, "/%s",
				 name);
		if (below.fd < 0 || (size_t)added >= sizeof(walk->path) - length)
			walk->complete = false;
		else
			enter(walk, below.fd, length + (size_t)added, depth + 1);
	}
	if (listing.err)
		walk->complete = false;
}

/* Files that only the root of a hierarchy has, or has not. */
static bool is_whole(const struct janus__kernel *kernel, int fd, bool v2)
{
	const char *name = v2 ? "cgroup.events" : "release_agent";
	struct statx stx;

	return kernel->statx(fd, name, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &stx) ==
	       (v2 ? -ENOENT : 0);
}

/* What is seen at the mount's point, if nothing hides it. */
static int open_mount(const struct janus__kernel *kernel,
		      const struct janus__mount *mount)
{
	janus__autoclose struct janus__fd fd = {
		.kernel = kernel,
		.fd = kernel->openat(AT_FDCWD, mount->point, FOLDER_FLAGS),
	};
	struct statx stx;

	if (fd.fd < 0)
		return fd.fd;
	if (kernel->statx(fd.fd, "", AT_EMPTY_PATH, STATX_INO, &stx) < 0 ||
	    makedev(stx.stx_dev_major, stx.stx_dev_minor) != mount->device)
		return -ENOENT;
	return janus__fd_steal(&fd);
}

static bool is_among(const uint64_t *devices, size_t count, uint64_t device)
{
	for (size_t i = 0; i < count; i++)
		if (devices[i] == device)
			return true;
	return false;
}

/* How many hierarchies a process is in. */
static size_t count_hierarchies(const struct janus__proc *proc)
{
	janus__autoclose struct janus__fd file = {
		.kernel = proc->kernel,
		.fd = proc->kernel->openat(proc->fd, "self/cgroup", O_RDONLY | O_CLOEXEC),
	};
	char text[4096];
	ssize_t length;
	size_t count = 0;

	if (file.fd < 0)
		return SIZE_MAX;
	while ((length = proc->kernel->read(file.fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < length; i++)
			count += text[i] == '\n';
	return length < 0 ? SIZE_MAX : count;
}

static void walk_mounts(struct walk *walk, const struct janus__mounts *mounts)
{
	const struct janus__kernel *kernel = walk->proc->kernel;
	uint64_t devices[HIERARCHIES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < mounts->count && count < HIERARCHIES_MAX; i++) {
		const struct janus__mount *mount = &mounts->list[i];
		bool v2 = strcmp(mount->type, "cgroup2") == 0;
		janus__autoclose struct janus__fd root = { .kernel = kernel, .fd = -1 };

		if ((!v2 && strcmp(mount->type, "cgroup") != 0) ||
		    is_among(devices, count, mount->device))
			continue;
		root.fd = open_mount(kernel, mount);
		if (root.fd < 0 || !is_whole(kernel, root.fd, v2))
			continue;
		devices[count++] = mount->device;
		enter(walk, root.fd, 0, 0);
	}
	if (count < count_hierarchies(walk->proc))
		walk->complete = false;
}

bool janus__hierarchies_walk(const struct janus__proc *proc, janus__cgroup_fn *fn,
			     void *userdata)
{
	struct walk *walk = malloc(sizeof(*walk));
	struct janus__mounts mounts;
	bool complete;

	if (!walk)
		return false;
	*walk = (struct walk){
		.proc = proc, .fn = fn, .userdata = userdata, .complete = true
	};
	if (janus__mounts_read(proc, 0, &mounts) < 0) {
		free(walk);
		return false;
	}
	walk_mounts(walk, &mounts);
	complete = walk->complete;
	janus__mounts_done(&mounts);
	free(walk);
	return complete;
}
