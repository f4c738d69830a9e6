// SPDX-License-Identifier: MIT
/*
 * The table of rules where a file's directory cannot be told, and where a file's number
 * changes.
 */
#include "lookup.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "fault/allocations.h"
#include "make_spec.h"

#define DEVICE 7
#define OVERLAY 8 /* the device that directories of an overlay show */

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

TestSuite(rules_orphan, .init = setup, .fini = teardown);

static struct janus__inode inode_of(uint64_t number)
{
	return (struct janus__inode){ DEVICE, number };
}

static struct janus__seen seen_of(uint64_t number)
{
	return (struct janus__seen){ .inode = inode_of(number) };
}

/* An inode that a watch of its own has one rule about. The path tells nothing here. */
static struct janus__object *bind(const struct janus__inode_facts *facts,
				  struct make_rule rule)
{
	static uint64_t last_id;
	struct janus__spec *spec = make_spec_of(++last_id, rule);
	struct janus__wanted wanted = { .rule = &spec->rules[0] };
	const struct janus__change change = { .new_spec = spec,
					      .new_wanted = &wanted,
					      .new_count = 1 };

	cr_assert_eq(janus__rules_hold(&rules, facts, &wanted.object), 0);
	cr_assert_eq(janus__rules_swap(&rules, &change), 0);
	janus__spec_unref(spec);
	return wanted.object;
}

static void bind_directory(uint64_t number, struct make_rule rule)
{
	const struct janus__inode_facts facts = { .inode = inode_of(number),
						  .directory = true };

	bind(&facts, rule);
}

/* Whether the directory was guessed. */
static bool find(struct janus__orphan orphan)
{
	janus__match_done(&match);
	orphan.kind = orphan.kind ? orphan.kind : JANUS_EVENT_OPEN;
	return janus__rules_find_orphan(&rules, &orphan, &match);
}

static const struct janus__orphan orphan = { .file = { { DEVICE, 100 }, 0 } };

Test(rules_orphan, unmarked_gets_the_rules_of_a_directory_that_denies)
{
	bind_directory(1, (struct make_rule){ .deny = false });
	bind_directory(2, (struct make_rule){ .deny = true, .path = "/denied" });
	bind_directory(3, (struct make_rule){ .deny = false });
	cr_assert(find(orphan));
	cr_assert_null(match.file);
	cr_assert_str_eq(match.directory->entries[0].rule->path, "/denied");
}

Test(rules_orphan, unmarked_gets_nothing_where_no_directory_denies_what_was_asked)
{
	struct janus__orphan asked = orphan;

	bind_directory(1, (struct make_rule){ .deny = false });
	bind_directory(2, (struct make_rule){ .deny = true, .mode = JANUS_MODE_DRY_RUN });
	bind_directory(3, (struct make_rule){ .deny = true, .events = JANUS_EVENT_EXEC });
	find(orphan);
	cr_assert_null(match.file);
	cr_assert_null(match.directory);
	asked.kind = JANUS_EVENT_EXEC;
	find(asked);
	cr_assert_not_null(match.directory);
}

Test(rules_orphan, unmarked_is_not_denied_by_a_retired_watch)
{
	bind_directory(1, (struct make_rule){ .deny = true });
	find(orphan);
	atomic_store(&match.directory->entries[0].spec->retired, true);
	find(orphan);
	cr_assert_null(match.directory);
}

Test(rules_orphan, marked_lies_where_it_lay_when_it_was_marked)
{
	const struct janus__inode_facts facts = { .inode = orphan.file.inode,
						  .parent = inode_of(2) };

	bind(&facts, (struct make_rule){ .deny = false, .path = "/own" });
	bind_directory(1, (struct make_rule){ .deny = true, .path = "/other" });
	bind_directory(2, (struct make_rule){ .deny = true, .path = "/parent" });
	cr_assert_not(find(orphan), "it is known, not guessed");
	cr_assert_str_eq(match.file->entries[0].rule->path, "/own");
	cr_assert_str_eq(match.directory->entries[0].rule->path, "/parent");
}

Test(rules_orphan, marked_without_a_known_directory_gets_its_own_rules_alone)
{
	const struct janus__inode_facts facts = { .inode = orphan.file.inode };

	bind(&facts, (struct make_rule){ .deny = false });
	bind_directory(2, (struct make_rule){ .deny = true });
	cr_assert_not(find(orphan));
	cr_assert_not_null(match.file);
	cr_assert_null(match.directory);
}

Test(rules_orphan, lies_on_the_device_of_its_directory)
{
	const struct janus__inode_facts facts = { .inode = { OVERLAY, 1 },
						  .directory = true };

	bind(&facts, (struct make_rule){ .deny = true });
	find(orphan);
	cr_assert_null(match.directory);
}

Test(rules_orphan, on_overlay_may_show_another_device_than_its_directory)
{
	const struct janus__inode_facts facts = { .inode = { OVERLAY, 1 },
						  .directory = true,
						  .overlay = true };
	struct janus__orphan on_overlay = orphan;

	bind(&facts, (struct make_rule){ .deny = true });
	find(orphan);
	cr_assert_null(match.directory, "it is on no overlay");
	on_overlay.on_overlay = true;
	find(on_overlay);
	cr_assert_not_null(match.directory);
}

