// SPDX-License-Identifier: MIT
/*
 * Owns how nodes and whole coverages go: what the kernel has for them is taken back where it
 * can be found, and where nobody else wants it.
 */
#include "cover.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "observe.h"
#include "util.h"

#include <janus/types.h>

/* Every bit that an observed inode can have been marked with. */
#define ALL_OBSERVED                                                                     \
	(FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_ONDIR | FAN_DELETE_SELF |            \
	 FAN_EVENT_ON_CHILD | FAN_OPEN | FAN_OPEN_EXEC | FAN_ACCESS | FAN_MODIFY |       \
	 FAN_ATTRIB | FAN_CLOSE_WRITE)

static void forget_one(const struct janus__marker *marker, struct janus__node *node)
{
	const struct janus__tree *tree = node->tree;
	const struct janus__wanted end = { .rule = tree->rule };
	bool ended = node->flags & JANUS__NODE_LEFT_OUT;
	struct janus__object *object;

	janus__fresh_forget(marker->fresh, node);
	object = janus__node_free(marker->trees, node);
	if (!object)
		return;
	/* Without memory the end stays where it is; so does what it stands on. */
	if (ended && janus__rules_unbind(marker->rules, object, &end, tree->spec) < 0)
		return;
	janus__rules_release(marker->rules, object);
}

void janus__cover_forget(const struct janus__marker *marker, struct janus__node *node)
{
	struct janus__node *lowest;

	while ((lowest = janus__node_first_below(node)) != node)
		forget_one(marker, lowest);
	forget_one(marker, node);
}

/* Whether the kernel has a mark of the node that nobody else wants. */
static bool is_last_of_fid(const struct janus__marker *marker, struct janus__node *node)
{
	struct janus__fid fid = janus__node_fid(marker->trees, node);
	const struct janus__node *other = janus__trees_find(marker->trees, &fid, NULL);

	while (other && other == node)
		other = janus__trees_find(marker->trees, &fid, other);
	return !other;
}

static bool is_last_of_object(const struct janus__node *node)
{
	const struct janus__object *object = janus__node_object(node);

	return object && !(node->flags & JANUS__NODE_LEFT_OUT) &&
	       !janus__object_is_member(object);
}

/* The node's inode where its path says; -1: it is not there any more. */
static int find_again(const struct janus__marker *marker, const struct janus__root *root,
		      const struct janus__node *node)
{
	struct janus__fid fid = janus__node_fid(marker->trees, node);
	struct janus__handle handle;
	char path[PATH_MAX];
	int fd;

	if (janus__node_path(node, NULL, path, sizeof(path)) < 0)
		return -1;
	fd = janus__root_resolve(root, path);
	if (fd < 0)
		return -1;
	if (janus__handle_of_fd(marker->kernel, fd, &handle) == 0 &&
	    janus__fid_is(&handle.fid, &fid))
		return fd;
	marker->kernel->close(fd);
	return -1;
}

static void unmark(const struct janus__marker *marker, const struct janus__root *root,
		   struct janus__node *node)
{
	bool observed = is_last_of_fid(marker, node), asked = is_last_of_object(node);
	char link[32];
	int fd;

	if ((!observed && !asked) || (node->flags & JANUS__NODE_ANCHOR))
		return;
	fd = find_again(marker, root, node);
	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "self/fd/%d", fd);
	if (observed)
		(void)marker->kernel->fanotify_mark(marker->observe_fd, FAN_MARK_REMOVE,
						    ALL_OBSERVED, marker->proc->fd, link);
	if (asked)
		janus__marks_reduce(marker, janus__node_object(node), fd);
	marker->kernel->close(fd);
}

static void release_nodes(const struct janus__marker *marker,
			  const struct janus__root *root, struct janus__node **first)
{
	while (*first) {
		struct janus__node *node = janus__node_first_below(*first);

		if (root)
			unmark(marker, root, node);
		forget_one(marker, node);
	}
}

static void release_wide(const struct janus__marker *marker,
			 const struct janus__root *root,
			 const struct janus__coverage *coverage)
{
	for (size_t i = 0; i < coverage->wide_count; i++) {
		const struct janus__wide_mark *mark = &coverage->wide[i];
		int fd = -1;

		for (size_t j = 0; root && fd < 0 && j < coverage->count; j++) {
			struct janus__file file;

			fd = janus__root_resolve(root, coverage->wanted[j].rule->path);
			if (fd < 0 ||
			    (janus__identify_file(marker->kernel, fd, &file) == 0 &&
			     mark->key == (mark->strategy == JANUS_STRATEGY_MOUNT
						   ? file.mount_id
						   : file.inode.device)))
				continue;
			marker->kernel->close(fd);
			fd = -1;
		}
		janus__wide_drop(marker->wide, mark, fd);
		if (fd >= 0)
			marker->kernel->close(fd);
	}
}

static void flush(const struct janus__marker *marker)
{
	if (marker->observe_fd >= 0)
		(void)marker->kernel->fanotify_mark(marker->observe_fd, FAN_MARK_FLUSH, 0,
						    AT_FDCWD, NULL);
	if (marker->group_fd >= 0)
		(void)marker->kernel->fanotify_mark(marker->group_fd, FAN_MARK_FLUSH, 0,
						    AT_FDCWD, NULL);
	if (marker->wide->group_fd < 0)
		return;
	for (unsigned int kind = 0; kind < 3; kind++) {
		static const unsigned int kinds[] = { 0, FAN_MARK_MOUNT,
						      FAN_MARK_FILESYSTEM };

		(void)marker->kernel->fanotify_mark(marker->wide->group_fd,
						    FAN_MARK_FLUSH | kinds[kind], 0,
						    AT_FDCWD, NULL);
	}
}

void janus__cover_release(const struct janus__marker *marker, struct janus__spec *spec,
			  struct janus__coverage *coverage, bool last)
{
	struct janus_watch_report ignored = JANUS_WATCH_REPORT_INIT;
	struct janus__root opened, *root = NULL;
	bool reachable = !last &&
			 janus__root_open(&opened, marker->proc, spec, &ignored) == 0;

	if (reachable)
		root = &opened;
	/* First, for the kernel goes on by itself to free the marks while we free the nodes. */
	if (last)
		flush(marker);
	if (last && coverage->trees)
		janus__trees_unlink_all(marker->trees);
	while (coverage->trees) {
		struct janus__tree *tree = coverage->trees;

		coverage->trees = tree->next_of_watch;
		release_nodes(marker, root, &tree->roots);
		release_nodes(marker, NULL, &tree->anchors);
		janus__later_forget(marker->later, tree);
		janus__doubts_forget(marker->doubts, tree);
		janus__tree_destroy(marker->trees, tree);
	}
	release_wide(marker, root, coverage);
	for (size_t i = 0; i < coverage->count; i++) {
		if (last)
			janus__rules_release(marker->rules, coverage->wanted[i].object);
		else
			janus__marks_release(marker, root, &coverage->wanted[i]);
	}
	if (reachable)
		janus__root_done(&opened);
	free(coverage->wanted);
	free(coverage->wide);
	*coverage = (struct janus__coverage){ 0 };
	janus__marks_count(marker);
}

void janus__coverage_activate(struct janus__coverage *coverage, bool active)
{
	for (struct janus__tree *tree = coverage->trees; tree;
	     tree = tree->next_of_watch) {
		tree->coverage = coverage;
		tree->active = active;
	}
}
