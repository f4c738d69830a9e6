// SPDX-License-Identifier: MIT
#include "bindings.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>

#include "make_spec.h"
#include "teardown.h"

/* Three watches of two rules each. */
static struct janus__spec *specs[3];

static void setup(void)
{
	const struct make_rule rules[] = { { .path = "/a" }, { .path = "/b" } };

	for (size_t i = 0; i < 3; i++)
		specs[i] = make_spec(i + 1, rules, 2);
}

static void teardown(void)
{
	for (size_t i = 0; i < 3; i++) {
		teardown_check(atomic_load(&specs[i]->references) == 1,
			       "a reference is lost");
		janus__spec_unref(specs[i]);
	}
}

TestSuite(bindings, .init = setup, .fini = teardown);

/* @former with @old going and @count rules of @new_spec coming; takes over @former. */
static struct janus__bindings *change(struct janus__bindings *former,
				      struct janus__spec *old,
				      struct janus__spec *new_spec, size_t count)
{
	struct janus__wanted wanted[2] = { { 0 } };
	const struct janus__run run = { wanted, count };
	const struct janus__change change = { .old_spec = old, .new_spec = new_spec };
	struct janus__bindings *ret = NULL;

	for (size_t i = 0; i < count; i++)
		wanted[i].rule = &new_spec->rules[i];
	cr_assert_eq(janus__bindings_change(&ret, former, run, &change), 0);
	janus__bindings_unref(former);
	return ret;
}

static void check_order(const struct janus__bindings *bindings, const char *ids)
{
	cr_assert_eq(bindings->count, strlen(ids));
	for (uint32_t i = 0; i < bindings->count; i++)
		cr_assert_eq(bindings->entries[i].spec->watch_id,
			     (uint64_t)(ids[i] - '0'), "%u", i);
}

Test(bindings, stand_in_the_order_of_watch_ids_however_they_came)
{
	struct janus__bindings *bindings = change(NULL, NULL, specs[1], 2);

	check_order(bindings, "22");
	bindings = change(bindings, NULL, specs[2], 1);
	check_order(bindings, "223");
	bindings = change(bindings, NULL, specs[0], 2);
	check_order(bindings, "11223");
	cr_assert_eq(bindings->entries[0].rule, &specs[0]->rules[0]);
	cr_assert_eq(bindings->entries[1].rule, &specs[0]->rules[1]);
	janus__bindings_unref(bindings);
}

Test(bindings, of_an_old_spec_go_wherever_they_stand)
{
	for (size_t gone = 0; gone < 3; gone++) {
		static const char *const left[] = { "2233", "1133", "1122" };
		struct janus__bindings *bindings = NULL;

		for (size_t i = 0; i < 3; i++)
			bindings = change(bindings, NULL, specs[i], 2);
		bindings = change(bindings, specs[gone], NULL, 0);
		check_order(bindings, left[gone]);
		janus__bindings_unref(bindings);
	}
}

Test(bindings, of_a_new_spec_take_the_place_of_the_old_one)
{
	const struct make_rule rule = { .path = "/c" };
	struct janus__spec *newer = make_spec(2, &rule, 1);
	struct janus__bindings *bindings = NULL;

	for (size_t i = 0; i < 3; i++)
		bindings = change(bindings, NULL, specs[i], 1);
	bindings = change(bindings, specs[1], newer, 1);
	check_order(bindings, "123");
	cr_assert_eq(bindings->entries[1].spec, newer);
	janus__bindings_unref(bindings);
	cr_assert_eq(atomic_load(&newer->references), 1);
	janus__spec_unref(newer);
}

Test(bindings, are_none_when_the_last_rule_goes)
{
	struct janus__bindings *bindings = change(NULL, NULL, specs[0], 2);

	cr_assert_null(change(bindings, specs[0], NULL, 0));
	cr_assert_null(change(NULL, specs[0], NULL, 0));
}

Test(bindings, stay_for_who_holds_them)
{
	struct janus__bindings *held = change(NULL, NULL, specs[0], 1);
	struct janus__match match = { .file = janus__bindings_ref(held) };

	cr_assert_null(change(held, specs[0], NULL, 0));
	check_order(match.file, "1");
	cr_assert_eq(atomic_load(&specs[0]->references), 2);
	janus__match_done(&match);
	cr_assert_null(match.file);
}

Test(bindings, may_be_null)
{
	struct janus__match match = { 0 };

	cr_assert_null(janus__bindings_ref(NULL));
	janus__bindings_unref(NULL);
	janus__match_done(&match);
}
