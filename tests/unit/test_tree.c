// SPDX-License-Identifier: MIT
#include "tree.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "make_tree.h"

TestSuite(tree, .init = make_trees_setup, .fini = make_trees_teardown);

static const struct make_rule audit = { .mode = JANUS_MODE_AUDIT,
					.flags = JANUS_SUBJECT_RECURSIVE };

Test(tree, finds_a_node_by_its_handle)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *root = make_root(tree, "/a", 1, 0);
	struct janus__node *child = make_child(root, "b", 2, 0);

	cr_assert_eq(janus__trees_find(&make_trees, make_fid(1), NULL), root);
	cr_assert_eq(janus__trees_find(&make_trees, make_fid(2), NULL), child);
	cr_assert_null(janus__trees_find(&make_trees, make_fid(2), child));
	cr_assert_null(janus__trees_find(&make_trees, make_fid(3), NULL));
}

Test(tree, a_handle_is_more_than_its_bytes)
{
	struct janus__fid fid = *make_fid(1);

	make_root(make_tree(audit), "/a", 1, 0);
	cr_assert_not_null(janus__trees_find(&make_trees, &fid, NULL));
	fid.fsid = 8;
	cr_assert_null(janus__trees_find(&make_trees, &fid, NULL));
	fid.fsid = 7;
	fid.type = 2;
	cr_assert_null(janus__trees_find(&make_trees, &fid, NULL));
	fid.type = 1;
	fid.length--;
	cr_assert_null(janus__trees_find(&make_trees, &fid, NULL));
}

Test(tree, a_handle_may_be_in_several_trees)
{
	struct janus__tree *trees[3];
	struct janus__node *nodes[3], *node = NULL;
	size_t count = 0;

	for (size_t i = 0; i < 3; i++) {
		trees[i] = make_tree(audit);
		nodes[i] = make_root(trees[i], "/a", 1, 0);
	}
	while ((node = janus__trees_find(&make_trees, make_fid(1), node)))
		count++;
	cr_assert_eq(count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(janus__tree_find(&make_trees, trees[i], make_fid(1)),
			     nodes[i]);
}

Test(tree, an_anchor_is_no_directory_of_its_tree)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *anchor = make_root(tree, "name", 1, JANUS__NODE_ANCHOR);

	cr_assert_eq(janus__trees_find(&make_trees, make_fid(1), NULL), anchor);
	cr_assert_null(janus__tree_find(&make_trees, tree, make_fid(1)));
	cr_assert_eq(tree->anchors, anchor);
	cr_assert_null(tree->roots);
	cr_assert_eq(tree->directory_count, 0);
}

Test(tree, paths_are_made_of_names)
{
	struct janus__node *root = make_root(make_tree(audit), "/a/b", 1, 0);
	struct janus__node *c = make_child(root, "c", 2, 0);
	struct janus__node *d = make_child(c, "d e", 3, 0);
	uint32_t depth;

	cr_assert_str_eq(make_path(root, NULL), "/a/b");
	cr_assert_str_eq(make_path(root, "x"), "/a/b/x");
	cr_assert_str_eq(make_path(d, NULL), "/a/b/c/d e");
	cr_assert_str_eq(make_path(d, "x"), "/a/b/c/d e/x");
	cr_assert_eq(janus__node_root(d, &depth), root);
	cr_assert_eq(depth, 2);
	cr_assert_eq(janus__node_root(root, &depth), root);
	cr_assert_eq(depth, 0);
}

Test(tree, the_root_directory_has_one_slash)
{
	struct janus__node *root = make_root(make_tree(audit), "/", 1, 0);

	cr_assert_str_eq(make_path(root, NULL), "/");
	cr_assert_str_eq(make_path(root, "x"), "/x");
	cr_assert_str_eq(make_path(make_child(root, "a", 2, 0), "x"), "/a/x");
}

Test(tree, a_path_that_does_not_fit_is_told_as_too_long)
{
	struct janus__node *root = make_root(make_tree(audit), "/abc", 1, 0);
	char buf[16];

	memset(buf, '#', sizeof(buf));
	cr_assert_eq(janus__node_path(root, NULL, buf, 5), 4);
	cr_assert_str_eq(buf, "/abc");
	cr_assert_eq(janus__node_path(root, NULL, buf, 4), -ENAMETOOLONG);
	cr_assert_eq(janus__node_path(root, "de", buf, 8), 7);
	cr_assert_str_eq(buf, "/abc/de");
	cr_assert_eq(janus__node_path(root, "de", buf, 7), -ENAMETOOLONG);
	cr_assert_eq(buf[8], '#');
}

