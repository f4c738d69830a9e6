// SPDX-License-Identifier: MIT
#include "fresh.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "make_tree.h"

static struct janus__fresh fresh;
static struct janus__node *root, *node;

static void setup(void)
{
	make_trees_setup();
	root = make_root(make_tree((struct make_rule){ .mode = JANUS_MODE_AUDIT }), "/a",
			 1, 0);
	node = make_child(root, "b", 2, 0);
	fresh = (struct janus__fresh){ .now = 100 };
}

static void teardown(void)
{
	janus__fresh_done(&fresh);
	make_trees_teardown();
}

TestSuite(fresh, .init = setup, .fini = teardown);

/* What can be said of an event of that number. */
static enum janus__freshness at(uint64_t number)
{
	while (fresh.now < number)
		janus__fresh_next(&fresh, 0);
	return janus__fresh_of(&fresh, node);
}

Test(fresh, events_before_a_listing_are_known_and_those_after_it_are_not)
{
	cr_assert_eq(at(100), JANUS__FRESH_NOT);
	cr_assert_eq(janus__fresh_begin(&fresh, node, 3), 0);
	janus__fresh_end(&fresh, node, 5);
	cr_assert_eq(at(101), JANUS__FRESH_KNOWN);
	cr_assert_eq(at(103), JANUS__FRESH_KNOWN);
	cr_assert_eq(at(104), JANUS__FRESH_MAYBE);
	cr_assert_eq(at(105), JANUS__FRESH_MAYBE);
	cr_assert_eq(at(106), JANUS__FRESH_NOT);
	cr_assert_eq(fresh.listing_count, 0);
}

Test(fresh, a_listing_that_goes_on_ends_nowhere)
{
	cr_assert_eq(janus__fresh_begin(&fresh, node, 0), 0);
	cr_assert_eq(at(100), JANUS__FRESH_KNOWN);
	cr_assert_eq(at(5000), JANUS__FRESH_MAYBE);
}

Test(fresh, a_directory_is_fresh_for_itself_only)
{
	cr_assert_eq(janus__fresh_begin(&fresh, root, 3), 0);
	janus__fresh_end(&fresh, root, 3);
	cr_assert_eq(at(100), JANUS__FRESH_NOT);
	cr_assert_eq(janus__fresh_of(&fresh, root), JANUS__FRESH_KNOWN);
}

Test(fresh, the_last_listing_counts)
{
	cr_assert_eq(janus__fresh_begin(&fresh, node, 1), 0);
	janus__fresh_end(&fresh, node, 1);
	cr_assert_eq(janus__fresh_begin(&fresh, node, 7), 0);
	janus__fresh_end(&fresh, node, 8);
	cr_assert_eq(fresh.listing_count, 1);
	cr_assert_eq(at(107), JANUS__FRESH_KNOWN);
	cr_assert_eq(at(108), JANUS__FRESH_MAYBE);
}

Test(fresh, a_forgotten_node_leaves_nothing)
{
	struct janus__fresh_meeting meeting = { .directory = root, .until = 200 };

	cr_assert_eq(janus__fresh_begin(&fresh, root, 5), 0);
	cr_assert_eq(janus__fresh_begin(&fresh, node, 5), 0);
	cr_assert_eq(janus__fresh_meet(&fresh, node, &meeting, "x"), 0);
	janus__fresh_forget(&fresh, node);
	cr_assert_eq(fresh.listing_count, 1);
	cr_assert_eq(fresh.listings[0].node, root);
	cr_assert_null(fresh.meetings);
	cr_assert_eq(at(100), JANUS__FRESH_NOT);
	janus__fresh_forget(&fresh, node);
	cr_assert_eq(fresh.listing_count, 1);
}

