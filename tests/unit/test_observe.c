// SPDX-License-Identifier: MIT
#include "observe.h"

#include <criterion/criterion.h>
#include <errno.h>

#include <janus/context.h>
#include <janus/types.h>

static struct janus__kernel kernel;
static unsigned int asked[4];
static size_t calls;
static size_t refused; /* so many calls fail */
static int error;

static int counting_init(unsigned int flags, unsigned int event_f_flags)
{
	(void)event_f_flags;
	cr_assert_lt(calls, 4);
	asked[calls] = flags;
	return calls++ < refused ? error : 1000;
}

static void setup(void)
{
	kernel.fanotify_init = counting_init;
	error = -EPERM;
}

TestSuite(observe, .init = setup);

Test(observe, the_structure_is_observed_whatever_is_wanted)
{
	cr_assert_eq(janus__observe_mask(0), FAN_CREATE | FAN_DELETE | FAN_RENAME |
						     FAN_ONDIR | FAN_DELETE_SELF |
						     FAN_EVENT_ON_CHILD);
}

Test(observe, each_kind_has_its_bit)
{
	const struct {
		uint32_t kind;
		uint64_t mask;
	} kinds[] = {
		{ JANUS_EVENT_OPEN, FAN_OPEN },
		{ JANUS_EVENT_EXEC, FAN_OPEN_EXEC },
		{ JANUS_EVENT_ACCESS, FAN_ACCESS },
		{ JANUS_EVENT_MODIFY, FAN_MODIFY },
		{ JANUS_EVENT_ATTRIB, FAN_ATTRIB },
		{ JANUS_EVENT_CLOSE_WRITE, FAN_CLOSE_WRITE },
		{ JANUS_EVENT_CREATE, FAN_CREATE },
		{ JANUS_EVENT_DELETE, FAN_DELETE },
		{ JANUS_EVENT_RENAME, FAN_RENAME },
	};
	uint64_t always = janus__observe_mask(0);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t at = 0;

		cr_assert_eq(janus__observe_mask(kinds[i].kind), always | kinds[i].mask);
		cr_assert_eq(janus__observe_kind_at(kinds[i].mask, &at), kinds[i].kind);
		cr_assert_eq(janus__observe_kind_at(kinds[i].mask, &at), 0);
	}
}

Test(observe, one_event_is_told_in_the_order_in_which_it_happened)
{
	const uint32_t order[] = { JANUS_EVENT_CREATE,      JANUS_EVENT_EXEC,
				   JANUS_EVENT_OPEN,        JANUS_EVENT_ACCESS,
				   JANUS_EVENT_MODIFY,      JANUS_EVENT_ATTRIB,
				   JANUS_EVENT_CLOSE_WRITE, JANUS_EVENT_DELETE };
	uint64_t mask = FAN_DELETE | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_MODIFY |
			FAN_ACCESS | FAN_OPEN | FAN_OPEN_EXEC | FAN_CREATE;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		cr_assert_eq(janus__observe_kind_at(mask, &at), order[i]);
	cr_assert_eq(janus__observe_kind_at(mask, &at), 0);
	cr_assert_eq(janus__observe_kind_at(mask, &at), 0);
}

Test(observe, what_is_no_kind_is_not_told)
{
	size_t at = 0;

	cr_assert_eq(
		janus__observe_kind_at(FAN_ONDIR | FAN_DELETE_SELF | FAN_Q_OVERFLOW, &at),
		0);
}

Test(observe, the_group_is_unlimited_where_that_is_allowed)
{
	uint64_t features = 0;

	cr_assert_eq(janus__observe_open_group(&kernel, false, &features), 1000);
	cr_assert_eq(calls, 1);
	cr_assert(asked[0] & FAN_UNLIMITED_QUEUE);
	cr_assert(asked[0] & FAN_UNLIMITED_MARKS);
	cr_assert(features & JANUS_FEATURE_UNLIMITED);
	cr_assert(features & JANUS_FEATURE_OBSERVE);
	cr_assert(features & JANUS_FEATURE_PIDS);
}

Test(observe, a_bounded_group_has_a_bounded_queue)
{
	uint64_t features = 0;

	cr_assert_eq(janus__observe_open_group(&kernel, true, &features), 1000);
	cr_assert_eq(calls, 1);
	cr_assert_not(asked[0] & FAN_UNLIMITED_QUEUE);
	cr_assert_not(features & JANUS_FEATURE_UNLIMITED);
}

Test(observe, without_rights_it_does_with_less)
{
	uint64_t features = 0;

	refused = 2;
	cr_assert_eq(janus__observe_open_group(&kernel, false, &features), 1000);
	cr_assert_eq(calls, 3);
	cr_assert_eq(features, JANUS_FEATURE_OBSERVE | JANUS_FEATURE_RENAME);
}

Test(observe, failures_are_told_and_promise_nothing)
{
	uint64_t features = 0;

	refused = 4;
	cr_assert_eq(janus__observe_open_group(&kernel, false, &features), -EPERM);
	cr_assert_eq(calls, 3);
	calls = 0;
	error = -EINVAL;
	cr_assert_eq(janus__observe_open_group(&kernel, false, &features), -ENOSYS);
	cr_assert_eq(calls, 1);
	cr_assert_eq(features, 0);
}
