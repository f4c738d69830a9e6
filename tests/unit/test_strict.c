// SPDX-License-Identifier: MIT
#include "strict.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct janus__strict *strict;

static void setup(void)
{
	strict = calloc(1, sizeof(*strict));
	cr_assert(strict);
}

static void teardown(void)
{
	free(strict);
}

TestSuite(strict, .init = setup, .fini = teardown);

static void set(uint64_t device, uint64_t number, uint32_t own, uint32_t tree)
{
	janus__strict_set(strict, device, number,
			  (struct janus__strict_kinds){ own, tree });
}

/* What is known; ~0 where it cannot be told. */
static uint32_t own(uint64_t device, uint64_t number)
{
	struct janus__strict_kinds kinds;

	return janus__strict_find(strict, device, number, &kinds) ? kinds.own : ~0u;
}

static uint32_t tree(uint64_t device, uint64_t number)
{
	struct janus__strict_kinds kinds;

	return janus__strict_find(strict, device, number, &kinds) ? kinds.tree : ~0u;
}

Test(strict, knows_nobody_at_first)
{
	cr_assert_not(janus__strict_any(strict));
	cr_assert_eq(own(1, 2), 0);
}

Test(strict, knows_what_was_set_until_it_is_taken_back)
{
	set(1, 2, 5, 0);
	set(1, 3, 4, 4);
	cr_assert(janus__strict_any(strict));
	cr_assert_eq(own(1, 2), 5);
	cr_assert_eq(tree(1, 2), 0);
	cr_assert_eq(tree(1, 3), 4);
	cr_assert_eq(own(2, 2), 0, "on another device it is another inode");
	cr_assert_eq(atomic_load(&strict->trees), 1);
	set(1, 3, 4, 0);
	cr_assert_eq(atomic_load(&strict->trees), 0);
	set(1, 2, 0, 0);
	set(1, 2, 0, 0);
	cr_assert_eq(own(1, 2), 0);
	cr_assert_eq(own(1, 3), 4);
	set(1, 3, 0, 0);
	cr_assert_not(janus__strict_any(strict));
}

/* Many of them have the same place, and each of them goes in another order than it came. */
Test(strict, nobody_is_lost_when_others_go)
{
	static bool there[20000];
	uint32_t count = 0;

	srand(7);
	for (int i = 0; i < 200000; i++) {
		uint32_t number = (uint32_t)rand() % 20000;

		there[number] = rand() % 3;
		set(3, number + 1, there[number] ? number + 1 : 0, 0);
	}
	for (uint32_t i = 0; i < 20000; i++) {
		cr_assert_eq(own(3, i + 1), there[i] ? i + 1 : 0, "%u", i);
		count += there[i];
	}
	cr_assert_eq(atomic_load(&strict->count), count);
}

Test(strict, who_does_not_fit_makes_it_unsure_of_all_others)
{
	for (uint32_t i = 0; i < JANUS__STRICT_MAX; i++)
		set(1, i + 1, 1, 0);
	cr_assert_eq(own(1, JANUS__STRICT_MAX + 1), 0);
	set(1, JANUS__STRICT_MAX + 1, 1, 0);
	cr_assert_eq(own(1, JANUS__STRICT_MAX + 1), ~0u);
	cr_assert_eq(own(2, 5), ~0u);
	cr_assert_eq(own(1, 5), 1);
}

Test(strict, a_change_that_was_not_finished_makes_it_unsure_until_it_is_told_anew)
{
	set(1, 2, 5, 0);
	atomic_fetch_add(&strict->version, 1); /* and its writer dies */
	cr_assert_eq(own(1, 2), ~0u);
	janus__strict_recover(strict);
	cr_assert_eq(own(1, 2), 5);
	cr_assert_eq(own(1, 3), ~0u, "that may have been lost");
	set(1, 4, 6, 0);
	cr_assert_eq(own(1, 4), 6);
	janus__strict_rebuild(strict);
	cr_assert_eq(own(1, 2), ~0u);
	set(1, 4, 6, 0);
	cr_assert_eq(own(1, 2), ~0u);
	janus__strict_rebuilt(strict);
	cr_assert_eq(own(1, 2), 0);
	cr_assert_eq(own(1, 4), 6);
	cr_assert_eq(atomic_load(&strict->count), 1);
}
