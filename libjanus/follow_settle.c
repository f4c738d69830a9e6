// SPDX-License-Identifier: MIT
/*
 * Owns when trees are looked through again: after an overflow, after a mount, and where
 * something has happened on the way to a root.
 */
#include "follow.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "follow_open.h"
#include "later.h"
#include "sweep.h"
#include "util.h"

#include <janus/types.h>

/* What cannot be found so often is not to be found: it left the tree, or this world. */
#define TRIES_MAX 16

/* Each watch is told once. */
static bool is_first_of_spec(const struct janus__follow *follow,
			     const struct janus__tree *tree)
{
	const struct janus__tree *other = follow->marker->trees->list;

	while (other != tree && !(other->spec == tree->spec && other->active))
		other = other->next;
	return other == tree;
}

void janus__follow_overflow(struct janus__follow *follow)
{
	janus__count(&follow->marker->counters->overflows, 1);
	for (struct janus__tree *tree = follow->marker->trees->list; tree;
	     tree = tree->next) {
		if (!tree->active)
			continue;
		tree->dirty = true;
		tree->lost = true;
		follow->stale = true;
		if (is_first_of_spec(follow, tree))
			janus__tell_gap(follow->marker->teller, tree, "", -EOVERFLOW);
	}
}

static bool is_below(const char *point, const struct janus__node *root)
{
	size_t length;
	const char *name = janus__node_name(root, &length);

	if (length == 1)
		return true;
	return strncmp(point, name, length) == 0 &&
	       (point[length] == '/' || point[length] == '\0');
}

/* What is mounted in a target as far as a tree is concerned. */
static uint64_t hash_mounts(const struct janus__tree *tree,
			    const struct janus__mounts *mounts)
{
	uint64_t hash = JANUS__HASH_BEGIN;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct janus__mount *mount = &mounts->list[i];
		bool below = !tree->roots; /* then anything can lead to one */

		for (const struct janus__node *root = tree->roots; root && !below;
		     root = root->sibling)
			below = is_below(mount->point, root);
		if (!below)
			continue;
		hash = janus__hash(hash, &mount->id, sizeof(mount->id));
		hash = janus__hash(hash, mount->point, strlen(mount->point) + 1);
	}
	return hash;
}

bool janus__follow_note_mounts(struct janus__tree *tree, struct janus__places *places)
{
	uint64_t former = tree->mounts;

	/* Any path will do to have them read. */
	(void)janus__places_find(places, "/");
	if (!places->error)
		tree->mounts = hash_mounts(tree, &places->target);
	return tree->mounts != former;
}

static void look_at_mounts(struct janus__follow *follow, struct janus__tree *tree)
{
	if (janus__follow_cover(follow, tree) < 0 ||
	    !janus__follow_note_mounts(tree, &follow->cover.places))
		return;
	tree->lost = true;
	tree->dirty = true;
	follow->stale = true;
}

void janus__follow_mounts(struct janus__follow *follow)
{
	janus__follow_close(follow);
	for (struct janus__tree *tree = follow->marker->trees->list; tree;
	     tree = tree->next)
		if (tree->active)
			look_at_mounts(follow, tree);
}

static void refresh(struct janus__follow *follow, struct janus__tree *tree)
{
	janus__count(&follow->marker->counters->rescans, 1);
	if (janus__follow_cover(follow, tree) == 0)
		janus__cover_refresh(&follow->cover, tree);
	janus__quiet_clear(follow->marker->quiet);
	/* Without its target there is nothing to be found any more. */
	tree->dirty = false;
	tree->lost = false;
}

/* False: it has to be looked at once more. */
static bool look_again(struct janus__follow *follow, struct janus__later_entry *later)
{
	struct janus__node *directory = janus__tree_find(
		follow->marker->trees, later->tree, &later->directory.fid);
	struct janus__entry entry = {
		.directory = directory,
		.name = later->name,
		.type = later->is_directory ? JANUS_FILE_DIRECTORY : JANUS_FILE_REGULAR,
		.fid = later->target.fid.length ? &later->target.fid : NULL,
	};

	if (!directory || !later->tree->active)
		return true;
	entry.fd = janus__follow_open(follow, directory);
	if (entry.fd < 0 && ++later->tries < TRIES_MAX)
		return false;
	if (entry.fd < 0) {
		janus__follow_gap(follow, directory, -ENOENT);
		return true;
	}
	janus__cover_entry(&follow->cover, &entry);
	follow->marker->kernel->close(entry.fd);
	return true;
}

/* Once all that is queued was followed, things are where the index says. */
static void look_at_postponed(struct janus__follow *follow)
{
	struct janus__later *later = follow->marker->later;
	struct janus__later_entry *entry;

	if (!later->first || janus__marks_queued(follow->marker))
		return;
	entry = janus__later_take(later);
	while (entry) {
		struct janus__later_entry *next = entry->next;

		if (look_again(follow, entry))
			free(entry);
		else
			janus__later_put(later, entry);
		entry = next;
	}
}

void janus__follow_settle(struct janus__follow *follow)
{
	struct janus__tree *tree = follow->stale ? follow->marker->trees->list : NULL;

	follow->stale = false;
	for (; tree; tree = tree->next)
		if (tree->active && tree->dirty)
			refresh(follow, tree);
	look_at_postponed(follow);
	janus__follow_resolve(follow);
	janus__sweep(follow->marker);
	janus__follow_close(follow);
	janus__marks_count(follow->marker);
}
