// SPDX-License-Identifier: MIT
/*
 * A guard as bytes and back, and bytes that are none.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"
#include "guards.h"

static struct guard_target targets[] = {
	{ .cid = "4c01db0b339c", .pid = 17 },
	{ .pid = 42, .start_time = UINT64_C(0x123456789abcdef) },
	{ .cid = "x", .pid = 1 },
};
static const struct wire_bytes request = { (const uint8_t *)"\n\3one", 5 };

static struct wire_bytes pack(size_t count)
{
	struct wire_bytes packed;

	cr_assert_eq(guard_image_pack(targets, count, request, &packed), 0);
	return packed;
}

static void release(struct wire_bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

Test(guard_image, comes_back_as_it_was)
{
	struct wire_bytes packed = pack(3);
	struct guard_image image;

	cr_assert_eq(guard_image_unpack(&image, packed), 0);
	cr_assert_eq(image.target_count, 3);
	cr_expect_str_eq(image.targets[0].cid, "4c01db0b339c");
	cr_expect_null(image.targets[1].cid);
	cr_expect_eq(image.targets[1].pid, 42);
	cr_expect_eq(image.targets[1].start_time, UINT64_C(0x123456789abcdef));
	cr_expect_str_eq(image.targets[2].cid, "x");
	cr_expect_eq(image.request.size, request.size);
	cr_expect_arr_eq(image.request.data, request.data, request.size);
	guard_image_done(&image);
	release(packed);
}

Test(guard_image, may_have_no_target_and_no_request)
{
	struct wire_bytes packed;
	struct guard_image image;

	cr_assert_eq(guard_image_pack(NULL, 0, (struct wire_bytes){ NULL, 0 }, &packed),
		     0);
	cr_assert_eq(guard_image_unpack(&image, packed), 0);
	cr_expect_eq(image.target_count, 0);
	cr_expect_eq(image.request.size, 0);
	guard_image_done(&image);
	release(packed);
}

Test(guard_image, a_dropped_target_is_not_there)
{
	struct wire_bytes packed = pack(3);
	struct guard_image image;

	cr_assert_eq(guard_image_unpack(&image, packed), 0);
	guard_image_drop(&image, 0);
	guard_image_drop(&image, 1);
	cr_assert_eq(image.target_count, 1);
	cr_expect_eq(image.targets[0].pid, 42);
	guard_image_drop(&image, 0);
	cr_expect_eq(image.target_count, 0);
	guard_image_done(&image);
	release(packed);
}

Test(guard_image, cut_off_anywhere_it_is_none_or_has_less_of_the_request)
{
	struct wire_bytes packed = pack(3);

	for (size_t size = 0; size < packed.size; size++) {
		/* A copy of this size, so that a sanitizer sees what is read behind it. */
		uint8_t *copy = malloc(size + !size);
		struct guard_image image;
		int error;

		memcpy(copy, packed.data, size);
		error = guard_image_unpack(&image, (struct wire_bytes){ copy, size });
		cr_expect_eq(error, size < packed.size - request.size ? -EBADMSG : 0,
			     "%zu", size);
		if (!error)
			guard_image_done(&image);
		free(copy);
	}
	release(packed);
}

Test(guard_image, lengths_and_counts_out_of_range_are_refused)
{
	static const uint32_t values[] = { 0x7fffffff, 0xffffffff, 1025, 100000 };
	struct wire_bytes packed = pack(3);
	uint8_t *bytes = (uint8_t *)(uintptr_t)packed.data;
	struct guard_image image;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const uint32_t count = 3;

		memcpy(bytes, &values[i], 4);
		cr_expect_eq(guard_image_unpack(&image, packed), -EBADMSG);
		memcpy(bytes, &count, 4);
	}
	/* Behind the count: start time, pid, length of the id. */
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		memcpy(bytes + 4 + 12, &values[i], 4);
		cr_expect_eq(guard_image_unpack(&image, packed), -EBADMSG);
	}
	release(packed);
}
