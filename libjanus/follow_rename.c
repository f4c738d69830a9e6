// SPDX-License-Identifier: MIT
/*
 * Owns what a rename means to each tree: within it, into it, or out of it; and what it means
 * when a walk has come across the new place before it was told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "extent.h"
#include "follow_entry.h"
#include "follow_open.h"
#include "sweep.h"

#include <janus/types.h>

/* One tree's view of a rename; NULL: that side is not in the tree, or left out of it. */
struct move {
	struct janus__node *from;
	struct janus__node *to;
	const struct janus__observation *seen;
	bool listed; /* a listing has told of the new name already */
};

static void look_at_freshness(const struct janus__follow *follow, struct move *move)
{
	const struct janus__fresh *fresh = follow->marker->fresh;
	const struct janus__observation *seen = move->seen;
	enum janus__freshness from = JANUS__FRESH_NOT, to = JANUS__FRESH_NOT;

	if (move->from)
		from = janus__fresh_of(fresh, move->from);
	if (move->to)
		to = janus__fresh_of(fresh, move->to);
	/* It was gone before its directory was listed: nobody was told of it. */
	if (from == JANUS__FRESH_KNOWN ||
	    (from == JANUS__FRESH_MAYBE &&
	     !janus__fresh_has(fresh, move->from, seen->old_name, &seen->target)))
		move->from = NULL;
	if (to == JANUS__FRESH_NOT)
		return;
	move->listed = janus__fresh_has(fresh, move->to, seen->name, &seen->target);
	/* It was gone again before that: whoever looks for it finds it elsewhere. */
	if (!move->listed && to == JANUS__FRESH_KNOWN)
		move->to = NULL;
}

/*
 * An exchange comes as two renames, there and back. What the first one brought has taken the
 * place of what the second one takes away: nobody knows any more what that was, so it is told
 * as new.
 */
static bool was_exchanged(const struct janus__follow *follow, const struct move *move)
{
	return move->from && follow->last.directory == move->from &&
	       strcmp(follow->last.name, move->seen->old_name) == 0 &&
	       follow->last.target != janus__follow_hash(&move->seen->target);
}

/* What comes from outside can take the place of a directory, and all below that is gone. */
static void tell_replaced(struct janus__follow *follow, const struct move *move)
{
	const struct janus__node *other = janus__node_find_other(
		follow->marker->trees, move->to, move->seen->name, &move->seen->target);

	if (other)
		janus__tell(follow->marker->teller,
			    &(struct janus__news){
				    .node = other,
				    .kind = JANUS_EVENT_DELETE,
				    .file_type = JANUS_FILE_DIRECTORY,
			    });
}

/* Renames of the same entry from and to the same places are one event, however many. */
static void doubt_move(const struct janus__follow *follow, const struct move *move)
{
	struct janus__doubts *doubts = follow->marker->doubts;
	struct janus__name name = { follow->marker->trees, move->from,
				    move->seen->old_name };

	if (move->from)
		janus__doubts_note(doubts, &name, false);
	name.directory = move->to;
	name.name = move->seen->name;
	if (move->to)
		janus__doubts_note(doubts, &name, true);
}

static void tell_move(struct janus__follow *follow, const struct move *move)
{
	const struct janus__observation *seen = move->seen;
	struct janus__news news = {
		.node = move->to,
		.name = seen->name,
		.pid = seen->pid,
		.kind = JANUS_EVENT_RENAME,
	};

	if (!move->to && was_exchanged(follow, move))
		return;
	if (move->to)
		news.file_type = janus__follow_type_of(follow, seen, move->to);
	if (move->from && move->to && !was_exchanged(follow, move)) {
		news.old_node = move->from;
		news.old_name = seen->old_name;
	} else if (move->to) {
		news.kind = JANUS_EVENT_CREATE;
		if (move->listed)
			return;
		tell_replaced(follow, move);
	} else if (move->from) {
		news.node = move->from;
		news.name = seen->old_name;
		news.kind = JANUS_EVENT_DELETE;
		news.file_type = seen->mask & FAN_ONDIR ? JANUS_FILE_DIRECTORY
							: JANUS_FILE_REGULAR;
	} else {
		return;
	}
	janus__tell(follow->marker->teller, &news);
}

/* A directory of a tree has moved; @node is it, if it is known. */
static void move_directory(struct janus__follow *follow, const struct move *move,
			   struct janus__node *node)
{
	struct janus__node *to = move->to;

	if (!to) {
		/*
		 * What asks goes on to ask wherever it is. What was found elsewhere since is
		 * where it was found.
		 */
		if (node && move->from && !janus__follow_asks(node) &&
		    janus__node_is_at(node, move->from, move->seen->old_name))
			janus__cover_forget(follow->marker, node);
	} else if (!node) {
		janus__follow_appear(follow, to, move->seen);
		/* Where it was the kernel may have been told to leave it alone. */
		if (janus__follow_asks(to))
			janus__quiet_clear(follow->marker->quiet);
	} else if (node->flags & JANUS__NODE_LEAF) {
		/* It may be one of those that are covered now. */
		janus__cover_forget(follow->marker, node);
		janus__follow_appear(follow, to, move->seen);
	} else if (node->parent) {
		if (janus__node_move(node, to, move->seen->name) < 0)
			janus__follow_gap(follow, to, -ENOMEM);
	}
}

