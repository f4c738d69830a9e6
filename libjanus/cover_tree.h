/* SPDX-License-Identifier: MIT */
/*
 * The inside of a go at covering: what the walk does with what it meets (cover_tree.c), and the
 * roots and the way to them (cover_root.c). Part of cover.h.
 */
#ifndef JANUS_COVER_TREE_H
#define JANUS_COVER_TREE_H

#include "cover.h"

/* Whether the tree has it; a root is called by @path from now on and was seen. */
bool janus__cover_tree_knows(struct janus__cover *cover,
			     const struct janus__found *found);

/* A new root, and everything below it. */
int janus__cover_tree_begin(struct janus__cover *cover, const struct janus__found *found);

/* Where an entry of that name (a pattern, if the rule is one) leads on. */
void janus__cover_tree_await(struct janus__cover *cover, int fd, const char *name);
void janus__cover_tree_forget_way(struct janus__cover *cover);

/* What was not seen is not there any more. */
void janus__cover_tree_sweep(struct janus__cover *cover);

/* Walk into a root; into a directory that has appeared in another one. */
int janus__cover_tree_walk(struct janus__cover *cover, struct janus__node *node, int fd);
void janus__cover_tree_walk_child(struct janus__cover *cover,
				  const struct janus__entry *entry);

/* Of the walk, for a single entry: mark it, or make an end there. */
void janus__cover_tree_file(struct janus__cover *cover, const struct janus__entry *entry);
void janus__cover_tree_leave_out(struct janus__cover *cover,
				 const struct janus__entry *entry);

/* A directory that is an entry of what is covered, but not covered itself. */
void janus__cover_tree_leaf(struct janus__cover *cover, const struct janus__entry *entry);

/* What could not be covered: into the report, or told as a gap. */
void janus__cover_tree_note(struct janus__cover *cover, const char *path, int err);
void janus__cover_tree_note_entry(struct janus__cover *cover,
				  const struct janus__entry *entry, int err);

/* Tell of a directory that was entered and is new; of another entry of one. */
void janus__cover_tree_announce(struct janus__cover *cover, struct janus__node *node);
void janus__cover_tree_announce_file(struct janus__cover *cover,
				     const struct janus__entry *entry);

/* A node's inode becomes an object, below that of the node's parent. */
int janus__cover_tree_hold(struct janus__cover *cover, struct janus__node *node,
			   const struct janus__found *found);

/* Observe an inode; @fd may be O_PATH. */
int janus__cover_tree_observe(const struct janus__cover *cover, int fd, uint64_t mask);

/*
 * Where a tree begins, or goes on on another file system: -EOPNOTSUPP if one that is known
 * already has the same fsid.
 */
int janus__cover_tree_check_twin(struct janus__cover *cover,
				 const struct janus__node *node,
				 const struct janus__found *found);

/* There, too: mark it by its strategy. */
int janus__cover_tree_mark_place(struct janus__cover *cover,
				 const struct janus__found *found);

#endif
