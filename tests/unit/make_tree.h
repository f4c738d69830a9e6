/* SPDX-License-Identifier: MIT */
/*
 * Trees for tests: one table of nodes, and handles that are numbers.
 */
#ifndef JANUS_TESTS_MAKE_TREE_H
#define JANUS_TESTS_MAKE_TREE_H

#include "make_spec.h"
#include "tree.h"

extern struct janus__trees make_trees;

/* For TestSuite(); the second frees all trees and their nodes. */
void make_trees_setup(void);
void make_trees_teardown(void);

/* A tree of one rule. */
struct janus__tree *make_tree(struct make_rule rule);

/* Its subject and its rule, to be changed while nobody else looks. */
struct janus__subject *make_tree_subject(const struct janus__tree *tree);
struct janus__rule *make_tree_rule(const struct janus__tree *tree);

/* The handle of this number, on file system 7; good until 64 others were asked for. */
const struct janus__fid *make_fid(uint64_t number);

/* A root or, with flags, an anchor; a child of another node. */
struct janus__node *make_root(struct janus__tree *tree, const char *path, uint64_t number,
			      uint16_t flags);
struct janus__node *make_child(struct janus__node *parent, const char *name,
			       uint64_t number, uint16_t flags);

/* The path of a node, or of an entry in it; good until 64 others were asked for. */
const char *make_path(const struct janus__node *node, const char *name);

#endif
