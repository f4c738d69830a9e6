/* SPDX-License-Identifier: MIT */
/*
 * How far a tree goes: what its subject's depth and patterns leave in and out. Pure.
 */
#ifndef JANUS_EXTENT_H
#define JANUS_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "tree.h"

/* Whether the rule of a node's tree speaks of the entries of that directory. */
bool janus__extent_covers_entries(struct janus__node *directory);

/* Whether a pattern of the tree's subject leaves an entry out. */
bool janus__extent_leaves_out(const struct janus__node *directory, const char *name,
			      bool is_directory);

/* Whether directories in one of this depth are entered. */
bool janus__extent_goes_below(const struct janus__tree *tree, uint32_t depth);

/*
 * Whether a directory that is not covered itself, but an entry of one that is, has to be known:
 * what happens to it as such is told by its own handle.
 */
bool janus__extent_has_leaves(const struct janus__tree *tree);

#endif
