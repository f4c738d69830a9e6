// SPDX-License-Identifier: MIT
/*
 * The precedence of rules that come down from trees.
 */
#include "decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "make_spec.h"

#define OWNER 42
#define STRANGER 43

/* A rule of a watch, and where it stands. */
struct said {
	struct make_rule rule;
	uint32_t hops; /* 0: at the file, 1: at its directory, else above */
	bool above;    /* also at 1 hop: of a place through trees alone */
	bool ignore;
	bool remembered;
	size_t subject_of; /* n: it belongs to the same subject as the nth one, from 1 */
};

static const struct make_rule allow = { .flags = JANUS_SUBJECT_RECURSIVE };
static const struct make_rule deny = { .deny = true, .flags = JANUS_SUBJECT_RECURSIVE };
static const struct make_rule flat_deny = { .deny = true };
static const struct make_rule dry_deny = { .deny = true,
					   .flags = JANUS_SUBJECT_RECURSIVE,
					   .mode = JANUS_MODE_DRY_RUN };

static const struct make_rule asking = { .deny = true,
					 .flags = JANUS_SUBJECT_RECURSIVE,
					 .mode = JANUS_MODE_ASK };

static struct janus__spec *specs[4];
static size_t spec_count;
static struct janus__match match;
static struct janus__opinion opinions[4];
static struct janus__decision decision;

static struct janus__bindings *add_binding(struct janus__bindings *bindings,
					   struct janus__binding binding)
{
	uint32_t count = bindings ? bindings->count : 0;

	bindings = realloc(bindings,
			   sizeof(*bindings) + (count + 1) * sizeof(*bindings->entries));
	cr_assert_not_null(bindings);
	atomic_init(&bindings->references, 1);
	janus__spec_ref(binding.spec);
	bindings->entries[count] = binding;
	bindings->count = count + 1;
	return bindings;
}

static struct janus__bindings **level_of(const struct said *said)
{
	if (said->hops == 0)
		return &match.file;
	if (said->hops == 1 && !said->above)
		return &match.directory;
	for (uint32_t i = 0; i < match.above_count; i++)
		if (match.above[i].hops == said->hops &&
		    match.above[i].remembered == said->remembered)
			return &match.above[i].bindings;
	match.above[match.above_count] = (struct janus__above){
		.hops = said->hops,
		.remembered = said->remembered,
	};
	return &match.above[match.above_count++].bindings;
}

/* What one watch says; of each place nearest first. */
static struct janus__spec *add_watch(const struct said *said, size_t count)
{
	struct make_rule rules[8];
	struct janus__spec *spec;

	for (size_t i = 0; i < count; i++)
		rules[i] = said[i].rule;
	spec = make_spec(spec_count + 1, rules, count);
	specs[spec_count++] = spec;
	for (size_t i = 0; i < count; i++) {
		struct janus__bindings **level = level_of(&said[i]);
		size_t rule = said[i].subject_of ? said[i].subject_of - 1 : i;

		*level = add_binding(*level, (struct janus__binding){
						     spec,
						     &spec->rules[rule],
						     said[i].ignore,
					     });
	}
	return spec;
}

#define WATCH(...)                                                                       \
	add_watch((const struct said[]){ __VA_ARGS__ },                                  \
		  sizeof((const struct said[]){ __VA_ARGS__ }) / sizeof(struct said))

static void forget(void)
{
	janus__match_done(&match);
	while (spec_count > 0)
		janus__spec_unref(specs[--spec_count]);
}

TestSuite(decide_trees, .fini = forget);

static enum janus__listed is_listed(void *userdata, const struct janus__spec *spec,
				    const struct janus__subject *subject)
{
	(void)userdata;
	(void)spec;
	(void)subject;
	return JANUS__LISTED_NO;
}

static bool is_owner(void *userdata, const struct janus__spec *spec, int32_t pid)
{
	(void)userdata;
	(void)spec;
	return pid == OWNER;
}

static void ask(int32_t pid)
{
	const struct janus__question question = {
		.kind = JANUS_EVENT_OPEN,
		.pid = pid,
		.match = &match,
		.is_owner = is_owner,
		.is_listed = is_listed,
	};

	decision = janus__decide(&question, opinions, 4);
}

/* What the only watch says, and by which rule. */
static void check(uint32_t verdict, size_t rule)
{
	ask(STRANGER);
	cr_assert_eq(decision.opinion_count, 1, "%zu", decision.opinion_count);
	cr_assert_eq(opinions[0].verdict, verdict, "%u", opinions[0].verdict);
	cr_assert_eq(opinions[0].rule, &specs[0]->rules[rule], "rule %zu",
		     (size_t)(opinions[0].rule - specs[0]->rules));
	forget();
}

static void check_silent(void)
{
	ask(STRANGER);
	cr_assert_eq(decision.opinion_count, 0);
	cr_assert_not(decision.deny);
	forget();
}

