// SPDX-License-Identifier: MIT
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

TestSuite(rules, .init = setup, .fini = teardown);

static struct janus__inode inode_of(uint64_t number)
{
	return (struct janus__inode){ DEVICE, number };
}

static struct janus__seen seen_of(uint64_t number)
{
	return (struct janus__seen){ .inode = inode_of(number) };
}

static struct janus__object *hold(uint64_t number, bool directory)
{
	const struct janus__inode_facts facts = {
		.inode = inode_of(number),
		.directory = directory,
	};
	struct janus__object *object;

	cr_assert_eq(janus__rules_hold(&rules, &facts, &object), 0);
	return object;
}

/* Some watch's rules about some objects, in the order of the spec's rules. */
struct wish {
	struct janus__spec *spec;
	struct janus__wanted wanted[8];
	size_t count;
};

static struct wish wish_for(struct janus__spec *spec, struct janus__object *object)
{
	return (struct wish){ spec, { { object, &spec->rules[0] } }, 1 };
}

static int swap(struct wish *old, struct wish *new)
{
	static struct wish nothing;
	struct janus__change change;

	old = old ? old : &nothing;
	new = new ? new : &nothing;
	janus__wanted_sort(old->wanted, old->count);
	janus__wanted_sort(new->wanted, new->count);
	change = (struct janus__change){
		old->spec, old->wanted, old->count, new->spec, new->wanted, new->count,
	};
	return janus__rules_swap(&rules, &change);
}

/* Who speaks of an inode itself; "": nobody. */
static void check_file(uint64_t number, const char *ids)
{
	janus__match_done(&match);
	janus__rules_find(&rules, seen_of(number), &match);
	cr_assert_eq(match.file ? match.file->count : 0, strlen(ids), "inode %zu",
		     (size_t)number);
	for (size_t i = 0; ids[i]; i++)
		cr_assert_eq(match.file->entries[i].spec->watch_id,
			     (uint64_t)(ids[i] - '0'), "%zu", i);
	janus__match_done(&match);
}

Test(rules, holding_changes_no_answer)
{
	struct janus__object *object = hold(1, true);

	cr_assert_not(janus__rules_find(&rules, seen_of(1), &match));
	cr_assert_null(match.file);
	cr_assert_eq(janus__object_events(object), 0);
	cr_assert(janus__object_is_directory(object));
	cr_assert_eq(janus__object_inode(&rules, object).number, 1);
	janus__rules_release(&rules, object);
}

/* As when a context ends with its watches. */
Test(rules, what_is_released_under_its_rules_leaves_nothing)
{
	struct janus__spec *spec = make_spec_of(
		1, (struct make_rule){ .deny = true, .flags = JANUS_SUBJECT_RECURSIVE });
	struct wish first = wish_for(spec, hold(1, true));
	struct wish second = wish_for(spec, hold(2, true));

	cr_assert_eq(swap(NULL, &first), 0);
	cr_assert_eq(swap(NULL, &second), 0);
	cr_assert_eq(rules.tree_count, 2);
	janus__rules_release(&rules, second.wanted[0].object);
	cr_assert_eq(rules.tree_count, 1);
	cr_assert_eq(rules.directories, first.wanted[0].object);
	janus__rules_release(&rules, first.wanted[0].object);
	cr_assert_eq(rules.tree_count, 0);
	cr_assert_null(rules.directories);
	cr_assert_eq(atomic_load(&spec->references), 1);
	janus__spec_unref(spec);
}

Test(rules, one_inode_is_one_object_until_the_last_holder_goes)
{
	struct janus__object *object = hold(1, false);

	cr_assert_eq(hold(1, false), object);
	cr_assert_eq(rules.object_count, 1);
	janus__rules_release(&rules, object);
	cr_assert_eq(rules.object_count, 1);
	janus__rules_release(&rules, object);
	cr_assert_eq(rules.object_count, 0);
}

Test(rules, the_same_number_on_another_device_is_another_inode)
{
	struct janus__spec *spec = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__object *object = hold(1, false);
	struct wish wish = wish_for(spec, object);

	cr_assert_eq(swap(NULL, &wish), 0);
	janus__rules_find(&rules, (struct janus__seen){ { DEVICE + 1, 1 }, 0 }, &match);
	cr_assert_null(match.file);
	check_file(1, "1");
	janus__spec_unref(spec);
}

