// SPDX-License-Identifier: MIT
#include "slab.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

#define PIECES 3000u

static struct janus__slabs slabs;

static struct {
	unsigned char *bytes;
	size_t size;
	uint32_t offset;
} pieces[PIECES];

static void take(size_t i, size_t size)
{
	pieces[i].size = size;
	pieces[i].bytes = janus__slab_take(&slabs, size, &pieces[i].offset);
	cr_assert_not_null(pieces[i].bytes);
	cr_assert_eq((uintptr_t)pieces[i].bytes % sizeof(void *), 0);
	memset(pieces[i].bytes, (int)(i % 251), size);
}

/* Whoever else wrote there would have been seen. */
static void give(size_t i)
{
	for (size_t at = 0; at < pieces[i].size; at++)
		cr_assert_eq(pieces[i].bytes[at], i % 251);
	janus__slab_give(&slabs, pieces[i].bytes, pieces[i].offset);
	pieces[i].bytes = NULL;
}

static bool is_empty(void)
{
	static const struct janus__slabs empty;

	return memcmp(&slabs, &empty, sizeof(slabs)) == 0;
}

Test(slab, pieces_of_one_size_do_not_meet)
{
	for (size_t i = 0; i < PIECES; i++)
		take(i, 96);
	for (size_t i = 0; i < PIECES; i++)
		give(i);
	cr_assert(is_empty());
}

Test(slab, every_size_has_its_room)
{
	for (size_t i = 0; i < PIECES; i++)
		take(i, i % 700);
	for (size_t i = PIECES; i > 0; i--)
		give(i - 1);
	cr_assert(is_empty());
}

Test(slab, what_is_given_back_in_any_order_is_taken_again)
{
	for (size_t i = 0; i < PIECES; i++)
		take(i, 64 + i % 5 * 8);
	for (size_t round = 2; round < 7; round++) {
		for (size_t i = 0; i < PIECES; i += round)
			give(i);
		for (size_t i = 0; i < PIECES; i += round)
			take(i, 64 + (i + round) % 5 * 8);
	}
	for (size_t i = 0; i < PIECES; i++)
		give((i * 7) % PIECES);
	cr_assert(is_empty());
}

/* One that stays in each slab keeps no room from the others. */
Test(slab, comings_and_goings_take_no_more_than_their_peak)
{
	unsigned char *lowest, *highest;

	for (size_t i = 0; i < PIECES; i++)
		take(i, 96);
	lowest = highest = pieces[0].bytes;
	for (size_t i = 0; i < PIECES; i++) {
		lowest = pieces[i].bytes < lowest ? pieces[i].bytes : lowest;
		highest = pieces[i].bytes > highest ? pieces[i].bytes : highest;
	}
	for (size_t round = 0; round < 5 && pieces[0].offset; round++) {
		for (size_t i = 0; i < PIECES; i++)
			if (i % 3 != 0)
				give(i);
		for (size_t i = 0; i < PIECES; i++) {
			if (i % 3 != 0)
				take(i, 96);
			cr_assert(pieces[i].bytes >= lowest &&
				  pieces[i].bytes <= highest);
		}
	}
	for (size_t i = 0; i < PIECES; i++)
		give(i);
}