Test(decide_trees, speak_for_what_lies_deep_below)
{
	WATCH({ .rule = deny, .hops = 17 });
	check(JANUS_VERDICT_DENY, 0);
	WATCH({ .rule = allow, .hops = 17 });
	check(JANUS_VERDICT_ALLOW, 0);
}

Test(decide_trees, are_only_those_that_say_so)
{
	WATCH({ .rule = flat_deny, .hops = 2 });
	check_silent();
	WATCH({ .rule = flat_deny, .hops = 1, .above = true });
	check_silent();
	WATCH({ .rule = flat_deny, .hops = 1 });
	check(JANUS_VERDICT_DENY, 0);
}

Test(decide_trees, the_nearest_rule_wins)
{
	WATCH({ .rule = allow, .hops = 2 }, { .rule = deny, .hops = 3 });
	check(JANUS_VERDICT_ALLOW, 0);
	WATCH({ .rule = deny, .hops = 2 }, { .rule = allow, .hops = 3 });
	check(JANUS_VERDICT_DENY, 0);
	WATCH({ .rule = allow, .hops = 0 }, { .rule = deny, .hops = 1 },
	      { .rule = deny, .hops = 2 });
	check(JANUS_VERDICT_ALLOW, 0);
	WATCH({ .rule = allow, .hops = 1 }, { .rule = deny, .hops = 2 });
	check(JANUS_VERDICT_ALLOW, 0);
}

Test(decide_trees, at_the_same_level_deny_wins)
{
	WATCH({ .rule = allow, .hops = 3 }, { .rule = deny, .hops = 3 });
	check(JANUS_VERDICT_DENY, 1);
}

Test(decide_trees, a_nearer_rule_of_another_kind_says_nothing)
{
	struct make_rule exec = allow;

	exec.events = JANUS_EVENT_EXEC;
	WATCH({ .rule = exec, .hops = 2 }, { .rule = deny, .hops = 3 });
	check(JANUS_VERDICT_DENY, 1);
}

Test(decide_trees, end_at_their_depth)
{
	struct make_rule shallow = deny;

	shallow.max_depth = 3;
	WATCH({ .rule = shallow, .hops = 3 });
	check(JANUS_VERDICT_DENY, 0);
	WATCH({ .rule = shallow, .hops = 4 });
	check_silent();
	WATCH({ .rule = shallow, .hops = 4 }, { .rule = allow, .hops = 5 });
	check(JANUS_VERDICT_ALLOW, 1);
}

Test(decide_trees, what_is_left_out_is_not_the_subjects)
{
	WATCH({ .rule = deny, .hops = 3 },
	      { .hops = 0, .rule = deny, .ignore = true, .subject_of = 1 });
	check_silent();
	WATCH({ .hops = 2, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 3 });
	check_silent();
	WATCH({ .hops = 1, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 3 });
	check_silent();
}

Test(decide_trees, a_rule_nearer_than_what_is_left_out_counts)
{
	WATCH({ .rule = deny, .hops = 1 },
	      { .hops = 2, .rule = deny, .ignore = true, .subject_of = 1 });
	check(JANUS_VERDICT_DENY, 0);
	WATCH({ .hops = 2, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 2 });
	check(JANUS_VERDICT_DENY, 1);
}

Test(decide_trees, what_one_subject_leaves_out_is_still_another_ones)
{
	WATCH({ .hops = 2, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 3 }, { .rule = allow, .hops = 4 });
	check(JANUS_VERDICT_ALLOW, 2);
}

Test(decide_trees, what_was_denied_stays_denied_where_it_is_moved)
{
	WATCH({ .rule = deny, .hops = 2, .remembered = true });
	check(JANUS_VERDICT_DENY, 0);
	WATCH({ .rule = allow, .hops = 1 },
	      { .rule = deny, .hops = 2, .remembered = true });
	check(JANUS_VERDICT_DENY, 1);
	WATCH({ .rule = allow, .hops = 2 },
	      { .rule = deny, .hops = 2, .remembered = true });
	check(JANUS_VERDICT_DENY, 1);
	WATCH({ .rule = deny, .hops = 2 },
	      { .rule = allow, .hops = 1, .above = true, .remembered = true });
	check(JANUS_VERDICT_DENY, 0);
}

Test(decide_trees, a_place_where_it_lay_counts_for_trees_alone)
{
	WATCH({ .rule = flat_deny, .hops = 1, .above = true, .remembered = true });
	check_silent();
	WATCH({ .rule = deny, .hops = 1, .above = true, .remembered = true });
	check(JANUS_VERDICT_DENY, 0);
}

Test(decide_trees, what_is_left_out_of_one_place_is_not_left_out_of_the_other)
{
	WATCH({ .hops = 1, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 2 });
	check_silent();
	WATCH({ .hops = 1, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 3, .remembered = true });
	check(JANUS_VERDICT_DENY, 1);
}

Test(decide_trees, a_files_own_rule_goes_before_both_places)
{
	WATCH({ .rule = allow, .hops = 0 }, { .rule = deny, .hops = 2 },
	      { .rule = deny, .hops = 1, .above = true, .remembered = true });
	check(JANUS_VERDICT_ALLOW, 0);
}