Test(rules, are_found_however_many_there_are)
{
	enum { OBJECTS = 1000 };
	struct janus__spec *spec = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__object *objects[OBJECTS];
	struct janus__wanted wanted[OBJECTS];
	struct janus__change change = { .new_spec = spec,
					.new_wanted = wanted,
					.new_count = OBJECTS };
	size_t buckets = rules.bucket_count;

	for (size_t i = 0; i < OBJECTS; i++) {
		objects[i] = hold(i + 1, false);
		wanted[i] = (struct janus__wanted){ objects[i], &spec->rules[0] };
	}
	cr_assert_gt(rules.bucket_count, buckets);
	cr_assert_eq(rules.object_count, OBJECTS);
	janus__wanted_sort(wanted, OBJECTS);
	cr_assert_eq(janus__rules_swap(&rules, &change), 0);
	for (size_t i = 0; i < OBJECTS; i++)
		check_file(i + 1, "1");
	check_file(OBJECTS + 1, "");
	janus__spec_unref(spec);
}

Test(rules, are_found_although_the_table_could_not_grow)
{
	enum { OBJECTS = 200 };

	for (size_t i = 0; i < OBJECTS; i++) {
		if (rules.object_count >= rules.bucket_count)
			allocations_fail(1);
		hold(i + 1, false);
		cr_assert_eq(rules.object_count, i + 1);
	}
	cr_assert_lt(rules.bucket_count, OBJECTS);
	for (size_t i = 0; i < OBJECTS; i++)
		janus__rules_release(&rules, hold(i + 1, false));
	cr_assert_eq(rules.object_count, OBJECTS);
}

Test(rules, without_memory_nothing_is_held)
{
	const struct janus__inode_facts facts = { .inode = inode_of(1) };
	struct janus__object *object = NULL;

	allocations_fail(1);
	cr_assert_eq(janus__rules_hold(&rules, &facts, &object), -ENOMEM);
	cr_assert_null(object);
	cr_assert_eq(rules.object_count, 0);
}

Test(rules, without_memory_there_is_no_table)
{
	struct janus__rules other;

	allocations_fail(1);
	cr_assert_eq(janus__rules_init(&other), -ENOMEM);
}

Test(rules, of_several_watches_stand_in_the_order_of_their_ids)
{
	struct janus__object *object = hold(1, false);
	static const uint64_t ids[] = { 2, 3, 1 };

	for (size_t i = 0; i < 3; i++) {
		struct janus__spec *spec = make_spec_of(ids[i], (struct make_rule){ 0 });
		struct wish wish = wish_for(spec, object);

		cr_assert_eq(swap(NULL, &wish), 0);
		janus__spec_unref(spec);
	}
	check_file(1, "123");
}

