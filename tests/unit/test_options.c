// SPDX-License-Identifier: MIT
#include "options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* What the library knows. */
struct known {
	uint64_t size;
	uint64_t first;
	uint32_t second;
	uint32_t third;
};

/* What a caller of a later release passes. */
struct newer {
	struct known known;
	uint64_t added;
};

static struct known full(void)
{
	return (struct known){ sizeof(struct known), 1, 2, 3 };
}

TestSuite(options);

Test(options, reads_the_present_struct_whole)
{
	struct known given = full(), got;

	cr_assert_eq(janus__options_read(&got, sizeof(got), &given), 0);
	cr_assert_eq(memcmp(&got, &given, sizeof(got)), 0);
}

Test(options, reads_what_an_older_caller_lacks_as_zero)
{
	struct known given = full(), got;

	memset(&got, 0xff, sizeof(got));
	given.size = offsetof(struct known, third);
	cr_assert_eq(janus__options_read(&got, sizeof(got), &given), 0);
	cr_assert_eq(got.size, sizeof(got), "the size is that of what was filled");
	cr_assert_eq(got.first, 1);
	cr_assert_eq(got.second, 2);
	cr_assert_eq(got.third, 0);
}

Test(options, reads_a_struct_that_is_nothing_but_its_size)
{
	uint64_t given = sizeof(given);
	struct known got;

	memset(&got, 0xff, sizeof(got));
	cr_assert_eq(janus__options_read(&got, sizeof(got), &given), 0);
	cr_assert_eq(got.size, sizeof(got));
	cr_assert_eq(got.first, 0);
	cr_assert_eq(got.third, 0);
}

Test(options, takes_a_newer_struct_whose_rest_is_zero)
{
	struct newer given = { .known = full() };
	struct known got;

	given.known.size = sizeof(given);
	cr_assert_eq(janus__options_read(&got, sizeof(got), &given), 0);
	cr_assert_eq(got.size, sizeof(got));
	cr_assert_eq(got.third, 3);
}

Test(options, refuses_a_newer_struct_that_asks_for_more)
{
	struct newer given = { .known = full() };
	struct known got = { .first = 4711 };

	given.known.size = sizeof(given);
	for (size_t i = 0; i < sizeof(given.added); i++) {
		memset(&given.added, 0, sizeof(given.added));
		((char *)&given.added)[i] = 1;
		cr_assert_eq(janus__options_read(&got, sizeof(got), &given), -E2BIG);
		cr_assert_eq(got.first, 4711, "the output is untouched");
	}
}

Test(options, refuses_a_size_that_is_no_size)
{
	struct known given = full(), got = { .first = 4711 };

	for (given.size = 0; given.size < sizeof(given.size); given.size++)
		cr_assert_eq(janus__options_read(&got, sizeof(got), &given), -EINVAL);
	cr_assert_eq(got.first, 4711);
}

Test(options, refuses_an_absurd_size_without_reading_so_far)
{
	struct known given = full(), got;

	given.size = 65537;
	cr_assert_eq(janus__options_read(&got, sizeof(got), &given), -E2BIG);
	given.size = UINT64_MAX;
	cr_assert_eq(janus__options_read(&got, sizeof(got), &given), -E2BIG);
}

Test(options, writes_as_far_as_the_caller_has_room)
{
	struct known from = full(), given;

	memset(&given, 0x55, sizeof(given));
	given.size = offsetof(struct known, second);
	cr_assert_eq(janus__options_write(&given, &from, sizeof(from)), 0);
	cr_assert_eq(given.size, offsetof(struct known, second), "the size stays");
	cr_assert_eq(given.first, 1);
	cr_assert_eq(given.second, 0x55555555);
	cr_assert_eq(given.third, 0x55555555);
}

Test(options, writes_what_it_knows_into_a_newer_struct)
{
	struct known from = full();
	struct newer given = { .known.size = sizeof(given) };

	cr_assert_eq(janus__options_write(&given, &from, sizeof(from)), 0);
	cr_assert_eq(given.known.size, sizeof(given));
	cr_assert_eq(given.known.third, 3);
	cr_assert_eq(given.added, 0);
}

Test(options, writes_nothing_when_it_refuses)
{
	struct known from = full();
	struct newer given = { .added = 1 };

	given.known.size = 7;
	cr_assert_eq(janus__options_write(&given, &from, sizeof(from)), -EINVAL);
	given.known.size = sizeof(given);
	cr_assert_eq(janus__options_write(&given, &from, sizeof(from)), -E2BIG);
	cr_assert_eq(given.known.first, 0);
	cr_assert_eq(given.known.third, 0);
}