Test(decide_trees, a_dry_run_lifts_no_enforced_deny)
{
	struct make_rule dry_allow = dry_deny;

	dry_allow.deny = false;
	WATCH({ .rule = dry_allow, .hops = 2 }, { .rule = deny, .hops = 3 });
	check(JANUS_VERDICT_DENY, 1);
	WATCH({ .rule = dry_deny, .hops = 2 }, { .rule = allow, .hops = 3 });
	check(JANUS_VERDICT_WOULD_DENY, 0);
}

Test(decide_trees, who_only_observes_says_nothing)
{
	struct make_rule audit = deny;

	audit.mode = JANUS_MODE_AUDIT;
	WATCH({ .rule = audit, .hops = 0 }, { .rule = audit, .hops = 2 });
	check_silent();
	WATCH({ .rule = audit, .hops = 0 }, { .rule = allow, .hops = 2 });
	check(JANUS_VERDICT_ALLOW, 1);
}

Test(decide_trees, the_owner_is_pardoned_however_deep)
{
	struct make_rule lenient = deny;

	lenient.flags |= JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	WATCH({ .rule = lenient, .hops = 4 });
	ask(OWNER);
	cr_assert_not(decision.deny);
	cr_assert_eq(opinions[0].reason, JANUS_REASON_OWNER);
	ask(STRANGER);
	cr_assert(decision.deny);
}

Test(decide_trees, over_watches_any_deny_wins_in_the_order_of_their_ids)
{
	WATCH({ .rule = allow, .hops = 2 });
	WATCH({ .rule = deny, .hops = 5 });
	WATCH({ .rule = allow, .hops = 2 }, { .rule = deny, .hops = 5 });
	ask(STRANGER);
	cr_assert(decision.deny);
	cr_assert_eq(decision.opinion_count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(opinions[i].spec, specs[i]);
	cr_assert_eq(opinions[0].reason, JANUS_REASON_OTHER_WATCH);
	cr_assert_eq(opinions[1].reason, JANUS_REASON_RULE);
	cr_assert_eq(opinions[2].reason, JANUS_REASON_OTHER_WATCH);
}

Test(decide_trees, where_there_was_no_room_for_a_deny_it_is_denied)
{
	WATCH({ .rule = allow, .hops = 1 });
	match.strict = true;
	ask(STRANGER);
	cr_assert(decision.deny);
	cr_assert_eq(opinions[0].verdict, JANUS_VERDICT_DENY);
}

Test(decide_trees, the_program_is_asked_of_both_places_and_not_where_one_denies)
{
	WATCH({ .rule = allow, .hops = 2 },
	      { .rule = asking, .hops = 2, .remembered = true });
	check(JANUS_VERDICT_ASK, 1);
	WATCH({ .rule = asking, .hops = 2 },
	      { .rule = deny, .hops = 2, .remembered = true });
	check(JANUS_VERDICT_DENY, 1);
}

Test(decide_trees, failure_is_that_of_a_rule_that_asks_too)
{
	struct janus__spec *spec = WATCH({ .rule = asking, .hops = 2 });

	cr_assert_not(janus__decide_failure(&match, JANUS_EVENT_OPEN));
	spec->denies_on_failure = true;
	cr_assert(janus__decide_failure(&match, JANUS_EVENT_OPEN));
	cr_assert_not(janus__decide_failure(&match, JANUS_EVENT_EXEC));
}

static void check_kinds(uint32_t kinds)
{
	cr_assert_eq(janus__decide_kinds(&match), kinds, "%#x",
		     janus__decide_kinds(&match));
	forget();
}

Test(decide_trees, kinds_are_those_that_reach_any_child)
{
	struct make_rule exec = allow, far = deny, audit = deny;

	exec.events = JANUS_EVENT_EXEC;
	far.max_depth = 3;
	audit.mode = JANUS_MODE_AUDIT;
	check_kinds(0);
	WATCH({ .rule = flat_deny, .hops = 1 }, { .rule = exec, .hops = 3 });
	check_kinds(JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
	WATCH({ .rule = deny, .hops = 0 });
	check_kinds(0);
	WATCH({ .rule = flat_deny, .hops = 2 }, { .rule = far, .hops = 4 },
	      { .rule = audit, .hops = 5 });
	check_kinds(0);
	WATCH({ .rule = deny, .hops = 2, .remembered = true });
	check_kinds(0);
	WATCH({ .rule = dry_deny, .hops = 2 });
	check_kinds(JANUS_EVENT_OPEN);
	WATCH({ .hops = 1, .rule = deny, .ignore = true, .subject_of = 2 },
	      { .rule = deny, .hops = 2 });
	check_kinds(0);
}

Test(decide_trees, kinds_of_a_retired_watch_are_none)
{
	atomic_store(&WATCH({ .rule = deny, .hops = 2 })->retired, true);
	check_kinds(0);
}
