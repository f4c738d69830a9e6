// SPDX-License-Identifier: MIT
/*
 * Owns the roots of trees and the anchors that lead to them.
 */
#include "cover_tree.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "extent.h"
#include "handle.h"
#include "log.h"
#include "observe.h"
#include "util.h"

#include <janus/types.h>

static const struct janus__subject *subject_of(const struct janus__cover *cover)
{
	return janus__spec_subject_of(cover->spec, cover->rule);
}

/* What a path of the kernel is called in the target. */
static const char *in_target(const struct janus__spec *spec, const char *path)
{
	size_t length = spec->root ? strlen(spec->root) : 0;

	if (length == 0 || strncmp(path, spec->root, length) != 0)
		return path;
	if (path[length] == '\0')
		return "/";
	return path[length] == '/' ? path + length : path;
}

/* The root's name: its path without symbolic links, as the target sees it. */
static const char *name_root(const struct janus__cover *cover,
			     const struct janus__found *found, char *buf)
{
	ssize_t length = janus__identify_path(cover->marker->proc, found->fd,
					      &found->file, buf, PATH_MAX);

	return length < 0 ? NULL : in_target(cover->spec, buf);
}

static uint32_t type_of(const struct janus__found *found)
{
	return found->file.directory ? JANUS_FILE_DIRECTORY : JANUS_FILE_REGULAR;
}

