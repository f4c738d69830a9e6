// SPDX-License-Identifier: MIT
/*
 * Who is answered for a reader that does not, when, and with what. What a file's place says of
 * that is tested with the real kernel.
 */
#include "overdue.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "fake_kernel.h"

#define START INT64_C(1000000000)
#define LATE (START + JANUS__DEADLINE_DEFAULT_NS)
#define READER 4711

static struct janus__ledger *ledger;
static struct janus__overdue *overdue;
static struct janus__proc proc;

static void setup(void)
{
	fake_reset();
	fake_file("/file");
	ledger = calloc(1, sizeof(*ledger));
	overdue = calloc(1, sizeof(*overdue));
	cr_assert(ledger && overdue);
	janus__ledger_init(ledger);
	cr_assert_eq(janus__proc_open(&fake_kernel, "/proc", &proc), 0);
	atomic_store(&ledger->reader_pid, READER);
	overdue->kernel = &fake_kernel;
	overdue->ledger = ledger;
	overdue->group_fd = fake_kernel.fanotify_init(FAN_CLASS_CONTENT, 0);
	overdue->wide_fd = fake_kernel.fanotify_init(FAN_CLASS_CONTENT, 0);
	overdue->wake_fd = fake_kernel.eventfd(0, 0);
	overdue->number_fd = -1;
	overdue->failure.proc = &proc;
	overdue->failure.strict = &ledger->strict;
}

static void teardown(void)
{
	janus__proc_done(&proc);
	free(ledger);
	free(overdue);
}

TestSuite(overdue, .init = setup, .fini = teardown);

/* The reader reads one event, and no more. */
static int read_event(int fd)
{
	struct janus__batch_read *batch = janus__ledger_begin(ledger, false, START);
	ssize_t length = fake_kernel.read(overdue->group_fd, batch->events,
					  sizeof(batch->events));

	cr_assert_gt(length, 0);
	janus__ledger_end(ledger, batch, length);
	cr_assert_eq(janus__ledger_fd(ledger, 0), fd);
	return fd;
}

static int read_one(void)
{
	return read_event(fake_event("/file", 1, FAN_OPEN_PERM));
}

static size_t answers(void)
{
	return fake_count("write", overdue->group_fd);
}

Test(overdue, who_was_read_has_until_the_deadline)
{
	int fd = read_one();

	cr_assert_eq(janus__overdue_look(overdue, LATE - 1), 0);
	cr_assert_eq(answers(), 0);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
	cr_assert_eq(janus__slot_state(&ledger->slots[0]), JANUS__SLOT_ALLOWED);
	cr_assert_eq(janus__overdue_look(overdue, 2 * LATE), 0);
	cr_assert_eq(answers(), 1);
	cr_assert_eq(atomic_load(&ledger->late), 1);
	cr_assert_eq(atomic_load(&ledger->denied), 0);
}

Test(overdue, he_gets_what_was_noted_for_him)
{
	int fd = read_one();

	janus__slot_set_verdict(&ledger->slots[0], true);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_DENY);
	cr_assert_eq(janus__slot_state(&ledger->slots[0]), JANUS__SLOT_DENIED);
	cr_assert_eq(atomic_load(&ledger->denied), 1);
}

Test(overdue, before_he_is_looked_at_he_gets_the_strictest_there_is)
{
	int fd;

	janus__strict_set(&ledger->strict, 9, 9, (struct janus__strict_kinds){ 1, 0 });
	fd = read_one();
	cr_assert_eq(janus__overdue_look(overdue, LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_DENY);
}

Test(overdue, who_was_answered_is_left_alone)
{
	read_one();
	cr_assert(janus__slot_take(&ledger->slots[0], JANUS__SLOT_TAKEN));
	atomic_store(&ledger->slots[0].state, JANUS__SLOT_DONE);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 0);
	cr_assert_eq(janus__overdue_abandon(overdue), 0);
	cr_assert_eq(answers(), 0);
}

/* The reader was stopped between taking the slot and answering: it gets no other number. */
Test(overdue, who_is_about_to_be_answered_does_not_wait_for_ever_either)
{
	int fd = read_one();

	cr_assert(janus__slot_take(&ledger->slots[0], JANUS__SLOT_TAKEN));
	cr_assert_eq(janus__overdue_look(overdue, LATE), 0);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
	cr_assert_eq(janus__slot_state(&ledger->slots[0]), JANUS__SLOT_TAKEN);
}

Test(overdue, who_is_kept_waits_no_longer_than_others)
{
	int fd = read_one();
	struct janus__slot *kept = janus__ledger_keep(ledger, &ledger->slots[0], fd);

	cr_assert(kept);
	cr_assert_eq(janus__slot_state(&ledger->slots[0]), JANUS__SLOT_DONE);
	cr_assert_not(janus__overdue_may_sleep(overdue, 100 * LATE), "somebody waits");
	cr_assert_eq(janus__overdue_look(overdue, LATE - 1), 0);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
	janus__slot_free(kept);
	cr_assert_eq(janus__overdue_look(overdue, 2 * LATE), 0);
}

