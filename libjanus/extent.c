// SPDX-License-Identifier: MIT
#include "extent.h"

#include <limits.h>

#include "pattern.h"

static const struct janus__subject *subject_of(const struct janus__tree *tree)
{
	return janus__spec_subject_of(tree->spec, tree->rule);
}

bool janus__extent_covers_entries(struct janus__node *directory)
{
	const struct janus__subject *subject = subject_of(directory->tree);
	uint32_t depth;

	if (directory->flags & (JANUS__NODE_FILE | JANUS__NODE_LEAF))
		return false;
	janus__node_root(directory, &depth);
	if (!(subject->flags & JANUS_SUBJECT_RECURSIVE))
		return depth == 0;
	return subject->max_depth == 0 || depth < subject->max_depth;
}

bool janus__extent_leaves_out(const struct janus__node *directory, const char *name,
			      bool is_directory)
{
	const struct janus__subject *subject = subject_of(directory->tree);
	char path[PATH_MAX];
	struct janus__entry_path entry = { .path = path, .directory = is_directory };
	const struct janus__node *root = directory;

	if (subject->ignore_count == 0 ||
	    janus__node_path(directory, name, path, sizeof(path)) < 0)
		return false;
	while (root->parent)
		root = root->parent;
	entry.root_length = root->name_length;
	return janus__pattern_ignores(subject->ignore, subject->ignore_count, &entry);
}

bool janus__extent_goes_below(const struct janus__tree *tree, uint32_t depth)
{
	const struct janus__subject *subject = subject_of(tree);

	return (subject->flags & JANUS_SUBJECT_RECURSIVE) &&
	       (subject->max_depth == 0 || depth + 1 < subject->max_depth);
}

bool janus__extent_has_leaves(const struct janus__tree *tree)
{
	const uint32_t kinds = JANUS_EVENT_OPEN | JANUS_EVENT_ACCESS | JANUS_EVENT_ATTRIB;
	const struct janus__subject *subject = subject_of(tree);

	return !janus__subject_asks(subject) && (subject->events & kinds) &&
	       (!(subject->flags & JANUS_SUBJECT_RECURSIVE) || subject->max_depth);
}
