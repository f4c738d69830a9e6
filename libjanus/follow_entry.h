/* SPDX-License-Identifier: MIT */
/*
 * What events of entries (follow.c) and renames (follow_rename.c) have in common. Part of
 * follow.h.
 */
#ifndef JANUS_FOLLOW_ENTRY_H
#define JANUS_FOLLOW_ENTRY_H

#include "follow.h"

/* Whether a node's tree asks for permission; else it is observed. */
bool janus__follow_asks(const struct janus__node *node);

/*
 * Of two trees of one watch the one whose root is nearer speaks. Each goes its own way through
 * the index all the same.
 */
bool janus__follow_speaks(const struct janus__follow *follow, struct janus__node *node);

/* What an event speaks of, enum janus_file_type. */
uint32_t janus__follow_type_of(struct janus__follow *follow,
			       const struct janus__observation *seen,
			       const struct janus__node *directory);

/* The node of what an event speaks of, in the tree of a directory; NULL: there is none. */
struct janus__node *janus__follow_target(const struct janus__follow *follow,
					 const struct janus__node *directory,
					 const struct janus__observation *seen);

/* Something has appeared in a directory; what that means is for the cover to know. */
void janus__follow_appear(struct janus__follow *follow, struct janus__node *directory,
			  const struct janus__observation *seen);

/* Something happened to a name on the way to where roots may be. */
void janus__follow_anchor(struct janus__follow *follow, const struct janus__node *anchor,
			  const char *name);

/* One rename. */
void janus__follow_rename(struct janus__follow *follow,
			  const struct janus__observation *seen);

#endif
