// SPDX-License-Identifier: MIT
/*
 * Guards as a state file and back; and files that are none, each of which is refused with where
 * and why.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"
#include "guard_state.h"
#include "state_file.h"

#define BOOT "6f0b1c52-5d1c-4a8c-9a55-0f9a5be1a001"
#define HEAD_SIZE 80
#define ENTRY_SIZE 16

static struct wire_bytes image_of(const char *source, uint64_t generation)
{
	struct guard_image_target target = { .pid = 42, .start_time = 7 };
	const struct guard_image image = {
		.targets = &target,
		.target_count = 1,
		.generation = generation,
		.source = (char *)(uintptr_t)source,
		.guard = { (const uint8_t *)"\n\3one", 5 },
	};
	struct wire_bytes packed;

	cr_assert_eq(guard_image_pack(&image, &packed), 0);
	return packed;
}

static void release(struct wire_bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

/* Two guards, of these numbers and sources. */
static struct wire_bytes encode(const uint64_t ids[2], const char *const sources[2])
{
	struct state_file_entry entries[] = {
		{ ids[0], image_of(sources[0], 3) },
		{ ids[1], image_of(sources[1], 5) },
	};
	const struct state_file file = {
		.generation = 9, .boot = BOOT, .entries = entries, .count = 2
	};
	struct wire_bytes bytes;

	cr_assert_eq(state_file_encode(&file, &bytes), 0);
	release(entries[0].image);
	release(entries[1].image);
	return bytes;
}

static struct wire_bytes good(void)
{
	static const uint64_t ids[] = { 4, 17 };
	static const char *const sources[] = { "janus.v1", "janus" };

	return encode(ids, sources);
}

static void refuses(struct wire_bytes bytes, const char *cause)
{
	struct state_file_fault fault = { 0 };
	struct state_file file = { .generation = 77 };

	cr_assert_eq(state_file_decode(&file, bytes, &fault), -EBADMSG, "not: %s", cause);
	cr_expect_not_null(strstr(fault.cause, cause), "'%s' is not '%s'", fault.cause,
			   cause);
	cr_expect_leq(fault.offset, bytes.size);
	cr_expect_eq(file.generation, 77, "untouched");
}

Test(state_file, comes_back_as_it_was)
{
	struct wire_bytes bytes = good();
	struct state_file_fault fault;
	struct guard_image image;
	struct state_file file;

	cr_assert_eq(state_file_decode(&file, bytes, &fault), 0);
	cr_expect_eq(file.generation, 9);
	cr_expect_str_eq(file.boot, BOOT);
	cr_assert_eq(file.count, 2);
	cr_expect_eq(file.entries[0].id, 4);
	cr_expect_eq(file.entries[1].id, 17);
	cr_assert_eq(guard_image_unpack(&image, file.entries[1].image), 0);
	cr_expect_eq(image.generation, 5);
	cr_expect_str_eq(image.source, "janus");
	cr_expect_eq(image.targets[0].start_time, 7);
	cr_expect_eq(image.guard.size, 5);
	guard_image_done(&image);
	state_file_done(&file);
	release(bytes);
}

Test(state_file, may_have_nothing)
{
	const struct state_file none = { .generation = 2 };
	struct state_file_fault fault;
	struct state_file file;
	struct wire_bytes bytes;

	cr_assert_eq(state_file_encode(&none, &bytes), 0);
	cr_expect_eq(bytes.size, HEAD_SIZE);
	cr_assert_eq(state_file_decode(&file, bytes, &fault), 0);
	cr_expect_eq(file.count, 0);
	cr_expect_eq(file.generation, 2);
	cr_expect_str_empty(file.boot);
	state_file_done(&file);
	release(bytes);
}

/* In memory of its own size, so that a sanitizer sees what is read behind it. */
Test(state_file, refuses_every_length_but_its_own)
{
	struct wire_bytes bytes = good();

	for (size_t size = 0; size < bytes.size; size++) {
		uint8_t *part = malloc(size + 1);

		cr_assert_not_null(part);
		memcpy(part, bytes.data, size);
		refuses((struct wire_bytes){ part, size },
			size < HEAD_SIZE ? "too short" : "cut off");
		part[size] = 0;
		free(part);
	}
	release(bytes);
}

Test(state_file, refuses_every_bit_that_has_changed)
{
	struct wire_bytes bytes = good();
	uint8_t *data = (uint8_t *)(uintptr_t)bytes.data;

	for (size_t i = 0; i < bytes.size * 8; i++) {
		data[i / 8] ^= (uint8_t)(1 << i % 8);
		refuses(bytes, "");
		data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	release(bytes);
}

Test(state_file, tells_another_version_from_a_spoilt_file)
{
	struct wire_bytes bytes = good();
	uint8_t *data = (uint8_t *)(uintptr_t)bytes.data;

	data[8] = 2;
	state_file_seal(data, bytes.size);
	refuses(bytes, "a version that this janusd does not know");
	data[8] = 1;
	data[0] ^= 1;
	state_file_seal(data, bytes.size);
	refuses(bytes, "does not begin as a state file does");
	data[0] ^= 1;
	data[bytes.size - 1] ^= 1;
	refuses(bytes, "the sum is another one");
	release(bytes);
}

/* What no write of ours makes, with a sum that is right. */
Test(state_file, refuses_what_is_out_of_place)
{
	static const struct {
		size_t offset;
		uint8_t byte;
		const char *cause;
	} cases[] = {
		{ 32, 1, "there is more than the guards that it has" },
		{ 32, 3, "there are fewer guards than it says" },
		{ 35, 0x7f, "there cannot be so many guards" },
		{ 36 + 36, 'x', "the boot is no text" },
		{ 36 + 3, 0, "the boot is no text" },
		{ HEAD_SIZE - 1, 1, "where nothing should be" },
		{ HEAD_SIZE, 0, "out of order" },
		{ HEAD_SIZE, 17, "out of order" },
		{ HEAD_SIZE + 7, 0x40, "out of order" },
		{ HEAD_SIZE + 11, 0x70, "length is wrong" },
		{ HEAD_SIZE + 10, 1, "length is wrong" },
		{ HEAD_SIZE + 12, 1, "where nothing should be" },
		{ HEAD_SIZE + ENTRY_SIZE, 0, "this is no guard" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_bytes bytes = good();
		uint8_t *data = (uint8_t *)(uintptr_t)bytes.data;

		data[cases[i].offset] = cases[i].byte;
		state_file_seal(data, bytes.size);
		refuses(bytes, cases[i].cause);
		release(bytes);
	}
}

Test(state_file, refuses_guards_of_files_and_of_nobody)
{
	static const uint64_t ids[] = { 1, 2 };
	static const char *const of_file[] = { "janus.v1", "/etc/janus/guards/a.yaml" };
	static const char *const of_nobody[] = { "", "janus" };
	struct wire_bytes bytes = encode(ids, of_file);

	refuses(bytes, "not made over gRPC");
	release(bytes);
	bytes = encode(ids, of_nobody);
	refuses(bytes, "not made over gRPC");
	release(bytes);
}

Test(state_file, refuses_numbers_that_do_not_rise)
{
	static const uint64_t same[] = { 5, 5 }, kept[] = { 1, GUARD_STATE_ID_MAX };
	static const char *const sources[] = { "janus", "janus" };
	struct wire_bytes bytes = encode(same, sources);

	refuses(bytes, "out of order");
	release(bytes);
	bytes = encode(kept, sources);
	refuses(bytes, "out of order");
	release(bytes);
}
