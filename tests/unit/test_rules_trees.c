// SPDX-License-Identifier: MIT
/*
 * The table of rules where trees reach down through it, and where numbers are used again.
 */
#include "lookup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "fault/allocations.h"
#include "make_spec.h"

#define DEVICE 7

static struct janus__rules rules;
static struct janus__match match;

static void setup(void)
{
	cr_assert_eq(janus__rules_init(&rules), 0);
}

static void teardown(void)
{
	janus__match_done(&match);
	janus__rules_done(&rules);
}

TestSuite(rules_trees, .init = setup, .fini = teardown);

static struct janus__inode inode_of(uint64_t number)
{
	return (struct janus__inode){ DEVICE, number };
}

static struct janus__object *hold_born(uint64_t number, uint64_t parent, int64_t birth)
{
	const struct janus__inode_facts facts = {
		.inode = inode_of(number),
		.parent = parent ? inode_of(parent) : (struct janus__inode){ 0 },
		.birth_time_ns = birth,
		.directory = true,
	};
	struct janus__object *object;

	cr_assert_eq(janus__rules_hold(&rules, &facts, &object), 0);
	return object;
}

static struct janus__object *hold(uint64_t number, uint64_t parent)
{
	return hold_born(number, parent, 0);
}

/* Some new watch's only rule, or what its tree leaves out. */
static struct janus__spec *bind_as(struct janus__object *object, struct make_rule rule,
				   bool ignore)
{
	static uint64_t last_id;
	struct janus__spec *spec = make_spec_of(++last_id, rule);
	const struct janus__wanted wanted = { object, &spec->rules[0], ignore };
	const struct janus__change change = { .new_spec = spec,
					      .new_wanted = &wanted,
					      .new_count = 1 };

	cr_assert_eq(janus__rules_swap(&rules, &change), 0);
	return spec;
}

static void bind(struct janus__object *object, struct make_rule rule)
{
	janus__spec_unref(bind_as(object, rule, false));
}

static void unbind(struct janus__object *object, struct janus__spec *spec)
{
	const struct janus__wanted wanted = { object, &spec->rules[0], false };
	const struct janus__change change = { .old_spec = spec,
					      .old_wanted = &wanted,
					      .old_count = 1 };

	cr_assert_eq(janus__rules_swap(&rules, &change), 0);
	janus__spec_unref(spec);
}

static const struct make_rule tree = { .deny = true, .flags = JANUS_SUBJECT_RECURSIVE };
static const struct make_rule flat = { .deny = true };

static struct janus__sought sought;
static struct janus__seen trail[8];

/* Where the inode lies: numbers of directories, nearest first, up to 0. */
static bool find(uint64_t number, const uint64_t *numbers)
{
	janus__match_done(&match);
	sought.file.inode = inode_of(number);
	sought.trail = trail;
	sought.trail_count = 0;
	sought.kind = JANUS_EVENT_OPEN;
	for (size_t i = 0; numbers[i]; i++)
		trail[sought.trail_count++].inode = inode_of(numbers[i]);
	return janus__rules_find_placed(&rules, &sought, &match);
}

#define FIND(number, ...) find(number, (const uint64_t[]){ __VA_ARGS__, 0 })

/* The hops of the levels above, in the order of the match. */
static void check_hops(const uint32_t *hops, size_t count)
{
	cr_assert_eq(match.above_count, count, "%u", match.above_count);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(match.above[i].hops, hops[i], "%zu: %u", i,
			     match.above[i].hops);
}

