// SPDX-License-Identifier: MIT
#include "respond.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "fake_kernel.h"

static int group, event;

static void setup(void)
{
	fake_reset();
	fake_file("/file");
	group = fake_kernel.fanotify_init(FAN_CLASS_CONTENT, 0);
	event = fake_event("/file", 1, FAN_OPEN_PERM);
}

TestSuite(respond, .init = setup);

static int respond(bool deny, bool audit)
{
	return janus__respond(&fake_kernel, group,
			      &(struct janus__answer){ event, deny, audit });
}

Test(respond, allows)
{
	cr_assert_eq(respond(false, false), 0);
	cr_assert_eq(fake_answer(event), FAN_ALLOW);
}

Test(respond, denies)
{
	cr_assert_eq(respond(true, false), 0);
	cr_assert_eq(fake_answer(event), FAN_DENY);
}

Test(respond, asks_for_an_audit_record_with_either)
{
	cr_assert_eq(respond(true, true), 0);
	cr_assert_eq(fake_answer(event), FAN_DENY | FAN_AUDIT);
	event = fake_event("/file", 1, FAN_OPEN_PERM);
	cr_assert_eq(respond(false, true), 0);
	cr_assert_eq(fake_answer(event), FAN_ALLOW | FAN_AUDIT);
}

Test(respond, answers_again_when_a_signal_came_between)
{
	fake_fail("write", group, -EINTR, 3);
	cr_assert_eq(respond(true, false), 0);
	cr_assert_eq(fake_answer(event), FAN_DENY);
	cr_assert_eq(fake_count("write", group), 4);
}

Test(respond, is_content_when_nobody_waits_any_more)
{
	fake_fail("write", group, -ENOENT, 1);
	cr_assert_eq(respond(false, false), 1);
	cr_assert_eq(fake_count("write", group), 1);
}

Test(respond, tries_again_for_nobody_shall_wait_for_ever)
{
	fake_fail("write", group, -EIO, 1);
	cr_assert_eq(respond(true, true), 0);
	cr_assert_eq(fake_answer(event), FAN_DENY | FAN_AUDIT);
}

Test(respond, rather_does_without_an_audit_record_than_without_an_answer)
{
	fake_fail("write", group, -EINVAL, 1);
	cr_assert_eq(respond(true, true), 0);
	cr_assert_eq(fake_answer(event), FAN_DENY);
}

Test(respond, says_why_the_kernel_did_not_take_it_however_often_it_was_tried)
{
	fake_fail("write", group, -EIO, 1000);
	cr_assert_eq(respond(false, false), -EIO);
}
