// SPDX-License-Identifier: MIT
/*
 * Owns what an event of an entry and one of a rename have in common: whose word it is, what it
 * speaks of, and what follows when something has appeared.
 */
#include "follow_entry.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "extent.h"
#include "follow_open.h"
#include "pattern.h"

#include <janus/types.h>

static const struct janus__subject *subject_of(const struct janus__node *node)
{
	return janus__spec_subject_of(node->tree->spec, node->tree->rule);
}

bool janus__follow_asks(const struct janus__node *node)
{
	return janus__subject_asks(subject_of(node));
}

/*
 * Of two trees of one watch the one whose root is nearer speaks. Each goes its own way through
 * the index all the same.
 */
bool janus__follow_speaks(const struct janus__follow *follow, struct janus__node *node)
{
	const struct janus__trees *trees = follow->marker->trees;
	struct janus__fid fid = janus__node_fid(trees, node);
	struct janus__node *other = janus__trees_find(trees, &fid, NULL);
	uint32_t depth, its_depth;

	janus__node_root(node, &depth);
	for (; other; other = janus__trees_find(trees, &fid, other)) {
		if (other->tree == node->tree || other->tree->spec != node->tree->spec ||
		    (other->flags & JANUS__NODE_ANCHOR))
			continue;
		janus__node_root(other, &its_depth);
		if (its_depth < depth || (its_depth == depth && other < node))
			return false;
	}
	return true;
}

/* What writes to it says that it is a file; else it is looked at, if it is still there. */
uint32_t janus__follow_type_of(struct janus__follow *follow,
			       const struct janus__observation *seen,
			       const struct janus__node *directory)
{
	uint32_t type;

	if (seen->mask & FAN_ONDIR)
		return JANUS_FILE_DIRECTORY;
	if ((seen->mask & (FAN_MODIFY | FAN_CLOSE_WRITE)) ||
	    !(seen->mask & (FAN_CREATE | FAN_RENAME)))
		return JANUS_FILE_REGULAR;
	type = janus__follow_type(follow, directory, seen->name);
	/* Another one has that name by now. */
	return type == JANUS_FILE_DIRECTORY ? JANUS_FILE_REGULAR : type;
}

struct janus__node *janus__follow_target(const struct janus__follow *follow,
					 const struct janus__node *directory,
					 const struct janus__observation *seen)
{
	if (!seen->target.length)
		return NULL;
	return janus__tree_find(follow->marker->trees, directory->tree, &seen->target);
}

/* The directory could not be opened: something above it may be on the move. */
static void postpone(struct janus__follow *follow, const struct janus__node *directory,
		     const struct janus__observation *seen, int err)
{
	struct janus__fid fid = janus__node_fid(follow->marker->trees, directory);

	if (err == -ESRCH) /* the target is gone, and all of its tree */
		return;
	if (err == -ENOENT || err == -ENOTDIR || err == -ESTALE)
		err = janus__later_add(follow->marker->later, directory->tree, seen,
				       &fid);
	if (err)
		janus__follow_gap(follow, directory, err);
}

/* Something has appeared in a directory; what that means is for the cover to know. */
void janus__follow_appear(struct janus__follow *follow, struct janus__node *directory,
			  const struct janus__observation *seen)
{
	bool is_directory = seen->mask & FAN_ONDIR;
	struct janus__entry entry = {
		.directory = directory,
		.name = seen->name,
		.type = is_directory ? JANUS_FILE_DIRECTORY : JANUS_FILE_REGULAR,
		.fid = seen->target.length ? &seen->target : NULL,
	};

	/* Files are only marked below a deny; left out they are ends of a tree that asks. */
	if (!is_directory && !janus__follow_asks(directory))
		return;
	if (!(subject_of(directory)->flags & JANUS_SUBJECT_RECURSIVE) &&
	    !janus__extent_has_leaves(directory->tree))
		return;
	entry.fd = janus__follow_open(follow, directory);
	if (entry.fd >= 0) {
		janus__cover_entry(&follow->cover, &entry);
		follow->marker->kernel->close(entry.fd);
		return;
	}
	postpone(follow, directory, seen, entry.fd);
}

/* Whether a name, as an event tells it, is one that an anchor waits for. */
static bool awaits(const struct janus__node *anchor, const char *name)
{
	char component[NAME_MAX + 1];
	size_t length;
	const char *its = janus__node_name(anchor, &length);

	if (!name || length > NAME_MAX)
		return false;
	memcpy(component, its, length);
	component[length] = '\0';
	if (subject_of(anchor)->flags & JANUS_SUBJECT_GLOB)
		return janus__pattern_match(component, name);
	return strcmp(component, name) == 0;
}

void janus__follow_anchor(struct janus__follow *follow, const struct janus__node *anchor,
			  const char *name)
{
	if (!anchor->tree->active || !awaits(anchor, name))
		return;
	anchor->tree->dirty = true;
	follow->stale = true;
}
