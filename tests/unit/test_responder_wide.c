// SPDX-License-Identifier: MIT
/*
 * The responder where wide marks ask and trees reach down. What trees a watch makes of its
 * options is not asked here: the table is filled by hand.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "lookup.h"
#include "make_spec.h"
#include "stage.h"

#define KINDS (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

static struct fake_file *top, *sub, *deep, *file;

static void setup(void)
{
	stage_setup();
	top = fake_directory("/top");
	sub = fake_directory("/top/sub");
	deep = fake_directory("/top/sub/deep");
	file = fake_file("/top/sub/deep/f");
}

TestSuite(responder_wide, .init = setup, .fini = stage_teardown);

static struct janus__object *hold(const struct fake_file *of, const struct fake_file *in)
{
	const struct janus__inode_facts facts = {
		.inode = { of->device, of->number },
		.parent = { in ? in->device : 0, in ? in->number : 0 },
		.directory = true,
	};
	struct janus__object *object;

	cr_assert_eq(janus__rules_hold(&stage_context->rules, &facts, &object), 0);
	return object;
}

/* A watch of its own that has one rule about an object. */
static void bind(struct janus__object *object, struct make_rule rule)
{
	static uint64_t last_id = 1000;
	struct janus__spec *spec = make_spec_of(++last_id, rule);
	const struct janus__wanted wanted = { object, &spec->rules[0], false };
	const struct janus__change change = { .new_spec = spec,
					      .new_wanted = &wanted,
					      .new_count = 1 };

	cr_assert_eq(janus__rules_swap(&stage_context->rules, &change), 0);
	janus__spec_unref(spec);
}

static const struct make_rule tree = { .deny = true, .flags = JANUS_SUBJECT_RECURSIVE };
static const struct make_rule allowed_tree = { .flags = JANUS_SUBJECT_RECURSIVE };

static uint32_t open_wide(const char *path)
{
	uint32_t answer = fake_answer(fake_wide_event(path, OPENER, FAN_OPEN_PERM));

	fake_settle();
	return answer;
}

Test(responder_wide, answers_the_group_that_asks)
{
	stage_deny("/denied");
	cr_assert_eq(open_wide("/denied"), FAN_DENY);
	cr_assert_eq(stage_open("/denied"), FAN_DENY);
	cr_assert_eq(open_wide("/free"), FAN_ALLOW);
	cr_assert_eq(stage_stats().denied, 2);
	cr_assert_eq(stage_poll(), 2);
}

Test(responder_wide, neither_group_waits_for_the_other)
{
	int fds[100];

	stage_deny("/denied");
	for (int i = 0; i < 100; i++)
		fds[i] = i % 3 ? fake_event("/denied", OPENER, FAN_OPEN_PERM)
			       : fake_wide_event("/denied", OPENER, FAN_OPEN_PERM);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(fake_answer(fds[i]), FAN_DENY, "%d", i);
	fake_settle();
	cr_assert_eq(stage_stats().denied, 100);
}

Test(responder_wide, leaves_a_directory_alone_where_nothing_is_guarded)
{
	stage_deny("/denied");
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(deep->ignored, KINDS | FAN_EVENT_ON_CHILD | FAN_ONDIR);
	cr_assert_eq(sub->ignored, 0);
	cr_assert_eq(stage_stats().quiet, 1);
	janus__quiet_clear(&stage_context->quiet);
	cr_assert_eq(deep->ignored, 0);
	cr_assert_eq(stage_stats().quiet, 0);
}

