// SPDX-License-Identifier: MIT
#include "decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "make_spec.h"

#define OWNER 42
#define STRANGER 43

#define DENY                                                                             \
	{                                                                                \
		.deny = true                                                             \
	}
#define ALLOW                                                                            \
	{                                                                                \
		.deny = false                                                            \
	}
#define DRY_DENY                                                                         \
	{                                                                                \
		.deny = true, .mode = JANUS_MODE_DRY_RUN                                 \
	}
#define DRY_ALLOW                                                                        \
	{                                                                                \
		.mode = JANUS_MODE_DRY_RUN                                               \
	}
#define ASKING                                                                           \
	{                                                                                \
		.deny = true, .mode = JANUS_MODE_ASK                                     \
	}
#define OWNER_DENY                                                                       \
	{                                                                                \
		.deny = true, .flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER                    \
	}

/* One watch: rules of the file first, then those of its directory. */
struct said {
	struct make_rule rules[8];
	size_t file_count;
	size_t directory_count;
};

#define WATCHES_MAX 8
static struct janus__spec *specs[WATCHES_MAX];
static size_t spec_count;
static struct janus__match match;
static unsigned int owner_questions;
static enum janus__listed listed;

static struct janus__opinion opinions[WATCHES_MAX];
static struct janus__decision decision;

static enum janus__listed is_listed(void *userdata, const struct janus__spec *spec,
				    const struct janus__subject *subject)
{
	(void)userdata;
	(void)spec;
	(void)subject;
	return listed;
}

static bool is_owner(void *userdata, const struct janus__spec *spec, int32_t pid)
{
	cr_assert_eq(userdata, &match);
	cr_assert_not_null(spec);
	owner_questions++;
	return pid == OWNER;
}

static void bind(struct janus__bindings **bindings, struct janus__spec *spec,
		 const struct janus__rule *rule)
{
	uint32_t count = *bindings ? (*bindings)->count : 0;

	*bindings = realloc(*bindings,
			    sizeof(**bindings) +
				    (count + 1) * sizeof((*bindings)->entries[0]));
	cr_assert_not_null(*bindings);
	atomic_init(&(*bindings)->references, 1);
	(*bindings)->entries[count].spec = janus__spec_ref(spec);
	(*bindings)->entries[count].rule = rule;
	(*bindings)->entries[count].ignore = false;
	(*bindings)->count = count + 1;
}

/* Watches get the ids 1, 2, 3. */
static struct janus__spec *add_watch(const struct said *said)
{
	size_t count = said->file_count + said->directory_count;
	struct janus__spec *spec = make_spec(spec_count + 1, said->rules, count);

	specs[spec_count++] = spec;
	for (size_t i = 0; i < count; i++)
		bind(i < said->file_count ? &match.file : &match.directory, spec,
		     &spec->rules[i]);
	return spec;
}

static void forget(void)
{
	janus__match_done(&match);
	while (spec_count > 0)
		janus__spec_unref(specs[--spec_count]);
	owner_questions = 0;
}

TestSuite(decide, .fini = forget);

static void ask(uint32_t kind, int32_t pid, size_t room)
{
	const struct janus__question question = {
		.kind = kind,
		.pid = pid,
		.match = &match,
		.is_owner = is_owner,
		.is_listed = is_listed,
		.userdata = &match,
	};

	decision = janus__decide(&question, opinions, room);
}

static void ask_open(int32_t pid)
{
	ask(JANUS_EVENT_OPEN, pid, WATCHES_MAX);
}

/* What the watch with index @i said. */
static void check_opinion(size_t i, uint32_t verdict, uint32_t reason, size_t rule)
{
	cr_assert_lt(i, decision.opinion_count);
	cr_assert_eq(opinions[i].verdict, verdict, "opinion %zu: %u", i,
		     opinions[i].verdict);
	cr_assert_eq(opinions[i].reason, reason, "opinion %zu: %u", i,
		     opinions[i].reason);
	cr_assert_eq(opinions[i].rule, &opinions[i].spec->rules[rule], "opinion %zu", i);
}

Test(decide, has_no_opinion_where_no_rule_speaks)
{
	ask_open(STRANGER);
	cr_assert_eq(decision.opinion_count, 0);
	cr_assert_not(decision.deny);
	cr_assert_not(decision.audit);
}

Test(decide, file_goes_before_its_directory)
{
	add_watch(&(struct said){ { ALLOW, DENY }, 1, 1 });
	ask_open(STRANGER);
	cr_assert_not(decision.deny);
	check_opinion(0, JANUS_VERDICT_ALLOW, JANUS_REASON_RULE, 0);
	forget();
	add_watch(&(struct said){ { DENY, ALLOW }, 1, 1 });
	ask_open(STRANGER);
	cr_assert(decision.deny);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 0);
}

