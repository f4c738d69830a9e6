// SPDX-License-Identifier: MIT
/*
 * Owns what becomes of a single entry of a tree: a file below a deny is marked itself, what is
 * left out makes an end, and a directory at the edge is known by its handle.
 */
#include "cover_tree.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "handle.h"

#include <janus/types.h>

static const struct janus__subject *subject_of(const struct janus__cover *cover)
{
	return janus__spec_subject_of(cover->spec, cover->rule);
}

/* An entry by its name, without opening it: O_PATH asks nobody. */
static int look_at(struct janus__cover *cover, const struct janus__entry *entry,
		   struct janus__found *ret)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV,
	};
	int fd = cover->marker->kernel->openat2(entry->fd, entry->name, &how);
	int err;

	if (fd < 0)
		return fd;
	err = janus__found_init(ret, cover->marker, fd, 0);
	if (err)
		cover->marker->kernel->close(fd);
	return err;
}

/* *@ret is NULL if the tree has such a node already, under this or another name. */
static int make_entry_node(struct janus__cover *cover, const struct janus__entry *entry,
			   const struct janus__found *found, uint16_t flags,
			   struct janus__node **ret)
{
	struct janus__trees *trees = cover->marker->trees;
	struct janus__handle handle;
	const struct janus__node_facts facts = {
		.fid = &handle.fid,
		.name = entry->name,
		.name_length = strlen(entry->name),
		.parent = entry->directory,
		.flags = flags,
	};
	struct janus__node *node = NULL;
	int err;

	*ret = NULL;
	handle.fid.fsid = trees->filesystems[entry->directory->filesystem].fsid;
	err = janus__handle_read(cover->marker->kernel, found->fd, "", &handle);
	if (err)
		return err;
	node = janus__trees_find(trees, &handle.fid, NULL);
	while (node && (node->tree != cover->tree || !(node->flags & flags)))
		node = janus__trees_find(trees, &handle.fid, node);
	if (node)
		return 0;
	*ret = janus__node_create(trees, cover->tree, &facts);
	return *ret ? 0 : -ENOMEM;
}

void janus__cover_tree_note_entry(struct janus__cover *cover,
				  const struct janus__entry *entry, int err)
{
	char path[PATH_MAX];

	if (janus__node_path(entry->directory, entry->name, path, sizeof(path)) < 0)
		path[0] = '\0';
	janus__cover_tree_note(cover, path, err);
}

/*
 * What a deny has once covered stays denied under any name: so each file is marked itself, and
 * asks wherever it goes.
 */
static int mark_file(struct janus__cover *cover, const struct janus__entry *entry,
		     const struct janus__found *found)
{
	struct janus__node *node;
	int err = janus__marks_check_limit(cover->marker);

	if (err || !S_ISREG(found->file.type))
		return err;
	err = make_entry_node(cover, entry, found, JANUS__NODE_FILE, &node);
	if (!node)
		return err;
	/* Without an index an overlay has an inode for each name of a file. */
	if (found->filesystem == JANUS__FILESYSTEM_OVERLAY && found->file.links > 1)
		janus__quiet_forbid(cover->marker->quiet);
	err = janus__cover_tree_hold(cover, node, found);
	if (!err)
		err = janus__marks_ask(cover->marker, found, janus__node_object(node),
				       subject_of(cover)->events);
	if (err)
		janus__cover_forget(cover->marker, node);
	else if (cover->report)
		cover->report->tree_files++;
	return err;
}

void janus__cover_tree_file(struct janus__cover *cover, const struct janus__entry *entry)
{
	struct janus__found found;
	int err;

	if (!cover->rule->deny || !janus__subject_asks(subject_of(cover)) ||
	    !(subject_of(cover)->flags & JANUS_SUBJECT_RECURSIVE))
		return;
	err = look_at(cover, entry, &found);
	if (!err) {
		err = mark_file(cover, entry, &found);
		cover->marker->kernel->close(found.fd);
	}
	if (err && err != -ENOENT && err != -EXDEV)
		janus__cover_tree_note_entry(cover, entry, err);
}

/* The tree ends there: its object says so to whoever asks what lies below. */
static int end_tree(struct janus__cover *cover, const struct janus__entry *entry,
		    const struct janus__found *found)
{
	struct janus__change change = { .new_spec = cover->spec, .new_count = 1 };
	struct janus__wanted wanted = { .rule = cover->rule, .ignore = true };
	struct janus__node *node;
	int err = make_entry_node(cover, entry, found, JANUS__NODE_LEFT_OUT, &node);

	if (!node)
		return err;
	err = janus__cover_tree_hold(cover, node, found);
	wanted.object = janus__node_object(node);
	change.new_wanted = &wanted;
	if (!err)
		err = janus__rules_swap(cover->marker->rules, &change);
	if (err)
		janus__cover_forget(cover->marker, node);
	return err;
}

void janus__cover_tree_leave_out(struct janus__cover *cover,
				 const struct janus__entry *entry)
{
	struct janus__found found;
	int err;

	if (!janus__subject_asks(subject_of(cover)))
		return;
	err = look_at(cover, entry, &found);
	if (!err) {
		err = end_tree(cover, entry, &found);
		cover->marker->kernel->close(found.fd);
	}
	if (err && err != -ENOENT && err != -EXDEV)
		janus__cover_tree_note_entry(cover, entry, err);
}

void janus__cover_tree_leaf(struct janus__cover *cover, const struct janus__entry *entry)
{
	struct janus__trees *trees = cover->marker->trees;
	struct janus__handle handle;
	const struct janus__node_facts facts = {
		.fid = &handle.fid,
		.name = entry->name,
		.name_length = strlen(entry->name),
		.parent = entry->directory,
		.flags = JANUS__NODE_LEAF,
	};
	int err;

	handle.fid.fsid = trees->filesystems[entry->directory->filesystem].fsid;
	err = janus__handle_read(cover->marker->kernel, entry->fd, entry->name, &handle);
	if (!err && !janus__tree_find(trees, cover->tree, &handle.fid) &&
	    !janus__node_create(trees, cover->tree, &facts))
		err = -ENOMEM;
	if (err && err != -ENOENT)
		janus__cover_tree_note_entry(cover, entry, err);
}
