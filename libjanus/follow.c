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
#include "follow_open.h"
#include "identify.h"
#include "observe.h"
#include "pattern.h"
#include "sweep.h"
#include "util.h"

#include <janus/types.h>

static const struct janus__subject *subject_of(const struct janus__node *node)
{
	return janus__spec_subject_of(node->tree->spec, node->tree->rule);
}

static bool asks(const struct janus__node *node)
{
	return janus__subject_asks(subject_of(node));
}

/*
 * Of two trees of one watch the one whose root is nearer speaks. Each goes its own way through
 * the index all the same.
 */
static bool speaks(const struct janus__follow *follow, struct janus__node *node)
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

/* Types. */

/* What writes to it says that it is a file; else it is looked at, if it is still there. */
static uint32_t type_of(struct janus__follow *follow,
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

/* Structure. */

static struct janus__node *target_in(const struct janus__follow *follow,
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
static void appear(struct janus__follow *follow, struct janus__node *directory,
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
	if (!is_directory && !asks(directory))
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

/* An entry is gone, and not to another place that we know. */
static void disappear(struct janus__follow *follow, const struct janus__node *directory,
		      const struct janus__observation *seen)
{
	struct janus__node *node = target_in(follow, directory, seen);

	if (node && (node->flags & JANUS__NODE_FILE))
		janus__sweep_note(follow->marker->trees);
	if (!node || (node->flags & (JANUS__NODE_FILE | JANUS__NODE_ROOT)))
		return;
	if (node->parent == directory)
		janus__cover_forget(follow->marker, node);
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

static void pass_anchor(struct janus__follow *follow, const struct janus__node *anchor,
			const char *name)
{
	if (!anchor->tree->active || !awaits(anchor, name))
		return;
	anchor->tree->dirty = true;
	follow->stale = true;
}

/* Entries. */

static void tell(struct janus__follow *follow, const struct janus__news *news)
{
	janus__tell(follow->marker->teller, news);
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
	    target_in(follow, directory, seen))
		return true;
	if (freshness == JANUS__FRESH_NOT)
		return false;
	listed = janus__fresh_has(fresh, directory, seen->name, &seen->target);
	if (kind == JANUS_EVENT_CREATE)
		return listed || freshness == JANUS__FRESH_KNOWN;
	return kind == JANUS_EVENT_DELETE && !listed;
}

/* An entry that came and went: in which order, and how often, the kernel does not tell. */
static void note_told(const struct janus__follow *follow,
		      const struct janus__observation *seen,
		      const struct janus__news *news)
{
	const uint64_t both = FAN_CREATE | FAN_DELETE;
	const struct janus__name name = { follow->marker->trees, news->node, news->name };
	bool present = news->kind == JANUS_EVENT_CREATE;

	if (!present && news->kind != JANUS_EVENT_DELETE)
		return;
	if ((seen->mask & both) == both)
		janus__doubts_note(follow->marker->doubts, &name, present);
	else
		janus__doubts_update(follow->marker->doubts, &name, present);
}

static void handle_entry(struct janus__follow *follow, struct janus__node *directory,
			 const struct janus__observation *seen)
{
	bool is_directory = seen->mask & FAN_ONDIR;
	bool left_out = janus__extent_leaves_out(directory, seen->name, is_directory);
	bool told = !left_out && !asks(directory) && speaks(follow, directory);
	struct janus__news news = {
		.node = directory,
		.name = seen->name,
		.pid = seen->pid,
	};
	size_t at = 0;

	if (told)
		news.file_type = type_of(follow, seen, directory);
	while ((news.kind = janus__observe_kind_at(seen->mask, &at))) {
		if (told && !is_known(follow, directory, seen, news.kind)) {
			tell(follow, &news);
			note_told(follow, seen, &news);
		}
		if (news.kind == JANUS_EVENT_CREATE)
			appear(follow, directory, seen);
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
	if (node->parent || asks(node)) {
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
	bool told = !asks(node) && speaks(follow, node);
	size_t at = 0;

	/* What our own walks do to directories is no news. */
	if (own)
		mask &= ~(uint64_t)(FAN_OPEN | FAN_ACCESS);
	while ((news.kind = janus__observe_kind_at(mask, &at)))
		if (told)
			tell(follow, &news);
	if (seen->mask & FAN_DELETE_SELF)
		end_node(follow, node);
}

static void handle_node(struct janus__follow *follow, struct janus__node *node,
			const struct janus__observation *seen)
{
	if (node->flags & JANUS__NODE_ANCHOR) {
		if (seen->mask & (FAN_CREATE | FAN_DELETE))
			pass_anchor(follow, node, seen->name);
	} else if (!node->tree->active || (node->flags & JANUS__NODE_LEFT_OUT)) {
		return;
	} else if (!seen->name) {
		handle_self(follow, node, seen);
	} else if (janus__extent_covers_entries(node)) {
		handle_entry(follow, node, seen);
	}
}

/* Renames. */

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
		tell(follow, &(struct janus__news){
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
		news.file_type = type_of(follow, seen, move->to);
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
	tell(follow, &news);
}

static bool is_at(const struct janus__node *node, const struct janus__node *directory,
		  const char *name)
{
	size_t length;
	const char *its = janus__node_name(node, &length);

	return node->parent == directory && length == strlen(name) &&
	       memcmp(its, name, length) == 0;
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
		if (node && move->from && !asks(node) &&
		    is_at(node, move->from, move->seen->old_name))
			janus__cover_forget(follow->marker, node);
	} else if (!node) {
		appear(follow, to, move->seen);
		/* Where it was the kernel may have been told to leave it alone. */
		if (asks(to))
			janus__quiet_clear(follow->marker->quiet);
	} else if (node->flags & JANUS__NODE_LEAF) {
		/* It may be one of those that are covered now. */
		janus__cover_forget(follow->marker, node);
		appear(follow, to, move->seen);
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
	       is_at(node, move->to, move->seen->name);
}

static void move_in_tree(struct janus__follow *follow, struct move *move)
{
	const struct janus__observation *seen = move->seen;
	struct janus__node *any = move->from ? move->from : move->to;
	struct janus__node *node = target_in(follow, any, seen);
	bool is_directory = seen->mask & FAN_ONDIR;
	bool told = !asks(any) && speaks(follow, any);

	if (!any->tree->active)
		return;
	if (move->from &&
	    janus__extent_leaves_out(move->from, seen->old_name, is_directory))
		move->from = NULL;
	if (move->to && janus__extent_leaves_out(move->to, seen->name, is_directory)) {
		if (asks(move->to))
			appear(follow, move->to, seen);
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
	if (asks(any))
		janus__sweep_note(follow->marker->trees);
	if (move->to)
		appear(follow, move->to, seen);
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
	node = target_in(follow, move->from, move->seen);
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
static void handle_rename(struct janus__follow *follow,
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
				pass_anchor(follow, node, names[side]);
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
		handle_rename(follow, seen);
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