Test(decide, deny_wins_at_the_same_level_in_any_order)
{
	add_watch(&(struct said){ { ALLOW, DENY }, 2, 0 });
	ask_open(STRANGER);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 1);
	forget();
	add_watch(&(struct said){ { DENY, ALLOW }, 0, 2 });
	ask_open(STRANGER);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 0);
}

Test(decide, over_watches_any_deny_wins_even_a_less_specific_one)
{
	add_watch(&(struct said){ { ALLOW }, 1, 0 });
	add_watch(&(struct said){ { DENY }, 0, 1 });
	add_watch(&(struct said){ { ALLOW }, 1, 0 });
	ask_open(STRANGER);
	cr_assert(decision.deny);
	cr_assert_eq(decision.opinion_count, 3);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_OTHER_WATCH, 0);
	check_opinion(1, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 0);
	check_opinion(2, JANUS_VERDICT_DENY, JANUS_REASON_OTHER_WATCH, 0);
}

Test(decide, a_dry_run_that_another_watch_overrules_says_so)
{
	add_watch(&(struct said){ { DRY_DENY }, 1, 0 });
	add_watch(&(struct said){ { DENY }, 1, 0 });
	ask_open(STRANGER);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_OTHER_WATCH, 0);
	check_opinion(1, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 0);
}

Test(decide, opinions_stand_in_the_order_of_watch_ids)
{
	add_watch(&(struct said){ { ALLOW }, 0, 1 });
	add_watch(&(struct said){ { ALLOW }, 1, 0 });
	add_watch(&(struct said){ { ALLOW, ALLOW }, 1, 1 });
	add_watch(&(struct said){ { ALLOW }, 0, 1 });
	ask_open(STRANGER);
	cr_assert_eq(decision.opinion_count, 4);
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(opinions[i].spec, specs[i]);
}

Test(decide, dry_run_tells_what_enforcing_would_do)
{
	add_watch(&(struct said){ { DRY_DENY, ALLOW }, 1, 1 });
	ask_open(STRANGER);
	cr_assert_not(decision.deny);
	check_opinion(0, JANUS_VERDICT_WOULD_DENY, JANUS_REASON_RULE, 0);
}

Test(decide, dry_run_lifts_no_enforced_deny)
{
	add_watch(&(struct said){ { DRY_ALLOW, DENY }, 1, 1 });
	ask_open(STRANGER);
	cr_assert(decision.deny);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 1);
}

Test(decide, each_subject_speaks_of_its_own_kinds_only)
{
	add_watch(&(struct said){ { { .deny = true, .events = JANUS_EVENT_EXEC },
				    { .events = JANUS_EVENT_ACCESS } },
				  1,
				  1 });
	ask(JANUS_EVENT_OPEN, STRANGER, WATCHES_MAX);
	cr_assert_eq(decision.opinion_count, 0);
	ask(JANUS_EVENT_EXEC, STRANGER, WATCHES_MAX);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 0);
	ask(JANUS_EVENT_ACCESS, STRANGER, WATCHES_MAX);
	check_opinion(0, JANUS_VERDICT_ALLOW, JANUS_REASON_RULE, 1);
}

Test(decide, owner_is_pardoned_and_a_stranger_is_not)
{
	add_watch(&(struct said){ { OWNER_DENY }, 1, 0 });
	ask_open(OWNER);
	cr_assert_not(decision.deny);
	check_opinion(0, JANUS_VERDICT_ALLOW, JANUS_REASON_OWNER, 0);
	ask_open(STRANGER);
	cr_assert(decision.deny);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 0);
}

Test(decide, owner_is_pardoned_by_the_subject_that_says_so_only)
{
	add_watch(&(struct said){ { OWNER_DENY, DENY }, 2, 0 });
	ask_open(OWNER);
	cr_assert(decision.deny);
	check_opinion(0, JANUS_VERDICT_DENY, JANUS_REASON_RULE, 1);
}

Test(decide, a_pardon_for_the_file_goes_before_a_deny_of_the_directory)
{
	add_watch(&(struct said){ { OWNER_DENY, DENY }, 1, 1 });
	ask_open(OWNER);
	cr_assert_not(decision.deny);
	check_opinion(0, JANUS_VERDICT_ALLOW, JANUS_REASON_OWNER, 0);
}

Test(decide, owner_of_a_dry_run_would_not_be_denied)
{
	add_watch(&(struct said){ { { .deny = true,
				      .mode = JANUS_MODE_DRY_RUN,
				      .flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER } },
				  1,
				  0 });
	ask_open(OWNER);
	check_opinion(0, JANUS_VERDICT_ALLOW, JANUS_REASON_OWNER, 0);
	ask_open(STRANGER);
	check_opinion(0, JANUS_VERDICT_WOULD_DENY, JANUS_REASON_RULE, 0);
}

