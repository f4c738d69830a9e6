// SPDX-License-Identifier: MIT
/*
 * A guard as bytes and back, and bytes that are none.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"

static struct guard_image_target targets[] = {
	{ .cid = "4c01db0b339c", .pid = 17 },
	{ .pid = 42, .start_time = UINT64_C(0x123456789abcdef), .index = 7 },
	{ .cid = "x", .again = true, .index = 2 },
};
static const struct wire_bytes guard = { (const uint8_t *)"\n\3one", 5 };
static char source[] = "/etc/janus/guards/one.yaml";

static struct wire_bytes pack(size_t count)
{
	const struct guard_image image = {
		.targets = targets,
		.target_count = count,
		.generation = 77,
		.source = source,
		.guard = guard,
	};
	struct wire_bytes packed;

	cr_assert_eq(guard_image_pack(&image, &packed), 0);
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
	cr_expect_eq(image.generation, 77);
	cr_expect_str_eq(image.source, source);
	cr_expect_str_eq(image.targets[0].cid, "4c01db0b339c");
	cr_expect_eq(image.targets[0].index, 0);
	cr_expect_not(image.targets[0].again);
	cr_expect_null(image.targets[1].cid);
	cr_expect_eq(image.targets[1].pid, 42);
	cr_expect_eq(image.targets[1].start_time, UINT64_C(0x123456789abcdef));
	cr_expect_eq(image.targets[1].index, 7);
	cr_expect_str_eq(image.targets[2].cid, "x");
	cr_expect(image.targets[2].again);
	cr_expect_eq(image.guard.size, guard.size);
	cr_expect_arr_eq(image.guard.data, guard.data, guard.size);
	guard_image_done(&image);
	release(packed);
}

Test(guard_image, may_have_no_target_and_no_guard)
{
	const struct guard_image nothing = { .source = "" };
	struct wire_bytes packed;
	struct guard_image image;

	cr_assert_eq(guard_image_pack(&nothing, &packed), 0);
	cr_assert_eq(guard_image_unpack(&image, packed), 0);
	cr_expect_eq(image.target_count, 0);
	cr_expect_eq(image.guard.size, 0);
	cr_expect_str_eq(image.source, "");
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

Test(guard_image, a_copy_of_the_targets_stands_alone)
{
	struct wire_bytes packed = pack(3);
	struct guard_image image, copy;

	cr_assert_eq(guard_image_unpack(&image, packed), 0);
	cr_assert_eq(guard_image_copy_targets(&copy, &image), 0);
	guard_image_done(&image);
	cr_assert_eq(copy.target_count, 3);
	cr_expect_str_eq(copy.targets[0].cid, "4c01db0b339c");
	cr_expect_null(copy.targets[1].cid);
	cr_expect_eq(copy.targets[1].index, 7);
	guard_image_done(&copy);
	release(packed);
}

Test(guard_image, cut_off_anywhere_it_is_none_or_has_less_of_the_guard)
{
	struct wire_bytes packed = pack(3);

	for (size_t size = 0; size < packed.size; size++) {
		/* A copy of this size, so that a sanitizer sees what is read behind it. */
		uint8_t *copy = malloc(size + !size);
		struct guard_image image;
		int error;

		memcpy(copy, packed.data, size);
		error = guard_image_unpack(&image, (struct wire_bytes){ copy, size });
		cr_expect_eq(error, size < packed.size - guard.size ? -EBADMSG : 0, "%zu",
			     size);
		if (!error)
			guard_image_done(&image);
		free(copy);
	}
	release(packed);
}

/* Of the head: the format, how many targets, the source's length. */
#define AT_FORMAT 0
#define AT_COUNT 4
#define AT_SOURCE_SIZE 16
#define HEAD_SIZE 24
/* Of the first target, behind its start time and pid. */
#define AT_CID_SIZE (HEAD_SIZE + sizeof(source) - 1 + 12)

Test(guard_image, lengths_and_counts_out_of_range_are_refused)
{
	static const uint32_t values[] = { 0x7fffffff, 0xffffffff, 1025, 100000 };
	static const size_t places[] = { AT_FORMAT, AT_COUNT, AT_SOURCE_SIZE,
					 AT_CID_SIZE };
	struct wire_bytes packed = pack(3);
	uint8_t *bytes = (uint8_t *)(uintptr_t)packed.data;
	struct guard_image image;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++) {
			uint32_t right;

			memcpy(&right, bytes + places[k], 4);
			memcpy(bytes + places[k], &values[i], 4);
			cr_expect_eq(guard_image_unpack(&image, packed), -EBADMSG,
				     "%zu %zu", i, k);
			memcpy(bytes + places[k], &right, 4);
		}
	cr_assert_eq(guard_image_unpack(&image, packed), 0);
	guard_image_done(&image);
	release(packed);
}

Test(guard_image, bytes_of_the_first_form_are_refused)
{
	/* How many targets, for each of them its head, then the old service's request. */
	static const uint8_t bytes[] = { 1, 0, 0, 0, 0, 0, 0, 0,  0, 0,   0,   0,  42,
					 0, 0, 0, 0, 0, 0, 0, 10, 3, 'o', 'n', 'e' };
	struct guard_image image;

	cr_expect_eq(
		guard_image_unpack(&image, (struct wire_bytes){ bytes, sizeof(bytes) }),
		-EBADMSG);
}
