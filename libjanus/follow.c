// SPDX-License-Identifier: MIT
/*
 * Owns what an observation does to the index, and what is told of it. Opens directories only
 * for what has appeared in them.
 */
#include "follow.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "extent.h"
#include "follow_entry.h"
#include "follow_open.h"
#include "identify.h"
#include "observe.h"
#include "pattern.h"
#include "sweep.h"
#include "util.h"

#include <janus/types.h>

/* An entry is gone, and not to another place that we know. */
static void disappear(struct janus__follow *follow, const struct janus__node *directory,
		      const struct janus__observation *seen)
{
	struct janus__node *node = janus__follow_target(follow, directory, seen);

	if (node && (node->flags & JANUS__NODE_FILE))
		janus__sweep_note(follow->marker->trees);
	if (!node || (node->flags & (JANUS__NODE_FILE | JANUS__NODE_ROOT)))
		return;
	if (node->parent == directory)
		janus__cover_forget(follow->marker, node);
}

/* Whether a listing that is not long ago has told of an entry, or knows better. */
static bool is_known(const struct janus__follow *follow,
		     const struct janus__node *directory,
		     const struct janus__observation *seen, uint32_t kind)
{
	const struct janus__fresh *fresh = follow->marker->fresh;
	enum janus__freshness freshness = janus__fresh_of(fresh, directory);
	bool listed;

	/* A walk was quicker, and has told of it wherever it is by now. */
	if (kind == JANUS_EVENT_CREATE && (seen->mask & FAN_ONDIR) &&
	    janus__follow_target(follow, directory, seen))
		return true;
	if (freshness == JANUS__FRESH_NOT)
		return false;
	listed = janus__fresh_has(fresh, directory, seen->name, &seen->target);
	if (kind == JANUS_EVENT_CREATE)
		return listed || freshness == JANUS__FRESH_KNOWN;
	return kind == JANUS_EVENT_DELETE && !listed;
}

/*
 * An entry that came and went: in which order, and how often, the kernel does not tell. Only
 * that of a link can come again as the same file; what was created by an open is no link.
 */
static void note_told(struct janus__follow *follow, const struct janus__observation *seen,
		      const struct janus__news *news)
{
	const uint64_t both = FAN_CREATE | FAN_DELETE;
	const uint64_t used = FAN_OPEN | FAN_MODIFY | FAN_CLOSE_WRITE;
	const struct janus__name name = { follow->marker->trees, news->node, news->name };
	bool present = news->kind == JANUS_EVENT_CREATE;

	if (!present && news->kind != JANUS_EVENT_DELETE)
		return;
	/* Its end is yet to be told. */
	if (present && (seen->mask & both) == both)
		return;
	if ((seen->mask & both) == both && !(seen->mask & used) &&
	    !janus__follow_is_absent(follow, news->node, news->name))
		janus__doubts_note(follow->marker->doubts, &name, present);
	else
		janus__doubts_update(follow->marker->doubts, &name, present);
}

static void handle_entry(struct janus__follow *follow, struct janus__node *directory,
			 const struct janus__observation *seen)
{
	bool is_directory = seen->mask & FAN_ONDIR;
	bool left_out = janus__extent_leaves_out(directory, seen->name, is_directory);
	bool told = !left_out && !janus__follow_asks(directory) &&
		    janus__follow_speaks(follow, directory);
	struct janus__news news = {
		.node = directory,
		.name = seen->name,
		.pid = seen->pid,
	};
	size_t at = 0;

	if (told)
		news.file_type = janus__follow_type_of(follow, seen, directory);
	while ((news.kind = janus__observe_kind_at(seen->mask, &at))) {
		if (told && !is_known(follow, directory, seen, news.kind)) {
			janus__tell(follow->marker->teller, &news);
			note_told(follow, seen, &news);
		}
		if (news.kind == JANUS_EVENT_CREATE)
			janus__follow_appear(follow, directory, seen);
		else if (news.kind == JANUS_EVENT_DELETE)
			disappear(follow, directory, seen);
	}
}

/*
 * The inode is no more: a rename over it, for one, is told of the other one only. A root that
 * is observed is missed on the way to it, and told as gone then.
 */
static void end_node(struct janus__follow *follow, struct janus__node *node)
{
	if (node->parent || janus__follow_asks(node)) {
		node->tree->dirty |= !node->parent;
		follow->stale |= !node->parent;
		janus__cover_forget(follow->marker, node);
	}
}

/* What happens to a root, or to a directory as such. */
static void handle_self(struct janus__follow *follow, struct janus__node *node,
			const struct janus__observation *seen)
{
	bool own = seen->pid == follow->own_pid && (seen->mask & FAN_ONDIR);
	uint64_t mask = own ? seen->mask & ~(uint64_t)(FAN_OPEN | FAN_ACCESS)
			    : seen->mask;
	struct janus__news news = {
		.node = node,
		.file_type = node->flags & JANUS__NODE_FILE ? JANUS_FILE_REGULAR
							    : JANUS_FILE_DIRECTORY,
		.pid = seen->pid,
	};
	bool told = !janus__follow_asks(node) && janus__follow_speaks(follow, node);
	size_t at = 0;

	/* What our own walks do to directories is no news. */
	if (own)
		mask &= ~(uint64_t)(FAN_OPEN | FAN_ACCESS);
	while ((news.kind = janus__observe_kind_at(mask, &at)))
		if (told)
			janus__tell(follow->marker->teller, &news);
	if (seen->mask & FAN_DELETE_SELF)
		end_node(follow, node);
}

static void handle_node(struct janus__follow *follow, struct janus__node *node,
			const struct janus__observation *seen)
{
	if (node->flags & JANUS__NODE_ANCHOR) {
		if (seen->mask & (FAN_CREATE | FAN_DELETE))
			janus__follow_anchor(follow, node, seen->name);
	} else if (!node->tree->active || (node->flags & JANUS__NODE_LEFT_OUT)) {
		return;
	} else if (!seen->name) {
		handle_self(follow, node, seen);
	} else if (janus__extent_covers_entries(node)) {
		handle_entry(follow, node, seen);
	}
}

/* A file that is watched by itself is told by its own handle, under whatever directory. */
static void handle_file(struct janus__follow *follow,
			const struct janus__observation *seen)
{
	const struct janus__trees *trees = follow->marker->trees;
	struct janus__node *node, *next;

	if (!seen->target.length || (seen->mask & FAN_ONDIR))
		return;
	node = janus__trees_find(trees, &seen->target, NULL);
	for (; node; node = next) {
		next = janus__trees_find(trees, &seen->target, node);
		if (node->tree->active && (node->flags & JANUS__NODE_ROOT))
			handle_self(follow, node, seen);
	}
}

void janus__follow(struct janus__follow *follow, const struct janus__observation *seen)
{
	const struct janus__trees *trees = follow->marker->trees;
	struct janus__node *node = NULL, *next;

	if (seen->mask & FAN_RENAME) {
		janus__follow_rename(follow, seen);
		return;
	}
	follow->last.directory = NULL;
	if (seen->directory.length)
		node = janus__trees_find(trees, &seen->directory, NULL);
	for (; node; node = next) {
		next = janus__trees_find(trees, &seen->directory, node);
		handle_node(follow, node, seen);
	}
	handle_file(follow, seen);
}
