// SPDX-License-Identifier: MIT
#include "twins.h"

#include <criterion/criterion.h>

static struct janus__twins twins;

static const struct janus__access narrow = {
	.inode = { 7, 1 },
	.time_ns = 1000000000,
	.kind = 1,
	.pid = 77,
};

static bool meet(struct janus__access access, bool wide, int64_t later_ns)
{
	access.wide = wide;
	access.time_ns += later_ns;
	return janus__twins_meet(&twins, &access);
}

Test(twins, the_second_question_about_an_access_meets_the_first)
{
	cr_assert_not(meet(narrow, false, 0));
	cr_assert(meet(narrow, true, 100));
	cr_assert_not(meet(narrow, true, 200), "that was another access");
	cr_assert(meet(narrow, false, 300), "in whatever order they ask");
}

Test(twins, the_same_group_asks_about_another_access)
{
	cr_assert_not(meet(narrow, false, 0));
	cr_assert_not(meet(narrow, false, 1));
	cr_assert(meet(narrow, true, 2));
	cr_assert(meet(narrow, true, 3), "each of two meets its own");
	cr_assert_not(meet(narrow, true, 4));
}

Test(twins, somebody_elses_access_is_none_of_them)
{
	struct janus__access others[4] = { narrow, narrow, narrow, narrow };

	others[0].pid++;
	others[1].kind = 2;
	others[2].inode.number++;
	others[3].inode.device++;
	for (size_t i = 0; i < 4; i++) {
		cr_assert_not(meet(narrow, false, 0));
		cr_assert_not(meet(others[i], true, 1), "%zu", i);
		twins = (struct janus__twins){ 0 };
	}
}

Test(twins, what_comes_late_is_another_access)
{
	cr_assert_not(meet(narrow, false, 0));
	cr_assert_not(meet(narrow, true, 200000000));
	cr_assert_not(meet(narrow, false, -1), "so is what the clock says was before");
}

Test(twins, forget_who_is_pushed_out)
{
	struct janus__access other = narrow;

	for (uint64_t i = 0; i < 10000; i++) {
		other.inode.number = i + 2;
		cr_assert_not(meet(other, false, 0), "%zu", (size_t)i);
	}
	cr_assert(meet(other, true, 1));
}

static bool is_second(bool wide, int64_t later_ns)
{
	struct janus__access access = narrow;

	access.wide = wide;
	access.time_ns += later_ns;
	return janus__twins_second(&twins, &access);
}

Test(twins, whether_it_is_the_second_can_be_asked_without_being_the_first)
{
	cr_assert_not(is_second(true, 0));
	cr_assert_not(is_second(false, 1), "nobody remembers who has only asked");
	cr_assert_not(meet(narrow, false, 2));
	cr_assert_not(is_second(false, 3), "the same group asks about another access");
	cr_assert(is_second(true, 4));
	cr_assert_not(is_second(true, 5), "that was another access");
}

Test(twins, who_comes_late_or_is_somebody_else_is_not_the_second)
{
	struct janus__access other = narrow;

	cr_assert_not(meet(narrow, false, 0));
	cr_assert_not(is_second(true, 200000000));
	cr_assert_not(is_second(true, -1));
	other.pid++;
	other.wide = true;
	cr_assert_not(janus__twins_second(&twins, &other));
	cr_assert(is_second(true, 1), "the first one waits all the same");
}