bool janus__cover_tree_knows(struct janus__cover *cover, const struct janus__found *found)
{
	struct janus__handle handle;
	struct janus__node *node;
	char buf[PATH_MAX];
	const char *name;

	if (janus__handle_of_fd(cover->marker->kernel, found->fd, &handle) < 0)
		return false;
	node = janus__tree_find(cover->marker->trees, cover->tree, &handle.fid);
	if (!node || (node->flags & JANUS__NODE_LEFT_OUT))
		return false;
	if (node->parent)
		return true;
	name = name_root(cover, found, buf);
	if (name)
		(void)janus__node_move(node, NULL, name);
	node->flags |= JANUS__NODE_SEEN;
	if (cover->tree->lost && found->file.directory &&
	    (subject_of(cover)->flags & JANUS_SUBJECT_RECURSIVE)) {
		janus__autoclose struct janus__fd fd = {
			.kernel = cover->marker->kernel,
			.fd = cover->marker->kernel->openat(
				found->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		};

		if (fd.fd >= 0)
			(void)janus__cover_tree_walk(cover, node, fd.fd);
	}
	return true;
}

int janus__cover_tree_check_twin(struct janus__cover *cover,
				 const struct janus__node *node,
				 const struct janus__found *found)
{
	const struct janus__marker *marker = cover->marker;
	int err;

	/* A file of an overlay can show another device than the overlay. */
	if (!found->file.directory)
		return 0;
	err = janus__node_set_device(marker->trees, node, found->file.inode.device);
	if (err)
		janus__log(marker->log, JANUS_LOG_WARNING,
			   "two file systems have the same fsid, so that what happens in"
			   " them cannot be told apart: give each a UUID of its own"
			   " (overlayfs: no uuid=null or uuid=off)");
	return err;
}

static struct janus__node *make_root(struct janus__cover *cover,
				     const struct janus__found *found, int *ret_err)
{
	struct janus__handle handle;
	char buf[PATH_MAX];
	const char *name = name_root(cover, found, buf);
	const struct janus__node_facts facts = {
		.fid = &handle.fid,
		.name = name,
		.name_length = name ? strlen(name) : 0,
		.flags = JANUS__NODE_ROOT | JANUS__NODE_SEEN | JANUS__NODE_NEW |
			 (found->file.directory ? 0 : JANUS__NODE_FILE),
	};
	struct janus__node *node;

	*ret_err = janus__handle_of_fd(cover->marker->kernel, found->fd, &handle);
	if (!*ret_err && !name)
		*ret_err = -ENAMETOOLONG;
	if (*ret_err)
		return NULL;
	node = janus__node_create(cover->marker->trees, cover->tree, &facts);
	if (!node)
		*ret_err = -ENOMEM;
	else
		*ret_err = janus__cover_tree_check_twin(cover, node, found);
	if (node && *ret_err) {
		janus__cover_forget(cover->marker, node);
		return NULL;
	}
	return node;
}

/* A root that is not walked into. What is no directory has no entries to tell of. */
static int observe_root(const struct janus__cover *cover,
			const struct janus__found *found)
{
	bool asks = janus__subject_asks(subject_of(cover));
	uint64_t mask = janus__observe_mask(asks ? 0 : subject_of(cover)->events);

	if (!found->file.directory)
		mask &= ~(uint64_t)(JANUS__OBSERVE_WAY | FAN_EVENT_ON_CHILD);
	return janus__cover_tree_observe(cover, found->fd, mask);
}

static int walk_root(struct janus__cover *cover, struct janus__node *node,
		     const struct janus__found *found)
{
	janus__autoclose struct janus__fd fd = {
		.kernel = cover->marker->kernel,
		.fd = cover->marker->kernel->openat(found->fd, ".",
						    O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};

	return fd.fd < 0 ? fd.fd : janus__cover_tree_walk(cover, node, fd.fd);
}

static int fill_root(struct janus__cover *cover, struct janus__node *node,
		     const struct janus__found *found)
{
	bool asks = janus__subject_asks(subject_of(cover));
	bool recursive = subject_of(cover)->flags & JANUS_SUBJECT_RECURSIVE;
	bool wide = asks && recursive && found->file.directory;
	int err = asks ? janus__cover_tree_hold(cover, node, found) : 0;

	if (cover->report)
		cover->report->strategies |= JANUS_STRATEGY_INODE;
	/* Before the walk where that is in force, so that nothing new slips by it. */
	if (!err && wide && cover->live)
		err = janus__cover_tree_mark_place(cover, found);
	if (!err && found->file.directory &&
	    (recursive || (cover->live && !asks) ||
	     janus__extent_has_leaves(cover->tree)))
		err = walk_root(cover, node, found);
	else if (!err)
		err = observe_root(cover, found);
	if (!err && wide && !cover->live)
		err = janus__cover_tree_mark_place(cover, found);
	return err;
}

int janus__cover_tree_begin(struct janus__cover *cover, const struct janus__found *found)
{
	struct janus__node *node;
	int err;

	node = make_root(cover, found, &err);
	if (!node)
		return err;
	if (cover->live)
		janus__tell(cover->marker->teller, &(struct janus__news){
							   .node = node,
							   .kind = JANUS_EVENT_CREATE,
							   .file_type = type_of(found),
						   });
	err = fill_root(cover, node, found);
	if (err)
		janus__cover_forget(cover->marker, node);
	return err;
}

/* The way. */

void janus__cover_tree_await(struct janus__cover *cover, int fd, const char *name)
{
	struct janus__handle handle;
	const struct janus__node_facts facts = {
		.fid = &handle.fid,
		.name = name,
		.name_length = strlen(name),
		.flags = JANUS__NODE_ANCHOR,
	};
	int err = janus__handle_of_fd(cover->marker->kernel, fd, &handle);

	if (!err)
		err = janus__cover_tree_observe(cover, fd, JANUS__OBSERVE_WAY);
	if (!err && !janus__node_create(cover->marker->trees, cover->tree, &facts))
		err = -ENOMEM;
	/* Such as /proc, which tells nothing: what appears there is not noticed. */
	if (err && err != -EOPNOTSUPP && !cover->report)
		janus__tell_gap(cover->marker->teller, cover->tree, cover->rule->path,
				err);
}

void janus__cover_tree_forget_way(struct janus__cover *cover)
{
	while (cover->tree->anchors)
		janus__cover_forget(cover->marker, cover->tree->anchors);
}

/* What a look through a lost tree did not come to is gone. */
static void sweep_below(struct janus__cover *cover, struct janus__node *node)
{
	struct janus__node *child = node->child;

	while (child) {
		struct janus__node *next = child->sibling;

		if (child->flags & (JANUS__NODE_FILE | JANUS__NODE_LEFT_OUT)) {
			child = next;
			continue;
		}
		if (child->flags & JANUS__NODE_SEEN) {
			child->flags &= (uint16_t)~JANUS__NODE_SEEN;
			sweep_below(cover, child);
		} else {
			janus__cover_forget(cover->marker, child);
		}
		child = next;
	}
}

/*
 * A root that is not where it was. One that is only observed is told as gone; one that asks
 * goes on to ask, wherever it is now, until it is deleted.
 */
void janus__cover_tree_sweep(struct janus__cover *cover)
{
	bool asks = janus__subject_asks(subject_of(cover));
	struct janus__node *root = cover->tree->roots;

	while (root) {
		struct janus__node *next = root->sibling;
		struct janus__news news = {
			.node = root,
			.kind = JANUS_EVENT_DELETE,
			.file_type = root->flags & JANUS__NODE_FILE
					     ? JANUS_FILE_REGULAR
					     : JANUS_FILE_DIRECTORY,
		};

		if (root->flags & JANUS__NODE_SEEN) {
			if (cover->tree->lost)
				sweep_below(cover, root);
		} else if (!asks) {
			janus__tell(cover->marker->teller, &news);
			janus__cover_forget(cover->marker, root);
		}
		root = next;
	}
}
