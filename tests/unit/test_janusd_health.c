// SPDX-License-Identifier: MIT
/*
 * What is wrong with the worker: what makes it not serve, what is a nuisance, and for how long.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "health.h"

static struct health *health;
static struct health_facts facts;
static struct health_report report;
static int64_t now;

static void start(bool strict)
{
	health = health_create(strict);
	facts = (struct health_facts){ .overdue = 7, .read_errors = 1 };
	now = health_now_ms();
}

static void setup(void)
{
	start(false);
}

static void teardown(void)
{
	health_destroy(health);
}

TestSuite(health, .init = setup, .fini = teardown);

static void say(void)
{
	health_say(health, &facts, now);
	health_read(health, now, &report);
}

static void expect_only(int problem, bool serving)
{
	for (int i = 0; i < HEALTH_PROBLEMS; i++) {
		const char *name = health_problem_name((enum health_problem)i);

		cr_expect_eq(report.has[i], i == problem, "%s", name);
		cr_expect_eq(report.text[i][0] != '\0', i == problem, "%s", name);
	}
	cr_expect_eq(report.serving, serving);
}

Test(health, starts_until_something_is_said)
{
	health_read(health, now + 3600000, &report);
	expect_only(HEALTH_STARTING, false);
	cr_expect(report.alive, "to bring guards back takes as long as it takes");
	say();
	expect_only(-1, true);
}

Test(health, what_the_last_worker_has_left_is_no_trouble_of_this_one)
{
	say();
	say();
	expect_only(-1, true);
}

Test(health, overdue_answers_are_told_for_a_while)
{
	say();
	facts.overdue += 3;
	say();
	expect_only(HEALTH_OVERDUE, false);
	cr_expect_eq(strncmp(report.text[HEALTH_OVERDUE], "3 ", 2), 0, "%s",
		     report.text[HEALTH_OVERDUE]);
	now += HEALTH_MEMORY_MS - 1;
	say();
	expect_only(HEALTH_OVERDUE, false);
	now++;
	say();
	expect_only(-1, true);
	facts.overdue++;
	say();
	cr_expect_eq(strncmp(report.text[HEALTH_OVERDUE], "1 ", 2), 0, "%s",
		     report.text[HEALTH_OVERDUE]);
}

Test(health, each_failure_is_a_problem_of_its_own)
{
	say();
	facts.read_errors++;
	say();
	expect_only(HEALTH_UNREAD, false);
	now += HEALTH_MEMORY_MS;
	facts.reply_errors++;
	say();
	expect_only(HEALTH_UNANSWERED, false);
	now += HEALTH_MEMORY_MS;
	facts.records_lost++;
	say();
	expect_only(HEALTH_LOSING, true);
	now += HEALTH_MEMORY_MS;
	facts.unreadable = true;
	say();
	expect_only(HEALTH_UNREAD, false);
	facts.unreadable = false;
	facts.ending = true;
	say();
	expect_only(HEALTH_ENDING, false);
}

Test(health, a_silent_main_thread_is_stuck)
{
	say();
	health_read(health, now + HEALTH_SILENCE_MS - 1, &report);
	expect_only(-1, true);
	cr_expect(report.alive);
	health_read(health, now + HEALTH_SILENCE_MS, &report);
	expect_only(HEALTH_STUCK, false);
	cr_expect_not(report.alive);
	now += HEALTH_SILENCE_MS;
	say();
	expect_only(-1, true);
}

Test(health, a_partial_guard_is_a_nuisance)
{
	facts.partial = "'g' of pod 'p'";
	facts.partial_count = 2;
	say();
	expect_only(HEALTH_PARTIAL, true);
	cr_expect(strstr(report.text[HEALTH_PARTIAL], "2 guards"));
	cr_expect(strstr(report.text[HEALTH_PARTIAL], facts.partial));
}

Test(health, unless_strict)
{
	health_destroy(health);
	start(true);
	say();
	expect_only(-1, true);
	facts.partial_count = 1;
	say();
	expect_only(HEALTH_PARTIAL, false);
}
