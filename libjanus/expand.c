// SPDX-License-Identifier: MIT
/*
 * Owns the fds of the directories that are being walked through: one for each level, up to a
 * limit, so that a deep tree takes no more than a wide one. Follows no symlink, and enters no
 * other file system before it was asked.
 */
#include "expand.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "extent.h"
#include "handle.h"
#include "util.h"

#include <janus/types.h>

/* Levels whose fds are kept; what lies deeper is opened from the root again. */
#define LEVELS 64u

#define LISTING_BYTES 32768

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)

/* What is still to be done: enter a directory by its name, or leave one. */
struct step {
	struct janus__node *node; /* to leave; or what holds the directory to enter */
	uint32_t depth;           /* of the node */
	uint32_t size;            /* of this step, with its name */
	bool leave;
	char name[];
};

struct level {
	struct janus__node *node;
	int fd;
};

struct expansion {
	const struct janus__walk *walk;
	struct janus__node *top;
	uint32_t top_depth; /* in its tree */
	int top_fd;
	const struct janus__fid *expected; /* of the first directory that is entered */
	struct level levels[LEVELS];
	char *steps; /* a stack; each ends with its size */
	size_t used, room;
	char path[PATH_MAX];
	_Alignas(uint64_t) char listing[LISTING_BYTES];
};

static void skip(struct expansion *e, const struct janus__node *node, const char *name,
		 int err)
{
	if (!e->walk->ops->skip)
		return;
	if (janus__node_path(node, name, e->path, sizeof(e->path)) < 0)
		e->path[0] = '\0';
	e->walk->ops->skip(e->walk->userdata, e->path, err);
}

/* The stack. */

static struct step *push(struct expansion *e, size_t name_size)
{
	size_t size = (sizeof(struct step) + name_size + sizeof(uint32_t) + 7) &
		      ~(size_t)7;
	struct step *step;
	uint32_t size32 = (uint32_t)size;

	if (e->room - e->used < size) {
		size_t room = e->room * 2 + size;
		char *steps = realloc(e->steps, room);

		if (!steps)
			return NULL;
		e->steps = steps;
		e->room = room;
	}
	step = (struct step *)(void *)(e->steps + e->used);
	e->used += size;
	step->size = size32;
	memcpy(e->steps + e->used - sizeof(size32), &size32, sizeof(size32));
	return step;
}

static struct step *top_step(const struct expansion *e)
{
	uint32_t size;

	memcpy(&size, e->steps + e->used - sizeof(size), sizeof(size));
	return (struct step *)(void *)(e->steps + e->used - size);
}

static void push_enter(struct expansion *e, struct janus__node *node, uint32_t depth,
		       const char *name)
{
	size_t size = strlen(name) + 1;
	struct step *step = push(e, size);

	if (!step) {
		skip(e, node, name, -ENOMEM);
		return;
	}
	step->node = node;
	step->depth = depth;
	step->leave = false;
	memcpy(step->name, name, size);
}

/* fds. */

static int keep_fd(struct expansion *e, struct janus__node *node, uint32_t depth, int fd)
{
	struct level *level = &e->levels[depth % LEVELS];

	if (level->node && level->fd != e->top_fd)
		e->walk->kernel->close(level->fd);
	*level = (struct level){ .node = node, .fd = fd };
	return fd;
}

/* The fd of a node that was entered; opened again where it had to be closed. */
static int fd_of(struct expansion *e, struct janus__node *node, uint32_t depth)
{
	const struct level *level = &e->levels[depth % LEVELS];
	char name[NAME_MAX + 1];
	const char *its;
	size_t length;
	int parent, fd;

	if (level->node == node)
		return level->fd;
	if (node == e->top)
		return e->top_fd;
	/* At most LEVELS deep: the nodes above are kept when they are opened. */
	parent = fd_of(e, node->parent, depth - 1);
	if (parent < 0)
		return parent;
	its = janus__node_name(node, &length);
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, its, length);
	name[length] = '\0';
	fd = e->walk->kernel->openat(parent, name, DIRECTORY_FLAGS);
	return fd < 0 ? fd : keep_fd(e, node, depth, fd);
}

/* Open a directory by its name, whatever is mounted there if that is wanted. */
static int open_child(struct expansion *e, const struct step *step, int parent,
		      bool *ret_crossed)
{
	const struct janus__kernel *kernel = e->walk->kernel;
	const struct open_how how = {
		.flags = DIRECTORY_FLAGS,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	int fd = kernel->openat2(parent, step->name, &how);
	int err;

	*ret_crossed = fd == -EXDEV;
	if (fd != -EXDEV)
		return fd;
	if (janus__node_path(step->node, step->name, e->path, sizeof(e->path)) < 0)
		return -ENAMETOOLONG;
	err = e->walk->ops->cross ? e->walk->ops->cross(e->walk->userdata, e->path) : 0;
	return err < 0 ? err : kernel->openat(parent, step->name, DIRECTORY_FLAGS);
}

/* What is not there any more, or is no directory any more, was moved while we looked. */
static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ELOOP;
}