Test(fresh, many_listings_are_kept_apart)
{
	struct janus__node *nodes[200];

	for (uint64_t i = 0; i < 200; i++) {
		nodes[i] = make_child(root, "x", 10 + i, 0);
		cr_assert_eq(janus__fresh_begin(&fresh, nodes[i], i), 0);
		janus__fresh_end(&fresh, nodes[i], i);
	}
	for (int i = 0; i < 100; i++)
		janus__fresh_next(&fresh, 0);
	for (uint64_t i = 0; i < 200; i++)
		cr_assert_eq(janus__fresh_of(&fresh, nodes[i]),
			     i < 100 ? JANUS__FRESH_NOT : JANUS__FRESH_KNOWN);
	cr_assert_eq(fresh.listing_count, 100);
}

Test(fresh, an_entry_is_its_directory_its_name_and_its_handle)
{
	janus__fresh_add(&fresh, node, "x", make_fid(3));
	cr_assert(janus__fresh_has(&fresh, node, "x", make_fid(3)));
	cr_assert_not(janus__fresh_has(&fresh, root, "x", make_fid(3)));
	cr_assert_not(janus__fresh_has(&fresh, node, "y", make_fid(3)));
	cr_assert_not(janus__fresh_has(&fresh, node, "x", make_fid(4)));
}

Test(fresh, many_entries_are_remembered_once)
{
	char name[16];

	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < 5000; i++) {
			snprintf(name, sizeof(name), "%d", (int)i);
			janus__fresh_add(&fresh, node, name, make_fid(i));
		}
	}
	cr_assert_eq(fresh.young.count, 5000);
	for (uint64_t i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%d", (int)i);
		cr_assert(janus__fresh_has(&fresh, node, name, make_fid(i)));
	}
}

static bool has(uint64_t number)
{
	return janus__fresh_has(&fresh, node, "x", make_fid(number));
}

/* What is added while the former ones are waited for waits in its turn. */
Test(fresh, entries_are_forgotten_when_all_that_was_queued_is_handled)
{
	janus__fresh_add(&fresh, node, "x", make_fid(1));
	janus__fresh_next(&fresh, 3); /* 101, until 104 */
	janus__fresh_add(&fresh, node, "x", make_fid(2));
	for (int i = 0; i < 3; i++) {
		cr_assert(has(1) && has(2));
		janus__fresh_next(&fresh, 2);
	}
	cr_assert_eq(fresh.now, 104);
	cr_assert(has(1) && has(2));
	janus__fresh_next(&fresh, 0); /* 105 */
	cr_assert_not(has(1));
	cr_assert(has(2));
	janus__fresh_next(&fresh, 2); /* 106, until 108 */
	for (int i = 0; i < 2; i++)
		janus__fresh_next(&fresh, 0);
	cr_assert(has(2));
	janus__fresh_next(&fresh, 0);
	cr_assert_not(has(2));
	cr_assert_null(fresh.old.hashes);
	cr_assert_null(fresh.young.hashes);
}

Test(fresh, a_meeting_is_known_until_the_last_event_that_can_tell_of_it)
{
	const struct janus__fresh_meeting meeting = { .directory = root, .until = 102 };
	const struct janus__fresh_meeting *met;

	cr_assert_null(janus__fresh_met(&fresh, node));
	cr_assert_eq(janus__fresh_meet(&fresh, node, &meeting, "new name"), 0);
	met = janus__fresh_met(&fresh, node);
	cr_assert_not_null(met);
	cr_assert_eq(met->directory, root);
	cr_assert_str_eq(met->name, "new name");
	cr_assert_null(janus__fresh_met(&fresh, root));
	janus__fresh_next(&fresh, 0);
	janus__fresh_next(&fresh, 0);
	cr_assert_not_null(janus__fresh_met(&fresh, node));
	janus__fresh_next(&fresh, 0);
	cr_assert_null(janus__fresh_met(&fresh, node));
}

Test(fresh, the_last_meeting_counts)
{
	const struct janus__fresh_meeting meeting = { .directory = root, .until = 102 };

	cr_assert_eq(janus__fresh_meet(&fresh, node, &meeting, "one"), 0);
	cr_assert_eq(janus__fresh_meet(&fresh, node, &meeting, "two"), 0);
	cr_assert_str_eq(janus__fresh_met(&fresh, node)->name, "two");
	janus__fresh_forget(&fresh, root);
	cr_assert_null(janus__fresh_met(&fresh, node));
}
