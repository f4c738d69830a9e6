/* SPDX-License-Identifier: MIT */
/*
 * The table in which the nodes of all trees of a context are found by their handles. Part of
 * tree.h.
 */
#ifndef JANUS_NODES_H
#define JANUS_NODES_H

#include "tree.h"

int janus__nodes_init(struct janus__trees *trees);
void janus__nodes_done(struct janus__trees *trees);

/* What a node's hash must be. */
uint32_t janus__nodes_hash(const struct janus__fid *fid);

/* Make room for one more. Without memory the chains just get longer. */
void janus__nodes_grow(struct janus__trees *trees);

void janus__nodes_add(struct janus__trees *trees, struct janus__node *node);

/* If it is there. */
void janus__nodes_remove(struct janus__trees *trees, const struct janus__node *node);

#endif