Test(responder_wide, the_inode_group_makes_nothing_quiet)
{
	stage_deny("/denied");
	cr_assert_eq(stage_open("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(stage_stats().quiet, 0);
}

Test(responder_wide, leaves_no_directory_alone_that_rules_speak_of)
{
	const struct make_rule flat = { 0 };

	bind(hold(deep, sub), flat); /* its mark is still to come */
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(
		fake_answer(fake_wide_event("/top/sub/deep/f", OPENER, FAN_ACCESS_PERM)),
		FAN_ALLOW, "nobody has an opinion about reading");
	fake_settle();
	cr_assert_eq(deep->ignored, 0);
	cr_assert_eq(open_wide("/top/sub/deep"), FAN_ALLOW);
	cr_assert_eq(sub->ignored, KINDS | FAN_EVENT_ON_CHILD | FAN_ONDIR,
		     "the directory itself has its own mark");
}

Test(responder_wide, leaves_a_directory_alone_whose_own_mark_asks)
{
	struct janus__object *object = hold(deep, sub);

	bind(object, allowed_tree);
	janus__object_set_marked(&stage_context->rules, object, JANUS_EVENT_EXEC);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(deep->ignored, 0, "it does not ask for opens");
	janus__object_set_marked(&stage_context->rules, object,
				 JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(deep->ignored, KINDS | FAN_EVENT_ON_CHILD,
		     "but not what is opened as a directory");
}

Test(responder_wide, leaves_nothing_alone_that_was_denied)
{
	struct janus__object *object = hold(deep, sub);

	bind(object, tree);
	janus__object_set_marked(&stage_context->rules, object, JANUS_EVENT_OPEN);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_DENY);
	cr_assert_eq(stage_stats().quiet, 0);
}

Test(responder_wide, a_tree_guards_what_the_table_knows)
{
	bind(hold(top, NULL), tree);
	hold(sub, top);
	hold(deep, sub);
	cr_assert_eq(stage_open("/top/sub/deep/f"), FAN_DENY);
	cr_assert_eq(stage_open("/top/sub/deep"), FAN_DENY);
	cr_assert_eq(stage_open("/top/sub"), FAN_DENY);
	cr_assert_eq(stage_open("/free"), FAN_ALLOW);
}

Test(responder_wide, a_tree_guards_what_is_so_new_that_the_table_does_not_know_it)
{
	bind(hold(top, NULL), tree);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_DENY);
	cr_assert_eq(open_wide("/top/sub/deep"), FAN_DENY);
	cr_assert_eq(stage_stats().failed, 0, "it is certain");
	hold(sub, top);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_DENY);
	cr_assert_eq(stage_stats().quiet, 0);
	cr_assert_eq(stage_poll(), 3);
	cr_assert_eq(janus_event_get_reason(stage_event(0)), JANUS_REASON_RULE);
}

Test(responder_wide, what_lies_outside_of_every_tree_is_left_alone)
{
	bind(hold(sub, top), tree);
	cr_assert_eq(open_wide("/dir/a"), FAN_ALLOW);
	cr_assert_eq(fake_find(0, "fanotify_mark", stage_context->proc.fd) >= 0, true);
	cr_assert_eq(stage_stats().quiet, 1);
	cr_assert_eq(stage_stats().unmatched, 1);
	cr_assert_eq(sub->ignored, 0);
	cr_assert_eq(top->ignored, 0);
}

Test(responder_wide, a_way_up_that_is_blocked_is_taken_strictly_and_is_not_certain)
{
	size_t walks;

	bind(hold(sub, top), tree);
	fake_settle();
	walks = fake_count("openat2", -1);
	cr_assert_eq(open_wide("/dir/a"), FAN_ALLOW);
	cr_assert_gt(fake_count("openat2", -1), walks);
	janus__quiet_clear(&stage_context->quiet);
	fake_fail("openat2", -1, -EAGAIN, 1000);
	cr_assert_eq(open_wide("/dir/b"), FAN_DENY);
	cr_assert_eq(stage_stats().failed, 1);
	cr_assert_eq(stage_stats().quiet, 0);
	cr_assert_eq(stage_poll(), 1);
	cr_assert_eq(janus_event_get_reason(stage_event(0)), JANUS_REASON_FAILURE);
}

static void clear(void)
{
	janus__quiet_clear(&stage_context->quiet);
}

Test(responder_wide, what_changes_meanwhile_makes_nothing_quiet)
{
	int fd;

	stage_deny("/denied");
	fake_settle();
	fake_interrupt("write", stage_context->wide_fd, clear);
	fd = fake_wide_event("/top/sub/deep/f", OPENER, FAN_OPEN_PERM);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
	fake_settle();
	cr_assert_eq(deep->ignored, 0, "what was found was found before");
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_neq(deep->ignored, 0);
}

