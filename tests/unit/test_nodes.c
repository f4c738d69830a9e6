// SPDX-License-Identifier: MIT
#include "nodes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define NODES 5000u

static struct janus__tree_filesystem filesystem = { .fsid = 7 };
static struct janus__trees trees;
static struct janus__node *nodes[NODES];

static struct janus__fid fid_of(const uint32_t *number)
{
	return (struct janus__fid){
		.fsid = 7,
		.type = 1,
		.length = sizeof(*number),
		.bytes = (const unsigned char *)number,
	};
}

static struct janus__node *add(uint32_t number)
{
	struct janus__fid fid = fid_of(&number);
	struct janus__node *node = calloc(1, sizeof(*node) + sizeof(number));

	cr_assert_not_null(node);
	node->hash = janus__nodes_hash(&fid);
	node->handle_type = 1;
	node->handle_length = sizeof(number);
	memcpy(node->data, &number, sizeof(number));
	janus__nodes_grow(&trees);
	janus__nodes_add(&trees, node);
	trees.node_count++;
	return node;
}

static struct janus__node *find(uint32_t number, const struct janus__node *after)
{
	struct janus__fid fid = fid_of(&number);

	return janus__trees_find(&trees, &fid, after);
}

static void fill(void)
{
	trees.filesystems = &filesystem;
	trees.filesystem_count = 1;
	cr_assert_eq(janus__nodes_init(&trees), 0);
	for (uint32_t i = 0; i < NODES; i++)
		nodes[i] = add(i);
}

static void drain(void)
{
	janus__nodes_done(&trees);
	for (uint32_t i = 0; i < NODES; i++)
		free(nodes[i]);
}

TestSuite(nodes, .init = fill, .fini = drain);

Test(nodes, finds_what_is_there_and_nothing_else)
{
	cr_assert_geq(trees.bucket_count, NODES / 4);
	for (uint32_t i = 0; i < NODES; i++) {
		cr_assert_eq(find(i, NULL), nodes[i]);
		cr_assert_null(find(i, nodes[i]));
		cr_assert_null(find(NODES + i, NULL));
	}
}

Test(nodes, what_was_removed_is_not_found)
{
	for (uint32_t i = 0; i < NODES; i += 2)
		janus__nodes_remove(&trees, nodes[i]);
	for (uint32_t i = 0; i < NODES; i++)
		cr_assert_eq(find(i, NULL), i % 2 ? nodes[i] : NULL);
	for (uint32_t i = 0; i < NODES; i += 2)
		janus__nodes_add(&trees, nodes[i]);
	for (uint32_t i = 0; i < NODES; i++)
		cr_assert_eq(find(i, NULL), nodes[i]);
}

Test(nodes, all_of_one_handle_are_found_one_after_the_other)
{
	struct janus__node *twin = add(17);

	cr_assert_eq(find(17, NULL), twin);
	cr_assert_eq(find(17, twin), nodes[17]);
	cr_assert_null(find(17, nodes[17]));
	janus__nodes_remove(&trees, nodes[17]);
	cr_assert_eq(find(17, NULL), twin);
	cr_assert_null(find(17, twin));
	janus__nodes_remove(&trees, twin);
	free(twin);
	cr_assert_null(find(17, NULL));
}

Test(nodes, what_is_not_linked_any_more_can_still_be_removed)
{
	janus__trees_unlink_all(&trees);
	for (uint32_t i = 0; i < NODES; i++) {
		cr_assert_null(find(i, NULL));
		janus__nodes_remove(&trees, nodes[i]);
	}
	janus__nodes_add(&trees, nodes[3]);
	cr_assert_eq(find(3, NULL), nodes[3]);
}
