// SPDX-License-Identifier: MIT
#include "extent.h"

#include <criterion/criterion.h>

#include "make_tree.h"

TestSuite(extent, .init = make_trees_setup, .fini = make_trees_teardown);

static struct janus__node *root, *child, *below;

static struct janus__tree *plant(struct make_rule rule)
{
	struct janus__tree *tree = make_tree(rule);

	root = make_root(tree, "/r", 1, 0);
	child = make_child(root, "c", 2, 0);
	below = make_child(child, "d", 3, 0);
	return tree;
}

/* How many levels of directories have entries that the rule speaks of. */
static int levels(void)
{
	struct janus__node *nodes[] = { root, child, below };
	int count = 0;

	while (count < 3 && janus__extent_covers_entries(nodes[count]))
		count++;
	for (int i = count; i < 3; i++)
		cr_assert_not(janus__extent_covers_entries(nodes[i]));
	return count;
}

Test(extent, a_directory_that_is_not_recursive_has_its_entries_only)
{
	struct janus__tree *tree = plant((struct make_rule){ 0 });

	cr_assert_eq(levels(), 1);
	cr_assert_not(janus__extent_goes_below(tree, 0));
}

Test(extent, a_recursive_one_has_all)
{
	struct janus__tree *tree =
		plant((struct make_rule){ .flags = JANUS_SUBJECT_RECURSIVE });

	cr_assert_eq(levels(), 3);
	cr_assert(janus__extent_goes_below(tree, 0));
	cr_assert(janus__extent_goes_below(tree, UINT32_MAX - 1));
}

Test(extent, a_limit_of_depth_is_kept)
{
	for (uint32_t depth = 1; depth <= 3; depth++) {
		struct janus__tree *tree = plant((struct make_rule){
			.flags = JANUS_SUBJECT_RECURSIVE, .max_depth = depth });

		cr_assert_eq(levels(), (int)depth);
		for (uint32_t at = 0; at < 4; at++)
			cr_assert_eq(janus__extent_goes_below(tree, at), at + 1 < depth);
	}
}

Test(extent, files_and_leaves_have_no_entries)
{
	plant((struct make_rule){ .flags = JANUS_SUBJECT_RECURSIVE });
	cr_assert_not(
		janus__extent_covers_entries(make_child(root, "f", 4, JANUS__NODE_FILE)));
	cr_assert_not(
		janus__extent_covers_entries(make_child(root, "l", 5, JANUS__NODE_LEAF)));
}

Test(extent, patterns_leave_entries_out)
{
	static const char *const patterns[] = { "*.log", "cache/", "/r/c/x" };
	struct janus__tree *tree =
		plant((struct make_rule){ .flags = JANUS_SUBJECT_RECURSIVE });

	cr_assert_not(janus__extent_leaves_out(root, "a.log", false));
	make_tree_subject(tree)->ignore = patterns;
	make_tree_subject(tree)->ignore_count = 3;
	cr_assert(janus__extent_leaves_out(root, "a.log", false));
	cr_assert(janus__extent_leaves_out(below, "a.log", true));
	cr_assert(janus__extent_leaves_out(below, "cache", true));
	cr_assert_not(janus__extent_leaves_out(below, "cache", false));
	cr_assert(janus__extent_leaves_out(child, "x", false));
	cr_assert_not(janus__extent_leaves_out(below, "x", false));
	cr_assert_not(janus__extent_leaves_out(root, "a.txt", false));
	make_tree_subject(tree)->ignore = NULL;
	make_tree_subject(tree)->ignore_count = 0;
}

/* Only what is told by a directory's own handle, and only where a tree has an edge. */
Test(extent, leaves_are_known_where_something_is_told_of_them)
{
	const struct make_rule edges[] = {
		{ .mode = JANUS_MODE_AUDIT },
		{ .mode = JANUS_MODE_AUDIT,
		  .flags = JANUS_SUBJECT_RECURSIVE,
		  .max_depth = 2 },
	};
	const struct make_rule none[] = {
		{ .mode = JANUS_MODE_ENFORCE },
		{ .mode = JANUS_MODE_AUDIT, .flags = JANUS_SUBJECT_RECURSIVE },
	};

	for (size_t i = 0; i < 2; i++)
		cr_assert(janus__extent_has_leaves(make_tree(edges[i])), "%zu", i);
	for (size_t i = 0; i < 2; i++)
		cr_assert_not(janus__extent_has_leaves(make_tree(none[i])), "%zu", i);
}

Test(extent, nothing_is_told_of_leaves_that_only_come_and_go)
{
	struct janus__tree *tree =
		make_tree((struct make_rule){ .mode = JANUS_MODE_AUDIT });

	make_tree_subject(tree)->events = JANUS_EVENT_CREATE | JANUS_EVENT_DELETE |
					  JANUS_EVENT_RENAME | JANUS_EVENT_MODIFY;
	cr_assert_not(janus__extent_has_leaves(tree));
	make_tree_subject(tree)->events = JANUS_EVENT_ATTRIB;
	cr_assert(janus__extent_has_leaves(tree));
}