/* Nodes. */

/* What is above a place cannot move to it: it is mounted there once more. */
static bool is_above(const struct janus__node *node, const struct janus__node *place)
{
	while (place && place != node)
		place = place->parent;
	return place;
}

/* A directory that is known already. NULL: not to be looked at. */
static struct janus__node *meet(struct expansion *e, struct janus__node *node,
				const struct step *step, bool crossed)
{
	const struct janus__walk *walk = e->walk;
	const struct janus__entry entry = { .directory = step->node, .name = step->name };

	if (node->flags & (JANUS__NODE_SEEN | JANUS__NODE_ROOT))
		return NULL;
	if (walk->ops->meet && !janus__node_is_at(node, step->node, step->name) &&
	    !crossed)
		walk->ops->meet(walk->userdata, &entry, node);
	if (!walk->again)
		return NULL;
	if (!janus__node_is_at(node, step->node, step->name) && !crossed &&
	    !is_above(node, step->node) &&
	    janus__node_move(node, step->node, step->name) < 0)
		skip(e, step->node, step->name, -ENOMEM);
	return node;
}

static struct janus__node *make_node(struct expansion *e, const struct step *step,
				     const struct janus__fid *fid)
{
	const struct janus__walk *walk = e->walk;
	const struct janus__node_facts facts = {
		.fid = fid,
		.name = step->name,
		.name_length = strlen(step->name),
		.parent = step->node,
		.flags = JANUS__NODE_NEW,
	};

	return janus__node_create(walk->trees, step->node->tree, &facts);
}

/* The handle of a directory; the file system's number is its parent's but at a crossing. */
static int read_handle(struct expansion *e, const struct step *step, int fd, bool crossed,
		       struct janus__handle *ret)
{
	if (crossed)
		return janus__handle_of_fd(e->walk->kernel, fd, ret);
	ret->fid.fsid = e->walk->trees->filesystems[step->node->filesystem].fsid;
	return janus__handle_read(e->walk->kernel, fd, "", ret);
}

static uint32_t type_of(const struct expansion *e, int fd, const struct dirent64 *entry)
{
	struct statx stx;
	unsigned char type = entry->d_type;

	if (type == DT_UNKNOWN &&
	    e->walk->kernel->statx(fd, entry->d_name,
				   AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_TYPE,
				   &stx) == 0)
		type = (unsigned char)IFTODT(stx.stx_mode);
	switch (type) {
	case DT_REG:
		return JANUS_FILE_REGULAR;
	case DT_DIR:
		return JANUS_FILE_DIRECTORY;
	case DT_LNK:
		return JANUS_FILE_SYMLINK;
	default:
		return JANUS_FILE_OTHER;
	}
}

static void show_entry(struct expansion *e, const struct janus__entry *entry,
		       uint32_t depth)
{
	const struct janus__walk_ops *ops = e->walk->ops;
	bool directory = entry->type == JANUS_FILE_DIRECTORY;

	if (janus__extent_leaves_out(entry->directory, entry->name, directory)) {
		if (ops->leave_out)
			ops->leave_out(e->walk->userdata, entry, true);
		return;
	}
	if (ops->entry)
		ops->entry(e->walk->userdata, entry);
	if (!directory)
		return;
	if (janus__extent_goes_below(e->top->tree, depth))
		push_enter(e, entry->directory, depth, entry->name);
	else if (ops->leave_out)
		ops->leave_out(e->walk->userdata, entry, false);
}

static void list(struct expansion *e, struct janus__node *node, uint32_t depth, int fd)
{
	ssize_t length;

	while ((length = e->walk->kernel->getdents(fd, e->listing, LISTING_BYTES)) > 0) {
		for (ssize_t at = 0; at < length;) {
			const struct dirent64 *entry =
				(const struct dirent64 *)(const void *)(e->listing + at);
			struct janus__entry shown = {
				.directory = node,
				.fd = fd,
				.name = entry->d_name,
			};

			at += entry->d_reclen;
			if (janus__is_dot(entry->d_name))
				continue;
			shown.type = type_of(e, fd, entry);
			show_entry(e, &shown, depth);
		}
	}
	if (length < 0 && !is_gone((int)length))
		skip(e, node, NULL, (int)length);
}

/* Everything that is done with a directory whose node stands. */
static void look_into(struct expansion *e, struct janus__node *node, uint32_t depth,
		      int fd)
{
	if (e->walk->ops->leave) {
		struct step *step = push(e, 0);

		if (step) {
			step->node = node;
			step->depth = depth;
			step->leave = true;
		} else {
			skip(e, node, NULL, -ENOMEM);
		}
	}
	list(e, node, depth, fd);
	node->flags &= (uint16_t)~JANUS__NODE_NEW;
	if (e->walk->ops->listed)
		e->walk->ops->listed(e->walk->userdata, node);
}

