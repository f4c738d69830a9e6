// SPDX-License-Identifier: MIT
/* The ring of events: order, what is overwritten, what is lost, and who is woken. */
#include "history.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct history *history;
static struct history_chunk chunk;
static struct history_cursor oldest, end;

static void setup(void)
{
	cr_assert_eq(history_create(&history, 0), 0);
	chunk.room = HISTORY_CHUNK_BYTES;
	chunk.bytes = malloc(chunk.room);
}

static void teardown(void)
{
	history_destroy(history);
	free(chunk.bytes);
}

TestSuite(history, .init = setup, .fini = teardown);

static uint8_t bytes[HISTORY_EVENT_MAX_BYTES + 1];

static void add(uint8_t letter, size_t size)
{
	memset(bytes, letter, size);
	history_add(history, (struct wire_bytes){ bytes, size });
}

static void check_piece(const struct history_piece *piece, uint64_t sequence, size_t size)
{
	cr_assert_eq(piece->sequence, sequence);
	cr_assert_eq(piece->bytes.size, size);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(piece->bytes.data[i], (uint8_t)sequence);
}

Test(history, gives_what_was_put_in_order)
{
	struct history_cursor at = { 1, 0 };
	struct history_piece piece;

	add(1, 10);
	add(2, 0);
	add(3, 30);
	history_read(history, &at, &chunk);
	for (size_t i = 1; i <= 3; i++) {
		cr_assert(history_chunk_next(&chunk, &piece));
		check_piece(&piece, i, (const size_t[]){ 0, 10, 0, 30 }[i]);
	}
	cr_assert_not(history_chunk_next(&chunk, &piece));
	cr_assert(chunk.at_end);
	cr_assert_eq(chunk.next, 4);
	at.offset = piece.end;
	history_read(history, &at, &chunk);
	cr_assert_not(history_chunk_next(&chunk, &piece));
	cr_assert(chunk.at_end);
}

/* Of all sizes, so that pieces and their heads lie across the end of the ring. */
Test(history, keeps_the_youngest_whole_and_in_order)
{
	struct history_cursor at = { 1, 0 };
	uint64_t next = 1, told = 0;

	for (unsigned int i = 1; i <= 20000; i++) {
		struct history_piece piece;

		add((uint8_t)i, i * 37 % 901);
		if (i % 700)
			continue;
		do {
			history_read(history, &at, &chunk);
			while (history_chunk_next(&chunk, &piece)) {
				cr_assert_geq(piece.sequence, next);
				check_piece(&piece, piece.sequence,
					    (size_t)piece.sequence * 37 % 901);
				next = piece.sequence + 1;
				at.offset = piece.end;
				told++;
			}
		} while (!chunk.at_end);
		cr_assert_eq(next, i + 1);
	}
	cr_assert_gt(told, 2000);
	cr_assert_lt(told, 19000);
}

Test(history, tells_from_where_to_where_it_goes)
{
	history_bounds(history, &oldest, &end);
	cr_assert(oldest.sequence == 1 && end.sequence == 1);
	add(1, 30000);
	add(2, 30000);
	add(3, 30000);
	history_bounds(history, &oldest, &end);
	cr_assert_eq(oldest.sequence, 2);
	cr_assert_eq(end.sequence, 4);
}

Test(history, leaves_holes_for_what_is_lost)
{
	struct history_cursor at = { 1, 0 };
	struct history_piece piece;

	add(1, 5);
	history_skip(history, 100);
	add(102, 5);
	history_skip_unknown(history);
	history_skip(history, 7);
	history_read(history, &at, &chunk);
	cr_assert(history_chunk_next(&chunk, &piece));
	cr_assert(history_chunk_next(&chunk, &piece));
	check_piece(&piece, 102, 5);
	cr_assert_not(piece.unknown);
	cr_assert(history_chunk_next(&chunk, &piece));
	cr_assert_eq(piece.sequence, 103);
	cr_assert(piece.unknown);
	cr_assert_not(history_chunk_next(&chunk, &piece));
	cr_assert_eq(chunk.next, 111);
}

Test(history, loses_what_is_too_long)
{
	struct history_cursor at = { 1, 0 };
	struct history_piece piece;

	add(1, 5);
	add(2, HISTORY_EVENT_MAX_BYTES + 1);
	add(3, HISTORY_MIN_BYTES); /* with its head it is longer than this ring */
	add(4, 5);
	history_read(history, &at, &chunk);
	cr_assert(history_chunk_next(&chunk, &piece));
	check_piece(&piece, 1, 5);
	cr_assert(history_chunk_next(&chunk, &piece));
	check_piece(&piece, 4, 5);
}

Test(history, hands_a_long_event_over_whole)
{
	struct history_cursor at = { 1, 0 };
	struct history_piece piece;

	history_destroy(history);
	cr_assert_eq(history_create(&history, 4 * HISTORY_EVENT_MAX_BYTES), 0);
	add(1, HISTORY_EVENT_MAX_BYTES);
	add(2, 100);
	history_read(history, &at, &chunk);
	cr_assert(history_chunk_next(&chunk, &piece));
	check_piece(&piece, 1, HISTORY_EVENT_MAX_BYTES);
	cr_assert_not(history_chunk_next(&chunk, &piece));
	cr_assert_not(chunk.at_end);
}

static unsigned int woken;

static void wake(void *userdata)
{
	(void)userdata;
	woken++;
}

Test(history, wakes_once_for_many_events)
{
	struct history_waiter waiters[3] = { { .wake = wake },
					     { .wake = wake },
					     { .wake = wake } };
	struct history_cursor at = { 1, 0 };

	for (size_t i = 0; i < 3; i++)
		cr_assert(history_wait(history, &at, &waiters[i]));
	cr_assert(history_unwait(history, &waiters[1]));
	cr_assert_not(history_unwait(history, &waiters[1]));
	history_wake(history); /* no news */
	cr_assert_eq(woken, 0);
	add(1, 5);
	add(2, 5);
	history_wake(history);
	cr_assert_eq(woken, 2);
	cr_assert_not(history_unwait(history, &waiters[0]));
	add(3, 5);
	history_wake(history);
	cr_assert_eq(woken, 2);
}

Test(history, lets_nobody_wait_for_what_is_there)
{
	struct history_waiter waiter = { .wake = wake };
	struct history_cursor at = { 1, 0 };

	history_skip(history, 1); /* a loss is news as well */
	cr_assert_not(history_wait(history, &at, &waiter));
	at.sequence = 2;
	cr_assert(history_wait(history, &at, &waiter));
}

Test(history, has_a_name_of_its_own)
{
	struct history *other;

	cr_assert_eq(history_create(&other, 0), 0);
	cr_assert_eq(strlen(history_instance(other)), HISTORY_INSTANCE_SIZE - 1);
	cr_assert_str_neq(history_instance(other), history_instance(history));
	history_destroy(other);
}