Test(decide, asks_for_the_owner_once_a_watch_and_only_if_it_matters)
{
	add_watch(&(struct said){ { OWNER_DENY, OWNER_DENY, OWNER_DENY }, 2, 1 });
	add_watch(&(struct said){ { DENY, ALLOW }, 2, 0 });
	add_watch(
		&(struct said){ { { .flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER } }, 1, 0 });
	ask_open(OWNER);
	cr_assert_eq(owner_questions, 1);
}

/* A spec is its maker's until it is seen. Which exception it is, is_listed() does not ask. */
static void add_exceptions(struct janus__spec *spec)
{
	static struct janus__exception exception;
	struct janus__subject *subjects =
		(struct janus__subject *)(uintptr_t)spec->subjects;

	for (uint64_t i = 0; i < spec->subject_count; i++) {
		subjects[i].exceptions = &exception;
		subjects[i].exception_count = 1;
	}
}

static void check_exception(uint32_t verdict, uint32_t reason)
{
	ask_open(STRANGER);
	cr_assert_eq(decision.deny, verdict == JANUS_VERDICT_DENY);
	check_opinion(0, verdict, reason, 0);
}

Test(decide, an_exception_is_pardoned_and_who_may_be_one_is_not)
{
	add_exceptions(add_watch(&(struct said){ { DENY }, 1, 0 }));
	listed = JANUS__LISTED_YES;
	check_exception(JANUS_VERDICT_ALLOW, JANUS_REASON_EXCEPTION);
	listed = JANUS__LISTED_NO;
	check_exception(JANUS_VERDICT_DENY, JANUS_REASON_RULE);
	listed = JANUS__LISTED_UNKNOWN;
	check_exception(JANUS_VERDICT_DENY, JANUS_REASON_RULE);
}

Test(decide, turned_round_only_exceptions_are_denied_and_who_may_be_one)
{
	add_exceptions(add_watch(&(struct said){
		{ { .deny = true, .flags = JANUS_SUBJECT_ONLY } }, 1, 0 }));
	listed = JANUS__LISTED_YES;
	check_exception(JANUS_VERDICT_DENY, JANUS_REASON_RULE);
	listed = JANUS__LISTED_NO;
	check_exception(JANUS_VERDICT_ALLOW, JANUS_REASON_EXCEPTION);
	listed = JANUS__LISTED_UNKNOWN;
	check_exception(JANUS_VERDICT_DENY, JANUS_REASON_RULE);
}

static void check_asked(uint32_t verdict, uint32_t reason, size_t rule)
{
	ask_open(STRANGER);
	cr_assert_eq(decision.ask, verdict == JANUS_VERDICT_ASK);
	cr_assert_eq(decision.deny, verdict == JANUS_VERDICT_DENY);
	check_opinion(0, verdict, reason, rule);
	forget();
}

Test(decide, the_program_is_asked_where_nobody_else_denies)
{
	add_watch(&(struct said){ { ASKING, DENY }, 1, 1 });
	check_asked(JANUS_VERDICT_ASK, JANUS_REASON_RULE, 0);
	add_watch(&(struct said){ { ALLOW, ASKING }, 1, 1 });
	check_asked(JANUS_VERDICT_ALLOW, JANUS_REASON_RULE, 0);
	add_watch(&(struct said){ { ASKING, DENY }, 2, 0 });
	check_asked(JANUS_VERDICT_DENY, JANUS_REASON_RULE, 1);
	add_watch(&(struct said){ { ASKING }, 1, 0 });
	add_watch(&(struct said){ { DENY }, 0, 1 });
	check_asked(JANUS_VERDICT_DENY, JANUS_REASON_OTHER_WATCH, 0);
}

Test(decide, the_program_is_not_asked_about_an_exception)
{
	listed = JANUS__LISTED_YES;
	add_exceptions(add_watch(&(struct said){ { ASKING }, 1, 0 }));
	check_asked(JANUS_VERDICT_ALLOW, JANUS_REASON_EXCEPTION, 0);
	listed = JANUS__LISTED_UNKNOWN;
	add_exceptions(add_watch(&(struct said){ { ASKING }, 1, 0 }));
	check_asked(JANUS_VERDICT_ASK, JANUS_REASON_RULE, 0);
}

Test(decide, a_retired_watch_is_silent)
{
	add_watch(&(struct said){ { DENY }, 1, 0 });
	add_watch(&(struct said){ { ALLOW }, 1, 0 });
	atomic_store(&specs[0]->retired, true);
	ask_open(STRANGER);
	cr_assert_not(decision.deny);
	cr_assert_eq(decision.opinion_count, 1);
	cr_assert_eq(opinions[0].spec, specs[1]);
	check_opinion(0, JANUS_VERDICT_ALLOW, JANUS_REASON_RULE, 0);
}