Test(rules, of_one_watch_about_one_inode_all_stand)
{
	const struct make_rule two[] = { { .events = JANUS_EVENT_OPEN },
					 { .events = JANUS_EVENT_EXEC } };
	struct janus__spec *spec = make_spec(1, two, 2);
	struct janus__object *object = hold(1, false);
	struct wish wish = { spec,
			     { { object, &spec->rules[1] }, { object, &spec->rules[0] } },
			     2 };

	cr_assert_eq(swap(NULL, &wish), 0);
	check_file(1, "11");
	cr_assert_eq(janus__object_events(object), JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
	janus__spec_unref(spec);
}

Test(rules, swap_replaces_where_old_and_new_speak_of_the_same_and_of_others)
{
	struct janus__spec *old_spec = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__spec *new_spec = make_spec_of(1,
						    (struct make_rule){ .deny = true });
	struct janus__object *a = hold(1, false), *b = hold(2, false),
			     *c = hold(3, false);
	struct wish old = wish_for(old_spec, a), new = wish_for(new_spec, b);

	old.wanted[old.count++] = (struct janus__wanted){ b, &old_spec->rules[0] };
	new.wanted[new.count++] = (struct janus__wanted){ c, &new_spec->rules[0] };
	cr_assert_eq(swap(NULL, &old), 0);
	check_file(1, "1");
	check_file(2, "1");
	check_file(3, "");
	cr_assert_eq(swap(&old, &new), 0);
	check_file(1, "");
	check_file(2, "1");
	check_file(3, "1");
	janus__rules_find(&rules, seen_of(2), &match);
	cr_assert(match.file->entries[0].rule->deny);
	janus__match_done(&match);
	cr_assert_eq(atomic_load(&old_spec->references), 1, "nobody holds the old one");
	cr_assert_eq(swap(&new, NULL), 0);
	cr_assert_eq(atomic_load(&new_spec->references), 1);
	janus__spec_unref(old_spec);
	janus__spec_unref(new_spec);
}

Test(rules, swap_leaves_other_watches_alone)
{
	struct janus__spec *mine = make_spec_of(2, (struct make_rule){ 0 });
	struct janus__spec *others = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__object *object = hold(1, false);
	struct wish my_wish = wish_for(mine, object);
	struct wish other_wish = wish_for(others, object);

	cr_assert_eq(swap(NULL, &my_wish), 0);
	cr_assert_eq(swap(NULL, &other_wish), 0);
	cr_assert_eq(swap(&my_wish, NULL), 0);
	check_file(1, "1");
	janus__spec_unref(mine);
	janus__spec_unref(others);
}

Test(rules, swap_without_memory_changes_nothing)
{
	struct janus__spec *old_spec = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__spec *new_spec = make_spec_of(1,
						    (struct make_rule){ .deny = true });
	struct janus__spec *others = make_spec_of(2, (struct make_rule){ 0 });
	struct janus__object *a = hold(1, false), *b = hold(2, false), *c = hold(3, true);
	struct wish old = wish_for(old_spec, a), new = wish_for(new_spec, b);
	struct wish other = wish_for(others, a);
	int err;

	old.wanted[old.count++] = (struct janus__wanted){ b, &old_spec->rules[0] };
	new.wanted[new.count++] = (struct janus__wanted){ c, &new_spec->rules[0] };
	cr_assert_eq(swap(NULL, &old), 0);
	cr_assert_eq(swap(NULL, &other), 0);
	for (size_t nth = 1;; nth++) {
		allocations_fail(nth);
		err = swap(&old, &new);
		if (!allocations_failed())
			break;
		cr_assert_eq(err, -ENOMEM);
		check_file(1, "12");
		check_file(2, "1");
		check_file(3, "");
		cr_assert_eq(atomic_load(&new_spec->references), 1, "nothing holds it");
		cr_assert_gt(nth, 0);
		cr_assert_lt(nth, 10);
	}
	cr_assert_eq(err, 0);
	check_file(1, "2");
	check_file(2, "1");
	check_file(3, "1");
	janus__spec_unref(old_spec);
	janus__spec_unref(new_spec);
	janus__spec_unref(others);
}

Test(rules, a_match_outlives_the_swap_that_drops_it)
{
	struct janus__spec *spec = make_spec_of(1, (struct make_rule){ .path = "/kept" });
	struct janus__object *object = hold(1, false);
	struct wish wish = wish_for(spec, object);

	cr_assert_eq(swap(NULL, &wish), 0);
	janus__rules_find(&rules, seen_of(1), &match);
	cr_assert_eq(swap(&wish, NULL), 0);
	janus__rules_release(&rules, object);
	janus__spec_unref(spec);
	cr_assert_str_eq(match.file->entries[0].rule->path, "/kept");
}

Test(rules, the_parent_matters_while_any_directory_has_rules)
{
	struct janus__spec *spec = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__object *file = hold(1, false), *directory = hold(2, true);
	struct wish about_file = wish_for(spec, file);
	struct wish about_directory = wish_for(spec, directory);

	cr_assert_eq(swap(NULL, &about_file), 0);
	cr_assert_not(janus__rules_find(&rules, seen_of(1), &match));
	janus__match_done(&match);
	cr_assert_eq(swap(&about_file, &about_directory), 0);
	cr_assert(janus__rules_find(&rules, seen_of(9), &match));
	cr_assert_eq(swap(&about_directory, &about_file), 0);
	cr_assert_not(janus__rules_find(&rules, seen_of(9), &match));
	janus__spec_unref(spec);
}

static void find_in(uint64_t number, uint64_t parent)
{
	const struct janus__seen trail = seen_of(parent);
	const struct janus__sought sought = {
		.file = seen_of(number),
		.trail = &trail,
		.trail_count = 1,
	};

	cr_assert(janus__rules_find_placed(&rules, &sought, &match));
}

Test(rules, are_found_for_a_file_and_its_directory)
{
	struct janus__spec *one = make_spec_of(1, (struct make_rule){ 0 });
	struct janus__spec *two = make_spec_of(2, (struct make_rule){ 0 });
	struct wish file = wish_for(one, hold(1, false));
	struct wish directory = wish_for(two, hold(2, true));

	cr_assert_eq(swap(NULL, &file), 0);
	cr_assert_eq(swap(NULL, &directory), 0);
	find_in(1, 2);
	cr_assert_eq(match.file->entries[0].spec, one);
	cr_assert_eq(match.directory->entries[0].spec, two);
	janus__match_done(&match);
	find_in(8, 9);
	cr_assert_null(match.file);
	cr_assert_null(match.directory);
	janus__spec_unref(one);
	janus__spec_unref(two);
}