#define CHECK_HOPS(...)                                                                  \
	check_hops((const uint32_t[]){ __VA_ARGS__ },                                    \
		   sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

Test(rules_trees, reach_down_through_the_parents_of_objects)
{
	bind(hold(1, 0), tree);
	hold(2, 1);
	hold(3, 2);
	cr_assert(FIND(100, 3));
	cr_assert_null(match.file);
	cr_assert_null(match.directory);
	CHECK_HOPS(3);
	cr_assert(match.complete);
	cr_assert_not(match.above[0].remembered);
	cr_assert(FIND(3, 2));
	CHECK_HOPS(2);
	cr_assert(FIND(2, 1));
	cr_assert_not_null(match.directory);
	cr_assert_eq(match.above_count, 0);
}

Test(rules_trees, several_levels_stand_nearest_first)
{
	bind(hold(1, 0), tree);
	hold(2, 1);
	bind(hold(3, 2), tree);
	bind(hold(4, 3), flat);
	cr_assert(FIND(100, 4));
	cr_assert_not_null(match.directory);
	CHECK_HOPS(2, 4);
}

Test(rules_trees, a_directory_for_itself_alone_has_nothing_to_say_further_down)
{
	bind(hold(1, 0), tree);
	bind(hold(2, 1), flat);
	hold(3, 2);
	cr_assert(FIND(100, 3));
	CHECK_HOPS(3);
}

Test(rules_trees, what_only_observes_is_not_climbed_for)
{
	struct janus__object *object = hold(1, 0);
	struct make_rule audit = tree;

	audit.mode = JANUS_MODE_AUDIT;
	bind(object, audit);
	hold(2, 1);
	cr_assert_eq(
		janus__rules_find(&rules, (struct janus__seen){ inode_of(9), 0 }, &match),
		0);
	cr_assert_eq(janus__object_events(object), 0);
	cr_assert(FIND(100, 2));
	cr_assert_eq(match.above_count, 0);
}

Test(rules_trees, what_is_left_out_is_a_level_but_no_tree)
{
	struct janus__object *left_out;

	bind(hold(1, 0), tree);
	left_out = hold(2, 1);
	janus__spec_unref(bind_as(left_out, tree, true));
	cr_assert_eq(rules.tree_count, 1);
	cr_assert_eq(janus__object_events(left_out), 0);
	cr_assert(FIND(100, 3, 2));
	CHECK_HOPS(2, 3);
	cr_assert(match.above[0].bindings->entries[0].ignore);
}

Test(rules_trees, an_unknown_place_has_to_be_climbed_from_while_there_is_any)
{
	struct janus__object *root = hold(1, 0);
	struct janus__spec *spec = bind_as(root, tree, false);

	cr_assert_not(FIND(100, 50), "it could lie in the tree");
	cr_assert_not(match.complete);
	cr_assert(FIND(100, 50, 51, 1));
	CHECK_HOPS(3);
	cr_assert(match.complete);
	cr_assert_not(FIND(100, 50, 51, 52));
	sought.root_reached = true;
	cr_assert(FIND(100, 50, 51, 52));
	cr_assert(match.complete);
	cr_assert_eq(match.above_count, 0);
	sought.root_reached = false;
	unbind(root, spec);
	cr_assert(FIND(100, 50));
	cr_assert(match.complete);
}

Test(rules_trees, the_table_goes_on_where_it_knows_the_trail)
{
	bind(hold(1, 0), tree);
	hold(2, 1);
	cr_assert(FIND(100, 50, 2, 60, 61), "what is above in the trail is older news");
	CHECK_HOPS(3);
}

Test(rules_trees, the_trail_goes_on_where_the_table_ends_outside_of_trees)
{
	bind(hold(1, 0), tree);
	bind(hold(3, 9), flat);
	cr_assert(FIND(100, 50, 3, 51, 1));
	CHECK_HOPS(4);
	cr_assert(FIND(100, 3),
		  "a directory with rules of its own is where it was found");
	cr_assert_not(match.complete, "but it is not certain that this is all");
}

Test(rules_trees, a_moved_file_is_still_denied_where_it_lay)
{
	bind(hold(1, 0), tree);
	hold(2, 1);
	hold(100, 2);
	cr_assert(FIND(100, 2));
	CHECK_HOPS(2);
	sought.root_reached = true;
	cr_assert(FIND(100, 50));
	CHECK_HOPS(2);
	cr_assert(match.above[0].remembered);
}

Test(rules_trees, a_moved_file_has_the_levels_of_both_places)
{
	bind(hold(1, 0), tree);
	bind(hold(10, 0), tree);
	hold(11, 10);
	hold(100, 1);
	cr_assert(FIND(100, 11));
	CHECK_HOPS(2, 1);
	cr_assert_not(match.above[0].remembered);
	cr_assert(match.above[1].remembered);
}

Test(rules_trees, a_mounts_root_lies_in_trees_alone)
{
	bind(hold(1, 0), tree);
	sought.mount_root = true;
	cr_assert(FIND(100, 1));
	cr_assert_null(match.directory);
	CHECK_HOPS(1);
	hold(100, 1);
	cr_assert(FIND(100, 50, 1));
	cr_assert_not_null(match.directory, "it was marked there");
}

Test(rules_trees, a_circle_is_not_climbed_for_ever)
{
	bind(hold(1, 3), tree);
	hold(2, 1);
	hold(3, 2);
	cr_assert(FIND(100, 3));
	cr_assert_eq(match.above_count, JANUS__ABOVE_MAX);
	cr_assert(match.strict, "there was no room, and it denies");
}

Test(rules_trees, what_finds_no_room_is_taken_strictly_only_if_it_denies)
{
	const struct make_rule allow = { .flags = JANUS_SUBJECT_RECURSIVE };
	uint64_t last = JANUS__ABOVE_MAX + 1;

	for (uint64_t i = 1; i <= last; i++)
		bind(hold(i, i - 1), allow);
	cr_assert(FIND(100, last));
	cr_assert_eq(match.above_count, JANUS__ABOVE_MAX);
	cr_assert_not(match.strict);
	bind(hold(last + 1, last), allow);
	bind(hold(1, 0), tree);
	cr_assert(FIND(100, last + 1));
	cr_assert(match.strict);
}

Test(rules_trees, a_file_of_unknown_place_could_lie_in_any)
{
	const struct janus__orphan orphan = {
		.file = { { DEVICE + 1, 100 }, 0 },
		.kind = JANUS_EVENT_OPEN,
	};
	struct make_rule one = tree;

	bind(hold(1, 0), flat);
	one.flags |= JANUS_SUBJECT_ONE_FILESYSTEM;
	bind(hold(2, 0), one);
	cr_assert(janus__rules_find_orphan(&rules, &orphan, &match));
	cr_assert_null(match.directory, "these are on another device");
	bind(hold(3, 0), tree);
	cr_assert(janus__rules_find_orphan(&rules, &orphan, &match));
	cr_assert_not_null(match.directory, "but a tree reaches into what is mounted");
}

Test(rules_trees, a_known_file_of_unknown_place_inherits_what_it_did)
{
	const struct janus__orphan orphan = { .file = { inode_of(100), 0 },
					      .kind = JANUS_EVENT_OPEN };

	bind(hold(1, 0), tree);
	hold(2, 1);
	hold(100, 2);
	cr_assert_not(janus__rules_find_orphan(&rules, &orphan, &match));
	cr_assert_null(match.directory);
	CHECK_HOPS(2);
}

static bool is_found(uint64_t number, int64_t birth)
{
	janus__match_done(&match);
	janus__rules_find(&rules, (struct janus__seen){ inode_of(number), birth },
			  &match);
	return match.file;
}

Test(rules_trees, a_later_file_of_the_same_number_is_another_one)
{
	struct janus__object *object = hold_born(1, 2, 1000);

	bind(object, flat);
	cr_assert(is_found(1, 1000));
	cr_assert(is_found(1, 0), "what is unknown tells nothing");
	cr_assert_not(is_found(1, 1001));
	cr_assert_eq(hold_born(1, 3, 1001), object, "held anew it is the later one");
	cr_assert(is_found(1, 1001));
	cr_assert_not(is_found(1, 1000));
}

Test(rules_trees, a_later_directory_of_the_same_number_is_not_of_the_tree)
{
	bind(hold(1, 0), tree);
	hold_born(2, 1, 1000);
	cr_assert(FIND(100, 2));
	trail[0].birth_time_ns = 1001;
	cr_assert_not(FIND(100, 2));
	trail[0].birth_time_ns = 1000;
	cr_assert(FIND(100, 2));
	trail[0].birth_time_ns = 0;
}

Test(rules_trees, on_an_overlay_a_file_can_be_born_again)
{
	const struct janus__inode_facts facts = { .inode = inode_of(1),
						  .birth_time_ns = 1000,
						  .overlay = true };
	struct janus__object *object;

	cr_assert_eq(janus__rules_hold(&rules, &facts, &object), 0);
	bind(object, flat);
	cr_assert(is_found(1, 1001));
}

Test(rules_trees, holding_tells_what_was_not_known_and_takes_back_nothing)
{
	struct janus__object *object = hold(2, 0);

	bind(hold(1, 0), tree);
	cr_assert_not(FIND(100, 2));
	hold_born(2, 1, 1000);
	cr_assert(FIND(100, 2));
	hold_born(2, 0, 1000);
	cr_assert(FIND(100, 2));
	hold_born(2, 50, 1000);
	cr_assert(FIND(100, 2), "moving is said with another word");
	bind(object, flat);
	cr_assert_not(is_found(2, 1001), "its birth is known by now");
}

Test(rules_trees, a_mark_is_remembered_until_the_number_is_used_again)
{
	struct janus__object *object = hold_born(2, 1, 1000);

	cr_assert_eq(janus__object_marked(&rules, object), 0);
	janus__object_set_marked(&rules, object, JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
	cr_assert_eq(janus__object_marked(&rules, object),
		     JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
	FIND(100, 2);
	cr_assert_eq(match.directory_marked, JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
	hold_born(2, 1, 1001);
	cr_assert_eq(janus__object_marked(&rules, object), 0);
}

Test(rules_trees, are_counted_while_they_are_bound)
{
	struct janus__object *object = hold(1, 0);
	struct janus__spec *one = bind_as(object, tree, false);
	struct janus__spec *two = bind_as(object, tree, false);

	cr_assert_eq(rules.tree_count, 1, "objects, not rules");
	unbind(object, one);
	cr_assert_eq(rules.tree_count, 1);
	unbind(object, two);
	cr_assert_eq(rules.tree_count, 0);
	cr_assert_null(rules.directories);
}

Test(rules_trees, an_end_that_never_was_takes_no_other_rule_with_it)
{
	struct janus__object *object = hold(1, 0);
	struct janus__spec *one = bind_as(object, tree, false);
	struct janus__spec *two = make_spec_of(1000, tree);
	const struct janus__wanted ended = { .rule = &two->rules[0] };

	cr_assert_eq(janus__rules_unbind(&rules, object, &ended, two), 0);
	cr_assert_eq(rules.tree_count, 1);
	cr_assert_not_null(rules.directories);
	unbind(object, one);
	janus__spec_unref(two);
}

Test(rules_trees, an_object_that_is_released_while_it_is_bound_leaves_nothing)
{
	struct janus__object *object = hold(1, 0);

	bind(object, tree);
	while (rules.object_count)
		janus__rules_release(&rules, object);
	cr_assert_eq(rules.tree_count, 0);
	cr_assert_null(rules.directories);
}