Test(responder_wide, what_the_kernel_does_not_leave_alone_is_answered_all_the_same)
{
	stage_deny("/denied");
	fake_settle();
	fake_fail("fanotify_mark", stage_context->proc.fd, -ENOMEM, 1);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(stage_stats().quiet, 0);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_ALLOW);
	cr_assert_eq(stage_stats().quiet, 1);
}

Test(responder_wide, an_access_that_both_groups_ask_about_is_told_once)
{
	stage_allow("/allowed");
	cr_assert_eq(stage_open("/allowed"), FAN_ALLOW);
	cr_assert_eq(open_wide("/allowed"), FAN_ALLOW);
	cr_assert_eq(stage_stats().events, 2);
	cr_assert_eq(stage_stats().allowed, 1);
	cr_assert_eq(stage_stats().records, 1);
	cr_assert_eq(stage_open("/allowed"), FAN_ALLOW);
	cr_assert_eq(stage_stats().records, 2);
}

Test(responder_wide, a_denial_that_follows_an_allowance_is_told)
{
	stage_allow("/allowed");
	cr_assert_eq(stage_open("/allowed"), FAN_ALLOW);
	stage_deny("/allowed");
	cr_assert_eq(open_wide("/allowed"), FAN_DENY);
	cr_assert_eq(stage_stats().denied, 1);
	cr_assert_eq(stage_stats().records, 3);
}

Test(responder_wide, a_mounts_root_lies_in_the_tree_that_it_is_mounted_in)
{
	deep->mount_id = 6;
	file->mount_id = 6;
	bind(hold(sub, top), tree);
	cr_assert_eq(open_wide("/top/sub/deep"), FAN_DENY);
	cr_assert_eq(open_wide("/top/sub/deep/f"), FAN_DENY);
	cr_assert_eq(stage_stats().failed, 0);
}

Test(responder_wide, a_mounts_root_is_no_child_of_a_directory_that_stands_for_itself)
{
	const struct make_rule flat = { .deny = true };

	deep->mount_id = 6;
	bind(hold(sub, top), flat);
	cr_assert_eq(open_wide("/top/sub/deep"), FAN_ALLOW);
	cr_assert_eq(sub->ignored, 0, "it is not known from there");
}

Test(responder_wide, what_is_marked_lies_where_the_inode_group_says_however_it_is_mounted)
{
	const struct make_rule flat = { .deny = true };

	deep->mount_id = 6;
	bind(hold(sub, top), flat);
	cr_assert_eq(stage_open("/top/sub/deep"), FAN_DENY);
	cr_assert_eq(stage_stats().failed, 1);
	hold(deep, sub);
	cr_assert_eq(stage_open("/top/sub/deep"), FAN_DENY);
	cr_assert_eq(stage_stats().failed, 1, "now it is known");
}

static uint64_t queued;

static void look_at_queue(void)
{
	fake_event("/free", OPENER, FAN_OPEN_PERM);
	fake_wide_event("/free", OPENER, FAN_OPEN_PERM);
	queued = stage_stats().queued;
}

Test(responder_wide, says_how_many_events_wait)
{
	int fd;

	stage_deny("/denied");
	fake_settle();
	cr_assert_eq(stage_stats().queued, 0);
	fake_interrupt("write", stage_context->group_fd, look_at_queue);
	fd = fake_event("/denied", OPENER, FAN_OPEN_PERM);
	cr_assert_eq(fake_answer(fd), FAN_DENY);
	fake_settle();
	cr_assert_eq(queued, 2);
	cr_assert_eq(stage_stats().queued, 0);
}

Test(responder_wide, a_later_file_of_a_marked_number_is_another_one)
{
	struct fake_file *denied = fake_file("/reused");

	denied->birth_time_ns = 1000;
	stage_deny("/reused");
	cr_assert_eq(stage_open("/reused"), FAN_DENY);
	denied->birth_time_ns = 2000;
	cr_assert_eq(stage_open("/reused"), FAN_ALLOW);
}