Test(overdue, no_more_are_kept_than_there_is_room_for)
{
	for (int i = 0; i < (int)JANUS__HELD_MAX; i++) {
		janus__ledger_end(ledger, janus__ledger_begin(ledger, false, START),
				  sizeof(struct fanotify_event_metadata));
		cr_assert(janus__ledger_keep(ledger, &ledger->slots[0], 100 + i));
	}
	janus__ledger_begin(ledger, false, START);
	cr_assert_null(janus__ledger_keep(ledger, &ledger->slots[0], 99));
	cr_assert_eq(janus__slot_state(&ledger->slots[0]), JANUS__SLOT_OPEN);
}

Test(overdue, who_was_not_read_is_answered_after_a_whole_deadline_without_reading)
{
	int fd = fake_event("/file", 1, FAN_OPEN_PERM);

	cr_assert_eq(janus__overdue_look(overdue, START), 0);
	cr_assert_eq(janus__overdue_look(overdue, LATE - 1), 0);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
	cr_assert_eq(atomic_load(&ledger->unread), 1);
	fd = fake_event("/file", 1, FAN_OPEN_PERM);
	cr_assert_eq(janus__overdue_look(overdue, LATE + 1), 0, "this one has just come");
	cr_assert_eq(janus__overdue_look(overdue, 2 * LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
}

Test(overdue, a_reader_that_reads_is_left_to_it)
{
	fake_event("/file", 1, FAN_OPEN_PERM);
	cr_assert_eq(janus__overdue_look(overdue, START), 0);
	atomic_fetch_add(&ledger->reads, 1);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 0);
	cr_assert_eq(answers(), 0);
}

Test(overdue, the_reader_and_the_keeper_are_never_denied)
{
	int fd;

	janus__strict_set(&ledger->strict, 9, 9, (struct janus__strict_kinds){ 1, 0 });
	atomic_store(&ledger->strict.unknown, true);
	atomic_store(&ledger->keeper_pid, 12);
	fake_event("/file", READER, FAN_OPEN_PERM);
	fake_event("/file", 12, FAN_OPEN_PERM);
	fd = fake_event("/file", 13, FAN_OPEN_PERM);
	janus__overdue_look(overdue, START);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 3);
	cr_assert_eq(fake_answer(fd), FAN_DENY);
	cr_assert_eq(atomic_load(&ledger->denied), 1);
}

Test(overdue, not_even_where_they_were_read)
{
	int fd = read_event(fake_event("/file", READER, FAN_OPEN_PERM));

	janus__slot_set_verdict(&ledger->slots[0], true);
	cr_assert_eq(janus__overdue_look(overdue, LATE), 1);
	cr_assert_eq(fake_answer(fd), FAN_ALLOW);
}

Test(overdue, what_the_dead_have_read_is_answered_at_once)
{
	int fd = read_one();

	janus__slot_set_verdict(&ledger->slots[0], true);
	cr_assert_eq(janus__overdue_abandon(overdue), 1);
	cr_assert_eq(fake_answer(fd), FAN_DENY);
	cr_assert_eq(atomic_load(&ledger->abandoned), 1);
	cr_assert_eq(atomic_load(&ledger->reader_pid), 0);
	cr_assert_eq(janus__ledger_fd(ledger, 0), -1);
	cr_assert_eq(janus__overdue_abandon(overdue), 0);
}

Test(overdue, it_sleeps_while_nobody_comes_and_is_woken_by_the_reader)
{
	size_t wakes;

	cr_assert_eq(janus__overdue_look(overdue, START), 0);
	cr_assert(janus__overdue_may_sleep(overdue, START + JANUS__OVERDUE_IDLE_NS));
	wakes = fake_count("write", overdue->wake_fd);
	read_one();
	janus__overdue_wake(ledger, &fake_kernel, overdue->wake_fd);
	janus__overdue_wake(ledger, &fake_kernel, overdue->wake_fd);
	cr_assert_eq(fake_count("write", overdue->wake_fd), wakes + 1);
	cr_assert_eq(janus__overdue_look(overdue, START), 0);
	cr_assert_not(janus__overdue_may_sleep(overdue, START + 1));
}

Test(overdue, a_group_that_cannot_be_read_is_told)
{
	fake_event("/file", 1, FAN_OPEN_PERM);
	fake_fail("read", overdue->group_fd, -EIO, 1000);
	janus__overdue_look(overdue, START);
	for (int i = 1; i < 100; i++)
		janus__overdue_look(overdue, START + i * LATE);
	cr_assert(janus__overdue_is_broken(overdue));
}
