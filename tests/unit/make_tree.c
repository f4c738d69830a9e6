// SPDX-License-Identifier: MIT
#include "make_tree.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

#include "teardown.h"

#define TURNS 64

struct janus__trees make_trees;

void make_trees_setup(void)
{
	cr_assert_eq(janus__trees_init(&make_trees), 0);
}

static void free_all(struct janus__node **first)
{
	while (*first)
		janus__node_free(&make_trees, janus__node_first_below(*first));
}

void make_trees_teardown(void)
{
	while (make_trees.list) {
		struct janus__tree *tree = make_trees.list;

		free_all(&tree->roots);
		free_all(&tree->anchors);
		teardown_check(tree->directory_count == 0, "directories are left");
		teardown_check(tree->file_count == 0, "files are left");
		janus__tree_destroy(&make_trees, tree);
	}
	teardown_check(make_trees.node_count == 0, "nodes are left");
	teardown_check(make_trees.directory_count == 0, "directories are left");
	teardown_check(make_trees.file_count == 0, "files are left");
	janus__trees_done(&make_trees);
}

struct janus__tree *make_tree(struct make_rule rule)
{
	static uint64_t last_id;
	struct janus__spec *spec = make_spec_of(++last_id, rule);
	struct janus__tree *tree = janus__tree_create(&make_trees, spec, &spec->rules[0]);

	cr_assert_not_null(tree);
	janus__spec_unref(spec);
	return tree;
}

struct janus__subject *make_tree_subject(const struct janus__tree *tree)
{
	return (struct janus__subject *)(uintptr_t)janus__spec_subject_of(tree->spec,
									  tree->rule);
}

struct janus__rule *make_tree_rule(const struct janus__tree *tree)
{
	return (struct janus__rule *)(uintptr_t)tree->rule;
}

const struct janus__fid *make_fid(uint64_t number)
{
	static uint64_t numbers[TURNS];
	static struct janus__fid fids[TURNS];
	static size_t turn;
	size_t i = turn++ % TURNS;

	numbers[i] = number;
	fids[i] = (struct janus__fid){
		.fsid = 7,
		.type = 1,
		.length = sizeof(numbers[i]),
		.bytes = (const unsigned char *)&numbers[i],
	};
	return &fids[i];
}

static struct janus__node *make(struct janus__tree *tree, const char *name,
				struct janus__node_facts facts)
{
	struct janus__node *node;

	facts.name = name;
	facts.name_length = strlen(name);
	node = janus__node_create(&make_trees, tree, &facts);
	cr_assert_not_null(node);
	return node;
}

struct janus__node *make_root(struct janus__tree *tree, const char *path, uint64_t number,
			      uint16_t flags)
{
	if (!(flags & JANUS__NODE_ANCHOR))
		flags |= JANUS__NODE_ROOT;
	return make(
		tree, path,
		(struct janus__node_facts){ .fid = make_fid(number), .flags = flags });
}

struct janus__node *make_child(struct janus__node *parent, const char *name,
			       uint64_t number, uint16_t flags)
{
	return make(parent->tree, name,
		    (struct janus__node_facts){
			    .fid = make_fid(number), .parent = parent, .flags = flags });
}

const char *make_path(const struct janus__node *node, const char *name)
{
	static char paths[TURNS][PATH_MAX];
	static size_t turn;
	char *path = paths[turn++ % TURNS];
	long length = janus__node_path(node, name, path, PATH_MAX);

	cr_assert_geq(length, 0);
	cr_assert_eq((size_t)length, strlen(path));
	return path;
}