Test(rules_orphan, an_object_knows_whether_rules_speak_of_its_directory)
{
	const struct janus__inode_facts facts = { .inode = inode_of(1),
						  .parent = inode_of(2) };
	struct janus__object *object = bind(&facts, (struct make_rule){ 0 });

	cr_assert_not(janus__object_parent_has_rules(&rules, object));
	bind_directory(3, (struct make_rule){ 0 });
	cr_assert_not(janus__object_parent_has_rules(&rules, object));
	bind_directory(2, (struct make_rule){ 0 });
	cr_assert(janus__object_parent_has_rules(&rules, object));
}

static const struct janus__inode anchor = { OVERLAY, 1001 };

/* A file on overlayfs that was marked with this number. */
static struct janus__object *bind_drifter(uint64_t number, uint64_t anchor_number)
{
	const struct janus__inode_facts facts = {
		.inode = inode_of(number),
		.overlay = true,
		.anchor = { OVERLAY, anchor_number },
	};

	return bind(&facts, (struct make_rule){ .deny = true });
}

static bool is_known(uint64_t number)
{
	janus__match_done(&match);
	janus__rules_find(&rules, seen_of(number), &match);
	return match.file;
}

static uint32_t hints_for(uint64_t number)
{
	janus__match_done(&match);
	return janus__rules_find(&rules, seen_of(number), &match);
}

Test(rules_orphan, a_file_that_drifted_is_known_by_its_new_number)
{
	struct janus__object *object = bind_drifter(1, anchor.number);

	cr_assert(janus__rules_follow_drift(&rules, inode_of(50), anchor));
	cr_assert(is_known(50));
	cr_assert_not(is_known(1));
	cr_assert_eq(janus__object_inode(&rules, object).number, 50);
}

Test(rules_orphan, only_an_unknown_inode_may_have_drifted)
{
	cr_assert_eq(hints_for(50), 0);
	bind_drifter(1, anchor.number);
	cr_assert_eq(hints_for(50), JANUS__RULES_MAY_DRIFT);
	cr_assert_eq(hints_for(1), 0);
	bind_directory(2, (struct make_rule){ 0 });
	cr_assert_eq(hints_for(50), JANUS__RULES_MAY_DRIFT | JANUS__RULES_PARENT_MATTERS);
	cr_assert_eq(hints_for(1), JANUS__RULES_PARENT_MATTERS);
}

Test(rules_orphan, only_the_anchor_tells_who_drifted)
{
	bind_drifter(1, 1001);
	bind_drifter(2, 1002);
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50),
						(struct janus__inode){ DEVICE, 1001 }));
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50),
						(struct janus__inode){ OVERLAY, 1003 }));
	cr_assert_not(is_known(50));
	cr_assert(janus__rules_follow_drift(&rules, inode_of(50),
					    (struct janus__inode){ OVERLAY, 1002 }));
	cr_assert(is_known(1));
	cr_assert_not(is_known(2));
	cr_assert(janus__rules_follow_drift(&rules, inode_of(51),
					    (struct janus__inode){ 0, 1001 }));
	cr_assert_not(is_known(1));
}

Test(rules_orphan, nobody_drifts_to_a_number_that_is_known)
{
	bind_drifter(1, anchor.number);
	bind_drifter(2, 1002);
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(2), anchor));
	cr_assert(is_known(1));
	cr_assert(is_known(2));
}

Test(rules_orphan, what_has_no_anchor_does_not_drift)
{
	const struct janus__inode_facts file = { .inode = inode_of(2), .overlay = true };

	bind(&file, (struct make_rule){ 0 });
	cr_assert_eq(hints_for(50), 0);
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50), anchor));
}

Test(rules_orphan, drifters_go_in_any_order)
{
	static const size_t orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 } };

	for (size_t i = 0; i < 3; i++) {
		struct janus__object *objects[3];

		for (size_t j = 0; j < 3; j++) {
			const struct janus__inode_facts facts = {
				.inode = inode_of(j + 1), .anchor = { OVERLAY, j + 1 }
			};

			cr_assert_eq(janus__rules_hold(&rules, &facts, &objects[j]), 0);
		}
		for (size_t j = 0; j < 3; j++) {
			cr_assert_eq(hints_for(50), JANUS__RULES_MAY_DRIFT);
			janus__rules_release(&rules, objects[orders[i][j]]);
		}
		cr_assert_eq(hints_for(50), 0);
	}
}

static void drift_to_50(void)
{
	cr_assert(janus__rules_follow_drift(&rules, inode_of(50), anchor));
}

Test(rules_orphan, a_drift_while_its_new_number_is_being_held_loses_nothing)
{
	const struct janus__inode_facts facts = { .inode = inode_of(50),
						  .overlay = true,
						  .anchor = anchor };
	struct janus__object *held;

	bind_drifter(1, anchor.number);
	/* The responder may come between any two steps that are not under one lock. */
	allocations_interrupt(drift_to_50);
	cr_assert_eq(janus__rules_hold(&rules, &facts, &held), 0);
	cr_assert(is_known(50), "the rules of the file that drifted are lost");
	janus__rules_release(&rules, held);
	cr_assert(is_known(50));
}
