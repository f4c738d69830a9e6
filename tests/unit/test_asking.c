// SPDX-License-Identifier: MIT
/*
 * Questions, their tickets, and an answer that the kernel does not take.
 */
#include "asking.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "fake_kernel.h"

static struct janus__ledger *ledger;
static struct janus__asking *asking;
static int event;

static void setup(void)
{
	struct janus__batch_read *batch;

	fake_reset();
	fake_file("/file");
	ledger = calloc(1, sizeof(*ledger));
	asking = calloc(1, sizeof(*asking));
	cr_assert(ledger && asking);
	janus__ledger_init(ledger);
	asking->kernel = &fake_kernel;
	asking->ledger = ledger;
	asking->group_fd = fake_kernel.fanotify_init(FAN_CLASS_CONTENT, 0);
	asking->wide_fd = -1;
	event = fake_event("/file", 1, FAN_OPEN_PERM);
	batch = janus__ledger_begin(ledger, false, 1);
	janus__ledger_end(
		ledger, batch,
		fake_kernel.read(asking->group_fd, batch->events, sizeof(batch->events)));
}

static void teardown(void)
{
	free(ledger);
	free(asking);
}

TestSuite(asking, .init = setup, .fini = teardown);

static uint64_t put(void)
{
	const struct janus__access access = { .pid = 1 };

	return janus__asking_put(asking, &ledger->slots[0], &access, 0);
}

Test(asking, a_ticket_is_good_for_one_answer)
{
	uint64_t ticket = put();

	cr_assert_neq(ticket, 0);
	cr_assert_eq(janus__asking_answer(asking, ticket + 0x10000, true), -ETIMEDOUT);
	cr_assert_eq(janus__asking_answer(asking, ticket, true), 0);
	cr_assert_eq(fake_answer(event), FAN_DENY);
	cr_assert_eq(janus__asking_answer(asking, ticket, false), -ETIMEDOUT);
}

/* He waits as if nobody had answered, for whoever looks after the deadline. */
Test(asking, an_answer_that_the_kernel_does_not_take_leaves_him_waiting)
{
	uint64_t ticket = put();

	fake_fail("write", asking->group_fd, -EIO, 4);
	cr_assert_eq(janus__asking_answer(asking, ticket, false), -EIO);
	cr_assert_eq(janus__slot_state(&ledger->slots[JANUS__HELD_FIRST]),
		     JANUS__SLOT_OPEN);
	cr_assert_eq(janus__ledger_fd(ledger, JANUS__HELD_FIRST), event);
	janus__asking_end(asking);
	cr_assert_eq(fake_answer(event), FAN_ALLOW);
	cr_assert_eq(asking->count, 0);
	cr_assert_eq(janus__ledger_fd(ledger, JANUS__HELD_FIRST), -1);
}
