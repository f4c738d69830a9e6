// SPDX-License-Identifier: MIT
#include "actors.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "fake_actor.h"
#include "fake_proc.h"
#include "fault/allocations.h"

#define PID 10

static struct janus__actors *actors;

static void teardown(void)
{
	janus__actors_destroy(actors);
	fake_actor_end();
}

TestSuite(actors, .init = fake_actor_begin, .fini = teardown);

static void create(uint32_t held)
{
	cr_assert_eq(janus__actors_create(&actors, &fake_actor.proc, held), 0);
}

Test(actors, a_process_is_read_once_while_it_is_the_same)
{
	struct janus__actor *first, *second;

	fake_actor_add(PID);
	create(2);
	first = janus__actors_get(actors, PID);
	second = janus__actors_get(actors, PID);
	cr_assert_eq(first, second);
	cr_assert_eq(fake_actor.status_reads, 1);
	janus__actors_put(actors, first);
	janus__actors_put(actors, second);
	janus__actors_put(actors, janus__actors_get(actors, PID));
	cr_assert_eq(fake_actor.status_reads, 1);
	janus__actors_put(actors, NULL);
}

Test(actors, one_that_is_held_stays_as_it_was)
{
	struct janus__actor *before, *after;

	fake_actor_add(PID);
	create(2);
	before = janus__actors_get(actors, PID);
	fake_proc_write(PID, "comm", "other\n");
	after = janus__actors_get(actors, PID);
	cr_assert_neq(before, after);
	cr_assert_str_eq(before->facts.comm, "worker");
	cr_assert_str_eq(after->facts.comm, "other");
	cr_assert_eq(fake_actor.open_count, 3);
	janus__actors_put(actors, before);
	cr_assert_str_eq(after->facts.comm, "other");
	janus__actors_put(actors, after);
}

Test(actors, recall_takes_who_was_seen_for_the_same_until_a_refresh)
{
	fake_actor_add(PID);
	create(1);
	janus__actors_put(actors, janus__actors_recall(actors, PID));
	fake_proc_write(PID, "comm", "other\n");
	cr_assert_str_eq(janus__actors_recall(actors, PID)->facts.comm, "worker");
	janus__actors_put(actors, janus__actors_recall(actors, PID));
	janus__actors_refresh(actors);
	cr_assert_str_eq(janus__actors_recall(actors, PID)->facts.comm, "other");
}

Test(actors, more_processes_than_there_is_room_for_are_read_anew)
{
	struct janus__actor *held[3];

	create(4);
	for (int32_t pid = 1; pid <= 100; pid++)
		fake_actor_add(pid);
	/* Of one set: more than it has places. */
	for (int32_t i = 0; i < 3; i++)
		held[i] = janus__actors_get(actors, 8 * (i + 1));
	for (int round = 0; round < 3; round++) {
		for (int32_t pid = 1; pid <= 100; pid++) {
			struct janus__actor *one = janus__actors_get(actors, pid);

			cr_assert_eq(one->facts.pid, pid);
			cr_assert_eq(one->id, pid);
			janus__actors_put(actors, one);
		}
	}
	cr_assert_leq(fake_actor.open_count, 3 * 32);
	for (int32_t i = 0; i < 3; i++) {
		cr_assert_eq(held[i]->facts.pid, 8 * (i + 1));
		janus__actors_put(actors, held[i]);
	}
	janus__actors_destroy(actors);
	actors = NULL;
	cr_assert_eq(fake_actor.open_count, 0);
}

Test(actors, the_one_that_was_not_asked_for_longest_goes)
{
	create(1);
	for (int32_t i = 1; i <= 5; i++)
		fake_actor_add(8 * i);
	for (int32_t i = 1; i <= 4; i++)
		janus__actors_put(actors, janus__actors_get(actors, 8 * i));
	janus__actors_put(actors, janus__actors_get(actors, 8));
	janus__actors_put(actors, janus__actors_get(actors, 40));
	cr_assert_eq(fake_actor.status_reads, 5);
	janus__actors_put(actors, janus__actors_get(actors, 8));
	cr_assert_eq(fake_actor.status_reads, 5);
	janus__actors_put(actors, janus__actors_get(actors, 16));
	cr_assert_eq(fake_actor.status_reads, 6);
}

Test(actors, who_is_gone_is_somebody_too_and_takes_no_place)
{
	fake_actor_add(PID);
	create(1);
	for (int i = 0; i < 200; i++) {
		struct janus__actor *one = janus__actors_get(actors, i % 2 ? 11 : -i);

		cr_assert_not_null(one);
		cr_assert(one->facts.gone);
		janus__actors_put(actors, one);
	}
	cr_assert_eq(fake_actor.open_count, 0);
	janus__actors_put(actors, janus__actors_get(actors, PID));
	fake_proc_remove(PID);
	fake_actor.said.info_error = -ESRCH;
	cr_assert(janus__actors_get(actors, PID)->facts.gone);
	cr_assert_eq(fake_actor.open_count, 0);
}

Test(actors, those_that_are_remembered_can_be_forgotten)
{
	struct janus__actor *held;

	fake_actor_add(PID);
	fake_actor_add(PID + 1);
	cr_assert_not(janus__actors_any(NULL));
	create(2);
	cr_assert_not(janus__actors_any(actors));
	held = janus__actors_get(actors, PID);
	janus__actors_put(actors, janus__actors_get(actors, PID + 1));
	cr_assert(janus__actors_any(actors));
	janus__actors_clear(actors);
	cr_assert_not(janus__actors_any(actors));
	cr_assert_eq(fake_actor.open_count, 0);
	cr_assert_str_eq(held->facts.comm, "worker");
	janus__actors_put(actors, held);
	janus__actors_put(actors, janus__actors_get(actors, PID));
	cr_assert(janus__actors_any(actors));
	cr_assert_eq(fake_actor.open_count, 3);
}

Test(actors, without_memory_there_are_none)
{
	allocations_fail(1);
	cr_assert_eq(janus__actors_create(&actors, &fake_actor.proc, 4), -ENOMEM);
	cr_assert_null(actors);
	janus__actors_destroy(NULL);
}