/* The node that a directory is; NULL: it is not to be looked at. */
static struct janus__node *node_of(struct expansion *e, const struct step *step,
				   const struct janus__fid *fid, bool crossed)
{
	struct janus__node *node = janus__tree_find(e->walk->trees, step->node->tree,
						    fid);

	if (node)
		return meet(e, node, step, crossed);
	node = make_node(e, step, fid);
	if (!node)
		skip(e, step->node, step->name, -ENOMEM);
	return node;
}

/* The directory is open; its fd is kept with its level, or closed here. */
static int enter_open(struct expansion *e, const struct step *step, int fd, bool crossed)
{
	const struct janus__walk *walk = e->walk;
	struct janus__handle handle;
	struct janus__node *node = NULL;
	int err = read_handle(e, step, fd, crossed, &handle);

	if (!err && e->expected && !crossed && !janus__fid_is(&handle.fid, e->expected))
		err = -ENOENT;
	e->expected = NULL;
	if (!err)
		node = node_of(e, step, &handle.fid, crossed);
	if (node && crossed)
		node->flags |= JANUS__NODE_MOUNT;
	if (node)
		err = walk->ops->enter(walk->userdata, node, fd);
	if (!node || err) {
		walk->kernel->close(fd);
		if (node)
			walk->ops->forget(walk->userdata, node);
		return err;
	}
	if (walk->again)
		node->flags |= JANUS__NODE_SEEN;
	keep_fd(e, node, step->depth + 1, fd);
	look_into(e, node, step->depth + 1, fd);
	return 0;
}

static void enter(struct expansion *e, const struct step *step)
{
	int parent = fd_of(e, step->node, step->depth);
	bool crossed = false;
	int fd = parent < 0 ? parent : open_child(e, step, parent, &crossed);
	int err = fd < 0 ? fd : enter_open(e, step, fd, crossed);

	if (err && !is_gone(err))
		skip(e, step->node, step->name, err);
}

static void leave(struct expansion *e, const struct step *step)
{
	int fd = fd_of(e, step->node, step->depth);

	if (fd >= 0)
		e->walk->ops->leave(e->walk->userdata, step->node, fd);
	else if (!is_gone(fd))
		skip(e, step->node, NULL, fd);
}

/* Steps are taken out before they are done, for what is done puts others in their place. */
static void take_steps(struct expansion *e)
{
	union {
		struct step step;
		char bytes[sizeof(struct step) + NAME_MAX + 1];
	} copy;

	while (e->used) {
		const struct step *step = top_step(e);
		size_t size = step->size < sizeof(copy) ? step->size : sizeof(copy);

		memcpy(&copy, step, size);
		e->used -= step->size;
		if (copy.step.leave)
			leave(e, &copy.step);
		else
			enter(e, &copy.step);
	}
}

static struct expansion *begin(const struct janus__walk *walk, struct janus__node *node,
			       int fd)
{
	struct expansion *e = malloc(sizeof(*e));

	if (!e)
		return NULL;
	e->walk = walk;
	e->top = node;
	e->top_fd = fd;
	e->expected = NULL;
	e->steps = NULL;
	e->used = 0;
	e->room = 0;
	memset(e->levels, 0, sizeof(e->levels));
	janus__node_root(node, &e->top_depth);
	keep_fd(e, node, e->top_depth, fd);
	return e;
}

static void finish(struct expansion *e)
{
	take_steps(e);
	for (size_t i = 0; i < LEVELS; i++)
		if (e->levels[i].node && e->levels[i].fd != e->top_fd)
			e->walk->kernel->close(e->levels[i].fd);
	free(e->steps);
	free(e);
}

int janus__expand(const struct janus__walk *walk, struct janus__node *node, int fd)
{
	struct expansion *e = begin(walk, node, fd);

	if (!e)
		return -ENOMEM;
	if (walk->again)
		node->flags |= JANUS__NODE_SEEN;
	look_into(e, node, e->top_depth, fd);
	finish(e);
	return 0;
}

int janus__expand_child(const struct janus__walk *walk, const struct janus__entry *entry)
{
	struct expansion *e = begin(walk, entry->directory, entry->fd);

	if (!e)
		return -ENOMEM;
	e->expected = entry->fid;
	if (janus__extent_goes_below(entry->directory->tree, e->top_depth))
		push_enter(e, entry->directory, e->top_depth, entry->name);
	else if (walk->ops->leave_out)
		walk->ops->leave_out(walk->userdata, entry, false);
	finish(e);
	return 0;
}
