// SPDX-License-Identifier: MIT
/*
 * The table of rules where a file's directory cannot be told, and where a file's number
 * changes.
 */
#include "rules.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "fault/allocations.h"
#include "make_spec.h"

#define DEVICE 7
#define MOUNT 70

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

/* An inode that a watch of its own has one rule about. The path tells nothing here. */
static struct janus__object *bind(const struct janus__inode_facts *facts,
				  struct make_rule rule)
{
	static uint64_t last_id;
	struct janus__spec *spec = make_spec_of(++last_id, rule);
	struct janus__wanted wanted = { .rule = &spec->rules[0] };
	const struct janus__change change = {
		.new_spec = spec, .new_wanted = &wanted, .new_count = 1
	};

	cr_assert_eq(janus__rules_hold(&rules, facts, &wanted.object), 0);
	cr_assert_eq(janus__rules_swap(&rules, &change), 0);
	janus__spec_unref(spec);
	return wanted.object;
}

static void bind_directory(uint64_t number, struct make_rule rule)
{
	const struct janus__inode_facts facts = {
		.inode = inode_of(number), .directory = true
	};

	bind(&facts, rule);
}

static void find(struct janus__orphan orphan)
{
	janus__match_done(&match);
	orphan.kind = orphan.kind ? orphan.kind : JANUS_EVENT_OPEN;
	janus__rules_find_strictest(&rules, &orphan, &match);
}

static const struct janus__orphan orphan = { .inode = { DEVICE, 100 } };

Test(rules_orphan, gets_the_rules_of_a_directory_that_denies)
{
	bind_directory(1, (struct make_rule){ .deny = false });
	bind_directory(2, (struct make_rule){ .deny = true, .path = "/denied" });
	bind_directory(3, (struct make_rule){ .deny = false });
	find(orphan);
	cr_assert_null(match.file);
	cr_assert_str_eq(match.directory->entries[0].rule->path, "/denied");
}

Test(rules_orphan, gets_nothing_where_no_directory_denies_what_was_asked)
{
	struct janus__orphan asked = orphan;

	bind_directory(1, (struct make_rule){ .deny = false });
	bind_directory(2, (struct make_rule){ .deny = true,
					      .mode = JANUS_MODE_DRY_RUN });
	bind_directory(3, (struct make_rule){ .deny = true,
					      .events = JANUS_EVENT_EXEC });
	find(orphan);
	cr_assert_null(match.file);
	cr_assert_null(match.directory);
	asked.kind = JANUS_EVENT_EXEC;
	find(asked);
	cr_assert_not_null(match.directory);
}

Test(rules_orphan, is_not_denied_by_a_retired_watch)
{
	bind_directory(1, (struct make_rule){ .deny = true });
	find(orphan);
	atomic_store(&match.directory->entries[0].spec->retired, true);
	find(orphan);
	cr_assert_null(match.directory);
}

Test(rules_orphan, with_rules_of_its_own_gets_those)
{
	const struct janus__inode_facts facts = { .inode = orphan.inode };

	bind(&facts, (struct make_rule){ .deny = false, .path = "/own" });
	bind_directory(2, (struct make_rule){ .deny = true });
	find(orphan);
	cr_assert_str_eq(match.file->entries[0].rule->path, "/own");
	cr_assert_null(match.directory);
}

Test(rules_orphan, lies_on_the_device_of_its_directory)
{
	const struct janus__inode_facts facts = {
		.inode = { DEVICE + 1, 1 }, .directory = true
	};

	bind(&facts, (struct make_rule){ .deny = true });
	find(orphan);
	cr_assert_null(match.directory);
}

Test(rules_orphan, on_overlay_may_show_another_device_than_its_directory)
{
	const struct janus__inode_facts facts = {
		.inode = { DEVICE + 1, 1 }, .directory = true, .drifts = true
	};
	struct janus__orphan on_overlay = orphan;

	bind(&facts, (struct make_rule){ .deny = true });
	find(orphan);
	cr_assert_null(match.directory, "it is on no overlay");
	on_overlay.on_overlay = true;
	find(on_overlay);
	cr_assert_not_null(match.directory);
}