Test(decide, counts_opinions_that_find_no_room)
{
	for (size_t i = 0; i < 3; i++)
		add_watch(&(struct said){ { ALLOW }, 1, 0 });
	add_watch(&(struct said){ { DENY }, 1, 0 });
	opinions[2].verdict = 4711;
	ask(JANUS_EVENT_OPEN, STRANGER, 2);
	cr_assert(decision.deny, "the one without room denies");
	cr_assert_eq(decision.opinion_count, 4);
	check_opinion(1, JANUS_VERDICT_DENY, JANUS_REASON_OTHER_WATCH, 0);
	cr_assert_eq(opinions[2].verdict, 4711, "nothing is written beyond the room");
	ask(JANUS_EVENT_OPEN, STRANGER, 0);
	cr_assert(decision.deny);
	cr_assert_eq(decision.opinion_count, 4);
}

Test(decide, wants_an_audit_record_if_a_subject_that_speaks_does)
{
	add_watch(&(struct said){
		{ { .deny = true }, { .flags = JANUS_SUBJECT_AUDIT } }, 1, 1 });
	ask_open(STRANGER);
	cr_assert_not(decision.audit, "the directory's rule does not speak");
	add_watch(&(struct said){ { { .flags = JANUS_SUBJECT_AUDIT } }, 1, 0 });
	ask_open(STRANGER);
	cr_assert(decision.audit);
}

/*
 * The words of the documentation once more, in another way: 8 possible rules of a watch, one
 * bit each, from the most to the least telling.
 */
static const struct {
	bool directory, dry_run, deny;
} words[8] = {
	{ false, false, true }, { false, false, false }, { false, true, true },
	{ false, true, false }, { true, false, true },   { true, false, false },
	{ true, true, true },   { true, true, false },
};

static void add_words(unsigned int bits)
{
	struct said said = { 0 };

	for (size_t i = 0; i < 8; i++) {
		if (!(bits & 1u << i))
			continue;
		said.rules[said.file_count + said.directory_count] = (struct make_rule){
			.deny = words[i].deny,
			.mode = words[i].dry_run ? JANUS_MODE_DRY_RUN
						 : JANUS_MODE_ENFORCE,
		};
		if (words[i].directory)
			said.directory_count++;
		else
			said.file_count++;
	}
	if (bits)
		add_watch(&said);
}

/* 1: allow, 2: deny, 0: nothing. The first of the words that counts decides. */
static int first_word(unsigned int bits, bool enforced_only)
{
	static const size_t by_rank[] = { 0, 2, 1, 3, 4, 6, 5, 7 };

	for (size_t i = 0; i < 8; i++) {
		size_t word = by_rank[i];

		if ((bits & 1u << word) && !(enforced_only && words[word].dry_run))
			return words[word].deny ? 2 : 1;
	}
	return 0;
}

static uint32_t expected(unsigned int bits)
{
	if (first_word(bits, true) == 2)
		return JANUS_VERDICT_DENY;
	if (first_word(bits, false) == 2)
		return JANUS_VERDICT_WOULD_DENY;
	return first_word(bits, false) ? JANUS_VERDICT_ALLOW : 0;
}

Test(decide, agrees_with_the_documentation_for_every_set_of_rules)
{
	for (unsigned int bits = 0; bits < 256; bits++) {
		add_words(bits);
		ask_open(STRANGER);
		cr_assert_eq(decision.opinion_count, bits ? 1 : 0);
		cr_assert_eq(decision.deny, expected(bits) == JANUS_VERDICT_DENY);
		if (bits)
			cr_assert_eq(opinions[0].verdict, expected(bits), "%#x", bits);
		forget();
	}
}

Test(decide, agrees_with_the_documentation_for_every_two_watches)
{
	for (unsigned int pair = 0; pair < 65536; pair++) {
		unsigned int a = pair & 255, b = pair >> 8;
		bool deny = expected(a) == JANUS_VERDICT_DENY ||
			    expected(b) == JANUS_VERDICT_DENY;

		add_words(a);
		add_words(b);
		ask_open(STRANGER);
		cr_assert_eq(decision.deny, deny, "%#x", pair);
		for (size_t i = 0; i < decision.opinion_count; i++) {
			uint32_t own = expected(i == 0 && a ? a : b);

			cr_assert_eq(opinions[i].verdict, deny ? JANUS_VERDICT_DENY : own,
				     "%#x", pair);
			cr_assert_eq(opinions[i].reason == JANUS_REASON_OTHER_WATCH,
				     deny && own != JANUS_VERDICT_DENY, "%#x", pair);
		}
		forget();
	}
}
