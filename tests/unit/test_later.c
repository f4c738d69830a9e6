// SPDX-License-Identifier: MIT
#include "later.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "kernel.h"
#include "make_tree.h"

static struct janus__later later;
static struct janus__tree *tree, *other;

static void setup(void)
{
	make_trees_setup();
	tree = make_tree((struct make_rule){ 0 });
	other = make_tree((struct make_rule){ 0 });
	janus__later_init(&later);
}

static void teardown(void)
{
	janus__later_done(&later);
	make_trees_teardown();
}

TestSuite(later, .init = setup, .fini = teardown);

static void add(struct janus__tree *of, const char *name)
{
	const struct janus__observation seen = { .name = name, .target = *make_fid(4) };

	cr_assert_eq(janus__later_add(&later, of, &seen, make_fid(3)), 0);
}

/* What comes next is of that name; it is freed. */
static struct janus__later_entry *pass(struct janus__later_entry *entry, const char *name)
{
	struct janus__later_entry *next;

	cr_assert_not_null(entry);
	cr_assert_str_eq(entry->name, name);
	next = entry->next;
	free(entry);
	return next;
}

Test(later, is_empty_at_first)
{
	cr_assert_null(janus__later_take(&later));
}

Test(later, keeps_the_order)
{
	struct janus__later_entry *entry;

	add(tree, "one");
	add(tree, "two");
	add(other, "three");
	entry = janus__later_take(&later);
	cr_assert_null(janus__later_take(&later));
	entry = pass(pass(pass(entry, "one"), "two"), "three");
	cr_assert_null(entry);
}

Test(later, what_is_put_back_is_last)
{
	struct janus__later_entry *entry;

	add(tree, "one");
	entry = janus__later_take(&later);
	add(tree, "two");
	janus__later_put(&later, entry);
	entry = janus__later_take(&later);
	cr_assert_null(pass(pass(entry, "two"), "one"));
}

Test(later, has_handles_of_its_own)
{
	uint64_t directory = 3, target = 4;
	const struct janus__fid fid = { .fsid = 7,
					.type = 1,
					.length = sizeof(directory),
					.bytes = (unsigned char *)&directory };
	struct janus__observation seen = { .name = "x",
					   .mask = FAN_CREATE | FAN_ONDIR,
					   .target = fid };
	struct janus__later_entry *entry;

	seen.target.bytes = (unsigned char *)&target;
	cr_assert_eq(janus__later_add(&later, tree, &seen, &fid), 0);
	directory = target = 0;
	entry = janus__later_take(&later);
	cr_assert(janus__fid_is(&entry->directory.fid, make_fid(3)));
	cr_assert(janus__fid_is(&entry->target.fid, make_fid(4)));
	cr_assert(entry->is_directory);
	cr_assert_eq(entry->tree, tree);
	cr_assert_eq(entry->tries, 0);
	free(entry);
}

Test(later, a_target_need_not_be_told)
{
	const struct janus__observation seen = { .name = "x" };
	struct janus__later_entry *entry;

	cr_assert_eq(janus__later_add(&later, tree, &seen, make_fid(3)), 0);
	entry = janus__later_take(&later);
	cr_assert_eq(entry->target.fid.length, 0);
	cr_assert_not(entry->is_directory);
	free(entry);
}

Test(later, refuses_a_handle_that_is_too_long)
{
	static const unsigned char bytes[256];
	const struct janus__fid fid = { .length = sizeof(bytes), .bytes = bytes };
	struct janus__observation seen = { .name = "x" };

	cr_assert_eq(janus__later_add(&later, tree, &seen, &fid), -ENAMETOOLONG);
	seen.target = fid;
	cr_assert_eq(janus__later_add(&later, tree, &seen, make_fid(3)), -ENAMETOOLONG);
	cr_assert_null(janus__later_take(&later));
}

Test(later, forgets_a_tree_and_nothing_else)
{
	struct janus__later_entry *entry;

	add(tree, "a");
	add(other, "b");
	add(tree, "c");
	add(other, "d");
	add(tree, "e");
	janus__later_forget(&later, tree);
	add(other, "f");
	entry = janus__later_take(&later);
	cr_assert_null(pass(pass(pass(entry, "b"), "d"), "f"));
}