Test(tree, a_deep_path_is_too_long)
{
	struct janus__node *node = make_root(make_tree(audit), "/a", 1, 0);
	char name[NAME_MAX + 1], path[PATH_MAX];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	for (uint64_t i = 2; i < 20; i++) {
		long expected = 2 + (long)(i - 1) * 256;

		node = make_child(node, name, i, 0);
		cr_assert_eq(janus__node_path(node, NULL, path, sizeof(path)),
			     expected < PATH_MAX ? expected : -ENAMETOOLONG);
	}
}

Test(tree, a_moved_node_has_its_new_path)
{
	struct janus__node *root = make_root(make_tree(audit), "/a", 1, 0);
	struct janus__node *from = make_child(root, "from", 2, 0);
	struct janus__node *to = make_child(root, "to", 3, 0);
	struct janus__node *node = make_child(from, "name", 4, 0);
	struct janus__node *below = make_child(node, "below", 5, 0);

	cr_assert_eq(janus__node_move(node, to, "other"), 0);
	cr_assert_str_eq(make_path(below, NULL), "/a/to/other/below");
	cr_assert_null(from->child);
	cr_assert_eq(to->child, node);
	cr_assert_eq(janus__tree_find(&make_trees, node->tree, make_fid(4)), node);
}

/* In place, elsewhere, longer, shorter; the handle must survive all of it. */
Test(tree, a_node_may_be_renamed_again_and_again)
{
	const char *names[] = { "a", "abcdefgh", "abcdefghi", "b", "", "abc" };
	struct janus__node *root = make_root(make_tree(audit), "/r", 1, 0);
	struct janus__node *node = make_child(root, "first", 2, 0);
	struct janus__node *after = make_child(root, "after", 3, 0);
	char name[NAME_MAX + 1];

	for (size_t round = 0; round < 600; round++) {
		size_t length = round * 37 % NAME_MAX + 1;

		memset(name, 'a' + (int)(round % 26), length);
		name[length] = '\0';
		if (round % 3 == 0 && names[round / 3 % 6][0])
			strcpy(name, names[round / 3 % 6]);
		cr_assert_eq(janus__node_move(node, round % 5 ? root : after, name), 0);
		cr_assert_str_eq(strrchr(make_path(node, NULL), '/') + 1, name);
		cr_assert_eq(janus__trees_find(&make_trees, make_fid(2), NULL), node);
	}
	cr_assert_str_eq(make_path(after, NULL), "/r/after");
}

Test(tree, a_root_is_renamed_by_a_whole_path)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *root = make_root(tree, "/a", 1, 0);

	cr_assert_eq(janus__node_move(root, NULL, "/somewhere/quite/else"), 0);
	cr_assert_str_eq(make_path(root, "x"), "/somewhere/quite/else/x");
	cr_assert_eq(tree->roots, root);
	cr_assert(root->flags & JANUS__NODE_ROOT);
}

Test(tree, siblings_stay_linked_when_one_goes)
{
	struct janus__node *root = make_root(make_tree(audit), "/a", 1, 0);
	struct janus__node *nodes[3];

	for (uint64_t i = 0; i < 3; i++)
		nodes[i] = make_child(root, "x", 2 + i, 0);
	janus__node_free(&make_trees, nodes[1]);
	cr_assert_eq(root->child, nodes[2]);
	cr_assert_eq(nodes[2]->sibling, nodes[0]);
	janus__node_free(&make_trees, nodes[2]);
	cr_assert_eq(root->child, nodes[0]);
	cr_assert_null(nodes[0]->sibling);
}

Test(tree, what_lies_deepest_is_freed_first)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *root = make_root(tree, "/a", 1, 0), *lowest;
	uint32_t depth;
	size_t count = 0;

	for (uint64_t i = 0; i < 4; i++) {
		struct janus__node *child = make_child(root, "c", 10 + i, 0);

		make_child(make_child(child, "d", 20 + i, 0), "e", 30 + i, 0);
		make_child(child, "f", 40 + i, 0);
	}
	while ((lowest = janus__node_first_below(root)) != root) {
		cr_assert_null(lowest->child);
		janus__node_root(lowest, &depth);
		cr_assert_gt(depth, 0);
		janus__node_free(&make_trees, lowest);
		count++;
	}
	cr_assert_eq(count, 16);
	cr_assert_null(root->child);
}

Test(tree, directories_and_files_are_counted_apart)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *root = make_root(tree, "/a", 1, 0);

	make_root(tree, "way", 2, JANUS__NODE_ANCHOR);
	make_root(tree, "/file", 3, JANUS__NODE_FILE);
	make_child(root, "d", 4, 0);
	make_child(root, "f", 5, JANUS__NODE_FILE);
	make_child(root, "out", 6, JANUS__NODE_LEFT_OUT);
	make_child(root, "leaf", 7, JANUS__NODE_LEAF);
	cr_assert_eq(make_trees.node_count, 7);
	cr_assert_eq(make_trees.directory_count, 2);
	cr_assert_eq(tree->directory_count, 2);
	cr_assert_eq(tree->file_count, 4);
	cr_assert_eq(make_trees.file_count, 1);
}

