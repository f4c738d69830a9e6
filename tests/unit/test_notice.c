// SPDX-License-Identifier: MIT
#include "notice.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "fault/allocations.h"
#include "make_spec.h"

static struct janus__notices notices;
static struct janus__spec *spec;

static void setup(void)
{
	spec = make_spec_of(1, (struct make_rule){ .path = "/x" });
	janus__notices_init(&notices);
}

static void teardown(void)
{
	janus__spec_unref(spec);
}

TestSuite(notice, .init = setup, .fini = teardown);

static void add(uint32_t kind, int err)
{
	struct janus__notice *notice = malloc(sizeof(*notice));

	cr_assert_not_null(notice);
	janus__notices_add(&notices, notice, kind, janus__spec_ref(spec), err);
}

static void take(uint32_t kind, int err)
{
	const struct janus__record *record;

	cr_assert_not_null(notices.first);
	record = &notices.first->record;
	cr_assert_eq(record->kind, kind);
	cr_assert_eq(record->error, err);
	cr_assert_eq(record->spec, spec);
	cr_assert_gt(record->time_ns, 0);
	cr_assert_null(record->rule);
	cr_assert_eq(record->lost, 0);
	cr_assert_eq(record->who.pid, 0);
	/* Who pops it has taken over its reference. */
	janus__spec_unref(record->spec);
	janus__notices_pop(&notices);
}

Test(notice, come_in_their_order)
{
	add(JANUS_EVENT_START, -ENOENT);
	add(JANUS_EVENT_END, 0);
	add(JANUS_EVENT_END, -ETIMEDOUT);
	take(JANUS_EVENT_START, -ENOENT);
	take(JANUS_EVENT_END, 0);
	add(JANUS_EVENT_START, 0);
	take(JANUS_EVENT_END, -ETIMEDOUT);
	take(JANUS_EVENT_START, 0);
	cr_assert_null(notices.first);
}

Test(notice, come_again_after_the_last_one)
{
	for (int i = 0; i < 3; i++) {
		add(JANUS_EVENT_END, 0);
		take(JANUS_EVENT_END, 0);
		cr_assert_null(notices.first);
	}
}

Test(notice, those_that_nobody_fetched_go_with_their_references)
{
	long blocks = allocations_live();

	janus__notices_done(&notices);
	for (int i = 0; i < 3; i++)
		add(JANUS_EVENT_END, 0);
	cr_assert_eq(spec->references, 4);
	janus__notices_done(&notices);
	cr_assert_null(notices.first);
	cr_assert_eq(spec->references, 1);
	cr_assert_eq(allocations_live(), blocks);
}