/* A file on overlayfs that was marked with this number. */
static struct janus__object *bind_drifter(uint64_t number, const char *path)
{
	const struct janus__inode_facts facts = {
		.inode = inode_of(number),
		.mount_id = MOUNT,
		.drifts = true,
		.path = path,
	};

	return bind(&facts, (struct make_rule){ .deny = true });
}

static bool is_known(uint64_t number)
{
	janus__match_done(&match);
	janus__rules_find(&rules, inode_of(number), &match);
	return match.file;
}

Test(rules_orphan, a_file_that_drifted_is_known_by_its_new_number)
{
	struct janus__object *object;

	cr_assert_not(janus__rules_have_drifters(&rules));
	object = bind_drifter(1, "/a");
	cr_assert(janus__rules_have_drifters(&rules));
	cr_assert(janus__rules_follow_drift(&rules, inode_of(50), MOUNT, "/a"));
	cr_assert(is_known(50));
	cr_assert_not(is_known(1));
	cr_assert_eq(janus__object_inode(&rules, object).number, 50);
}

Test(rules_orphan, only_mount_and_path_together_tell_who_drifted)
{
	bind_drifter(1, "/a");
	bind_drifter(2, "/b");
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50), MOUNT + 1, "/a"));
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50), MOUNT, "/c"));
	cr_assert_not(is_known(50));
	cr_assert(janus__rules_follow_drift(&rules, inode_of(50), MOUNT, "/b"));
	cr_assert(is_known(1));
	cr_assert_not(is_known(2));
}

Test(rules_orphan, nobody_drifts_to_a_number_that_is_known)
{
	bind_drifter(1, "/a");
	bind_drifter(2, "/b");
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(2), MOUNT, "/a"));
	cr_assert(is_known(1));
	cr_assert(is_known(2));
}

Test(rules_orphan, a_directory_and_a_file_elsewhere_do_not_drift)
{
	const struct janus__inode_facts directory = { .inode = inode_of(1),
						      .mount_id = MOUNT,
						      .directory = true,
						      .drifts = true,
						      .path = "/d" };
	const struct janus__inode_facts file = { .inode = inode_of(2),
						 .mount_id = MOUNT,
						 .path = "/f" };

	bind(&directory, (struct make_rule){ 0 });
	bind(&file, (struct make_rule){ 0 });
	cr_assert_not(janus__rules_have_drifters(&rules));
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50), MOUNT, "/d"));
	cr_assert_not(janus__rules_follow_drift(&rules, inode_of(50), MOUNT, "/f"));
}

Test(rules_orphan, drifters_go_in_any_order)
{
	static const size_t orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 } };

	for (size_t i = 0; i < 3; i++) {
		struct janus__object *objects[3];

		for (size_t j = 0; j < 3; j++) {
			const struct janus__inode_facts facts = {
				.inode = inode_of(j + 1), .drifts = true, .path = "/x"
			};

			cr_assert_eq(janus__rules_hold(&rules, &facts, &objects[j]), 0);
		}
		for (size_t j = 0; j < 3; j++) {
			cr_assert(janus__rules_have_drifters(&rules));
			janus__rules_release(&rules, objects[orders[i][j]]);
		}
		cr_assert_not(janus__rules_have_drifters(&rules));
	}
}

static void drift_to_50(void)
{
	cr_assert(janus__rules_follow_drift(&rules, inode_of(50), MOUNT, "/a"));
}

Test(rules_orphan, a_drift_while_its_new_number_is_being_held_loses_nothing)
{
	const struct janus__inode_facts facts = { .inode = inode_of(50),
						  .mount_id = MOUNT,
						  .drifts = true,
						  .path = "/a" };
	struct janus__object *held;

	bind_drifter(1, "/a");
	/* The responder may come between any two steps that are not under one lock. */
	allocations_interrupt(drift_to_50);
	cr_assert_eq(janus__rules_hold(&rules, &facts, &held), 0);
	cr_assert(is_known(50), "the rules of the file that drifted are lost");
	janus__rules_release(&rules, held);
	cr_assert(is_known(50));
}