Test(tree, ten_thousand_nodes_are_found)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *root = make_root(tree, "/a", 1, 0);
	char name[16];

	for (uint64_t i = 2; i <= 10000; i++) {
		snprintf(name, sizeof(name), "%d", (int)i);
		make_child(root, name, i, 0);
	}
	cr_assert_eq(make_trees.directory_count, 10000);
	cr_assert_geq(make_trees.bucket_count, 4096);
	for (uint64_t i = 2; i <= 10000; i++) {
		struct janus__node *node = janus__tree_find(&make_trees, tree,
							    make_fid(i));

		snprintf(name, sizeof(name), "/a/%d", (int)i);
		cr_assert_not_null(node);
		cr_assert_str_eq(make_path(node, NULL), name);
		if (i % 2)
			janus__node_free(&make_trees, node);
	}
	cr_assert_eq(make_trees.directory_count, 5001);
}

Test(tree, holds_objects_only_where_its_subject_asks)
{
	struct janus__object *object = (struct janus__object *)&make_trees;
	struct janus__node *asking = make_root(make_tree((struct make_rule){ 0 }), "/a",
					       1, 0);
	struct janus__node *auditing = make_root(make_tree(audit), "/a", 1, 0);

	cr_assert_null(janus__node_object(asking));
	janus__node_set_object(asking, object);
	janus__node_set_object(auditing, object);
	cr_assert_eq(janus__node_object(asking), object);
	cr_assert_null(janus__node_object(auditing));
	cr_assert_str_eq(make_path(auditing, NULL), "/a");
	cr_assert_eq(janus__node_move(asking, NULL, "/a/longer/name"), 0);
	cr_assert_eq(janus__node_object(asking), object);
	cr_assert_eq(janus__node_free(&make_trees, asking), object);
}

Test(tree, refuses_handles_and_names_that_are_too_long)
{
	struct janus__tree *tree = make_tree(audit);
	unsigned char bytes[256] = { 0 };
	struct janus__fid fid = { .fsid = 7, .type = 1, .length = 256, .bytes = bytes };
	struct janus__node_facts facts = { .fid = &fid, .name = "x", .name_length = 1 };

	cr_assert_null(janus__node_create(&make_trees, tree, &facts));
	fid.length = 255;
	fid.type = 256;
	cr_assert_null(janus__node_create(&make_trees, tree, &facts));
	fid.type = -1;
	cr_assert_null(janus__node_create(&make_trees, tree, &facts));
	fid.type = 255;
	facts.name_length = 65536;
	cr_assert_null(janus__node_create(&make_trees, tree, &facts));
	facts.name_length = 1;
	cr_assert_not_null(janus__node_create(&make_trees, tree, &facts));
}

Test(tree, finds_a_directory_of_that_name_but_not_of_that_handle)
{
	struct janus__node *root = make_root(make_tree(audit), "/a", 1, 0);
	struct janus__node *node = make_child(root, "name", 2, 0);

	make_child(root, "file", 3, JANUS__NODE_FILE);
	cr_assert_eq(janus__node_find_other(&make_trees, root, "name", make_fid(3)),
		     node);
	cr_assert_null(janus__node_find_other(&make_trees, root, "name", make_fid(2)));
	cr_assert_null(janus__node_find_other(&make_trees, root, "nam", make_fid(3)));
	cr_assert_null(janus__node_find_other(&make_trees, root, "file", make_fid(2)));
}

Test(tree, two_devices_cannot_be_one_file_system)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__node *root = make_root(tree, "/a", 1, 0);

	cr_assert_eq(janus__node_set_device(&make_trees, root, 5), 0);
	cr_assert_eq(janus__node_set_device(&make_trees, root, 5), 0);
	cr_assert_eq(janus__node_set_device(&make_trees, make_root(tree, "/b", 2, 0), 6),
		     -EOPNOTSUPP);
}

/* Its number may be that of another one then, as when a container starts once more. */
Test(tree, a_file_system_without_nodes_is_forgotten)
{
	struct janus__tree *tree = make_tree(audit);
	struct janus__fid fid = *make_fid(1);
	struct janus__node_facts facts = { .fid = &fid, .name = "/", .name_length = 1 };

	for (uint64_t i = 0; i < 100000; i++) {
		struct janus__node *node;

		fid.fsid = 100 + i / 2;
		node = janus__node_create(&make_trees, tree, &facts);
		cr_assert_not_null(node);
		cr_assert_eq(janus__node_set_device(&make_trees, node, i + 1), 0);
		janus__node_free(&make_trees, node);
	}
	cr_assert_eq(make_trees.filesystem_count, 1);
}
