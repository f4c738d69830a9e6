// SPDX-License-Identifier: MIT
/*
 * What the library says of watches, and what the guard as a whole is then.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "guards_internal.h"

#define EFFECTIVE JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE
#define PARTIAL JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL
#define WAITING JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING
#define FAILED JANUS__V1__GUARD_STATE__GUARD_STATE_FAILED

static uint32_t state_of(struct janus_watch_report report)
{
	struct guard_target target = { 0 };

	guard_take_report(&target, &report);
	free(target.report.message);
	return target.state;
}

Test(guard_report, of_one_target)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;

	report.paths = report.marked = 2;
	cr_expect_eq(state_of(report), EFFECTIVE);
	report.tree_skipped = 1;
	cr_expect_eq(state_of(report), PARTIAL);
	report.tree_skipped = 0;
	report.marked = report.skipped = 1;
	cr_expect_eq(state_of(report), PARTIAL);
	report.marked = report.waiting = 1;
	report.skipped = 0;
	cr_expect_eq(state_of(report), PARTIAL);
	report.marked = 0;
	report.waiting = 2;
	cr_expect_eq(state_of(report), WAITING);
	report.waiting = 0;
	report.skipped = 2;
	cr_expect_eq(state_of(report), FAILED);
	report.pending = 1;
	cr_expect_eq(state_of(report), WAITING);
}

Test(guard_report, the_numbers_and_the_message_are_kept)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct guard_target target = { 0 };

	report.paths = 5;
	report.marked = 4;
	report.skipped = 1;
	report.tree_directories = 6;
	report.tree_files = 7;
	report.tree_ignored = 8;
	report.strategies = JANUS_STRATEGY_MOUNT;
	snprintf(report.message, sizeof(report.message), "why");
	guard_take_report(&target, &report);
	cr_expect_eq(target.report.paths, 5);
	cr_expect_eq(target.report.marked, 4);
	cr_expect_eq(target.report.skipped, 1);
	cr_expect_eq(target.report.tree_directories, 6);
	cr_expect_eq(target.report.tree_files, 7);
	cr_expect_eq(target.report.tree_ignored, 8);
	cr_expect_eq(target.report.strategies, JANUS_STRATEGY_MOUNT);
	cr_expect_str_eq(target.report.message, "why");
	guard_take_failure(&target, "gone");
	cr_expect_eq(target.state, FAILED);
	cr_expect_str_eq(target.report.message, "gone");
	free(target.report.message);
}

static uint32_t whole(uint32_t a, uint32_t b)
{
	struct guard_target targets[] = { { .state = a }, { .state = b } };
	const struct guard guard = { .targets = targets, .target_count = 2 };

	return guard_state_of(&guard);
}

Test(guard_report, of_all_of_them)
{
	cr_expect_eq(whole(EFFECTIVE, EFFECTIVE), EFFECTIVE);
	cr_expect_eq(whole(PARTIAL, PARTIAL), PARTIAL);
	cr_expect_eq(whole(WAITING, WAITING), WAITING);
	cr_expect_eq(whole(FAILED, FAILED), FAILED);
	cr_expect_eq(whole(EFFECTIVE, WAITING), PARTIAL);
	cr_expect_eq(whole(EFFECTIVE, FAILED), PARTIAL);
	cr_expect_eq(whole(PARTIAL, FAILED), PARTIAL);
	cr_expect_eq(whole(WAITING, FAILED), WAITING);
}