/*
 * A walk has come across a directory that nobody knew of, and what it was before is only told
 * now: it is where it was found.
 */
static bool is_history(const struct janus__follow *follow, const struct janus__node *node)
{
	return !(node->flags & JANUS__NODE_LEFT_OUT) &&
	       janus__fresh_of(follow->marker->fresh, node) != JANUS__FRESH_NOT;
}

/* Whoever looks through a tree can come across a directory's new place before the event. */
static bool is_told_already(const struct move *move, const struct janus__node *node)
{
	return node && move->to && move->from != move->to &&
	       janus__node_is_at(node, move->to, move->seen->name);
}

static void move_in_tree(struct janus__follow *follow, struct move *move)
{
	const struct janus__observation *seen = move->seen;
	struct janus__node *any = move->from ? move->from : move->to;
	struct janus__node *node = janus__follow_target(follow, any, seen);
	bool is_directory = seen->mask & FAN_ONDIR;
	bool told = !janus__follow_asks(any) && janus__follow_speaks(follow, any);

	if (!any->tree->active)
		return;
	if (move->from &&
	    janus__extent_leaves_out(move->from, seen->old_name, is_directory))
		move->from = NULL;
	if (move->to && janus__extent_leaves_out(move->to, seen->name, is_directory)) {
		if (janus__follow_asks(move->to))
			janus__follow_appear(follow, move->to, seen);
		move->to = NULL;
	}
	look_at_freshness(follow, move);
	if (node && is_history(follow, node))
		move->to = NULL;
	if (told && !is_told_already(move, node)) {
		tell_move(follow, move);
		doubt_move(follow, move);
	}
	if (told && node && move->to && was_exchanged(follow, move)) {
		janus__cover_forget(follow->marker, node);
		node = NULL;
	}
	if (node && (node->flags & JANUS__NODE_LEFT_OUT)) {
		if (!move->to)
			return;
		janus__cover_forget(follow->marker, node);
		node = NULL;
	}
	if (is_directory) {
		move_directory(follow, move, node);
		return;
	}
	/* What it may have replaced is not told of. */
	if (janus__follow_asks(any))
		janus__sweep_note(follow->marker->trees);
	if (move->to)
		janus__follow_appear(follow, move->to, seen);
}

static struct janus__node *find_in(const struct janus__follow *follow,
				   const struct janus__tree *tree,
				   const struct janus__fid *fid)
{
	return fid->length ? janus__tree_find(follow->marker->trees, tree, fid) : NULL;
}

/*
 * A directory that has moved into one that is so new that it was not marked yet: only its old
 * place tells of it. The new one was listed since, and it was met there.
 */
static void find_meeting(const struct janus__follow *follow, struct move *move,
			 struct janus__observation *met)
{
	const struct janus__node *node;
	const struct janus__fresh_meeting *meeting;

	if (move->to || !move->from)
		return;
	node = janus__follow_target(follow, move->from, move->seen);
	meeting = node ? janus__fresh_met(follow->marker->fresh, node) : NULL;
	if (!meeting)
		return;
	*met = *move->seen;
	met->name = meeting->name;
	move->seen = met;
	move->to = meeting->directory;
}

static void note_rename(struct janus__follow *follow, const struct janus__node *to,
			const struct janus__observation *seen)
{
	follow->last.directory = to;
	follow->last.target = janus__follow_hash(&seen->target);
	snprintf(follow->last.name, sizeof(follow->last.name), "%s",
		 seen->name ? seen->name : "");
}

/* Each tree that has one of the two directories, once. */
void janus__follow_rename(struct janus__follow *follow,
			  const struct janus__observation *seen)
{
	const struct janus__fid *sides[] = { &seen->old_directory, &seen->directory };
	const char *names[] = { seen->old_name, seen->name };
	const struct janus__trees *trees = follow->marker->trees;
	struct janus__node *last = NULL;

	for (size_t side = 0; side < 2; side++) {
		struct janus__node *node, *next;

		if (!sides[side]->length || !names[side])
			continue;
		node = janus__trees_find(trees, sides[side], NULL);
		for (; node; node = next) {
			struct move move = { .seen = seen };
			struct janus__observation met;

			next = janus__trees_find(trees, sides[side], node);
			if (node->flags & JANUS__NODE_ANCHOR) {
				janus__follow_anchor(follow, node, names[side]);
				continue;
			}
			if (node->flags & (JANUS__NODE_FILE | JANUS__NODE_LEFT_OUT))
				continue;
			move.from = find_in(follow, node->tree, sides[0]);
			move.to = find_in(follow, node->tree, sides[1]);
			find_meeting(follow, &move, &met);
			/* The tree had its turn when the old directory was looked for. */
			if (side == 1 && move.from)
				continue;
			last = move.to;
			move_in_tree(follow, &move);
		}
	}
	note_rename(follow, last, seen);
}
