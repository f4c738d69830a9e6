// SPDX-License-Identifier: MIT
/*
 * The state that outlives the worker: what was put is there for the next one, whatever the
 * last one was killed in the middle of; and nothing that is read there is believed.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard_state.h"

#define LOG_START 4096
#define SLOT_SIZE 32
#define SLOTS 8

static int fd;
static struct guard_state *state;
static char told[4096];

static void open_state(void)
{
	cr_assert_eq(guard_state_open(&state, fd), 0);
}

static void setup(void)
{
	fd = memfd_create("test", MFD_CLOEXEC);
	cr_assert_geq(fd, 0);
	open_state();
}

static void teardown(void)
{
	guard_state_close(state);
	close(fd);
}

/* As the next worker finds it. */
static void reopen(void)
{
	guard_state_close(state);
	state = NULL;
	open_state();
}

static void put(uint64_t id, const char *text)
{
	const struct wire_bytes value = { (const uint8_t *)text, strlen(text) };

	cr_assert_eq(guard_state_put(state, id, value), 0);
}

static void collect(void *userdata, uint64_t id, struct wire_bytes value)
{
	size_t used = strlen(told);

	(void)userdata;
	snprintf(told + used, sizeof(told) - used, "%llu=%.*s ", (unsigned long long)id,
		 (int)value.size, (const char *)value.data);
}

static void expects(const char *text)
{
	told[0] = '\0';
	guard_state_each(state, collect, NULL);
	cr_expect_str_eq(told, text);
}

static off_t file_size(void)
{
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	return status.st_size;
}

static void overwrite(off_t offset, const void *bytes, size_t size)
{
	cr_assert_eq(pwrite(fd, bytes, size, offset), (ssize_t)size);
}

TestSuite(guard_state, .init = setup, .fini = teardown);

Test(guard_state, is_empty_at_first)
{
	cr_expect_eq(guard_state_count(state), 0);
	expects("");
	reopen();
	expects("");
}

Test(guard_state, keeps_what_was_put_in_the_order_of_the_numbers)
{
	put(2, "two");
	put(1, "one");
	put(9, "");
	expects("1=one 2=two 9= ");
	reopen();
	expects("1=one 2=two 9= ");
}

Test(guard_state, replaces_in_place)
{
	put(1, "one");
	put(2, "two");
	put(1, "another one");
	reopen();
	expects("1=another one 2=two ");
}

Test(guard_state, forgets_what_was_removed)
{
	put(1, "one");
	put(2, "two");
	cr_expect_eq(guard_state_remove(state, 1), 0);
	cr_expect_eq(guard_state_remove(state, 1), 0);
	cr_expect_eq(guard_state_remove(state, 7), 0);
	expects("2=two ");
	reopen();
	expects("2=two ");
	cr_expect_eq(guard_state_count(state), 1);
}

Test(guard_state, refuses_numbers_and_values_out_of_range)
{
	static uint8_t large[GUARD_STATE_VALUE_MAX + 1];

	cr_expect_eq(guard_state_put(state, 0, (struct wire_bytes){ large, 1 }), -EINVAL);
	cr_expect_eq(guard_state_put(state, GUARD_STATE_ID_MAX + 1,
				     (struct wire_bytes){ large, 1 }),
		     -EINVAL);
	cr_expect_eq(
		guard_state_put(state, 1, (struct wire_bytes){ large, sizeof(large) }),
		-EINVAL);
	expects("");
}

/* Killed between the record and the new end, after any number of its bytes. */
Test(guard_state, a_torn_append_is_not_there)
{
	static const char torn[] = "\1\0\0\0\377\0\0\0\2\0\0\0\0\0\0\0half of a val";
	off_t end;

	put(1, "one");
	end = file_size();
	for (size_t size = 1; size < sizeof(torn); size++) {
		overwrite(end, torn, size);
		reopen();
		expects("1=one ");
	}
	put(2, "two");
	reopen();
	expects("1=one 2=two ");
}

/* Killed in the middle of writing a slot: the other one counts. */
Test(guard_state, a_torn_slot_is_not_believed)
{
	put(1, "one");
	put(2, "two");
	/* Sequences 1 to 3: the last is in the second slot, before it is the first one's. */
	for (int byte = 0; byte < SLOT_SIZE; byte++) {
		off_t offset = SLOTS + SLOT_SIZE + byte;
		uint8_t old, torn;

		cr_assert_eq(pread(fd, &old, 1, offset), 1);
		torn = (uint8_t)~old;
		overwrite(offset, &torn, 1);
		reopen();
		expects("1=one ");
		/* Opening has written nothing. */
		overwrite(offset, &old, 1);
	}
	reopen();
	expects("1=one 2=two ");
}

Test(guard_state, without_a_valid_slot_it_begins_anew)
{
	static const uint8_t zeros[2 * SLOT_SIZE];

	put(1, "one");
	overwrite(SLOTS, zeros, sizeof(zeros));
	reopen();
	expects("");
	put(2, "two");
	reopen();
	expects("2=two ");
}

Test(guard_state, foreign_bytes_are_no_state)
{
	char noise[8192];

	for (int length = 1; length <= (int)sizeof(noise); length += 511) {
		memset(noise, length, sizeof(noise));
		cr_assert_eq(ftruncate(fd, 0), 0);
		overwrite(0, noise, (size_t)length);
		reopen();
		expects("");
	}
	put(1, "one");
	reopen();
	expects("1=one ");
}

/* An end behind that of the file belongs to a slot that was never written so. */
Test(guard_state, a_file_that_was_cut_off_begins_anew)
{
	put(1, "one");
	cr_assert_eq(ftruncate(fd, LOG_START + 4), 0);
	reopen();
	expects("");
}

Test(guard_state, behind_a_wrong_length_nothing_is_believed)
{
	static const uint32_t lengths[] = { 17, 4096, UINT32_MAX, UINT32_MAX - 7,
					    INT32_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		cr_assert_eq(ftruncate(fd, 0), 0);
		reopen();
		put(1, "one");
		put(2, "0123456789abcdef");
		/* The first record takes 16 bytes and 8 more. */
		overwrite(LOG_START + 24 + 4, &lengths[i], sizeof(lengths[i]));
		reopen();
		expects("1=one ");
		put(3, "three");
		reopen();
		expects("1=one 3=three ");
	}
}

Test(guard_state, a_record_of_no_kind_is_left_out)
{
	static const uint32_t kinds[] = { 0, 3, UINT32_MAX };
	static const uint64_t numbers[] = { 0, UINT64_MAX, GUARD_STATE_ID_MAX + 1 };
	const uint32_t kind = 1;

	put(1, "one");
	put(2, "two");
	for (size_t i = 0; i < 3; i++) {
		overwrite(LOG_START, &kinds[i], sizeof(kinds[i]));
		reopen();
		expects("2=two ");
	}
	overwrite(LOG_START, &kind, sizeof(kind));
	for (size_t i = 0; i < 3; i++) {
		overwrite(LOG_START + 8, &numbers[i], sizeof(numbers[i]));
		reopen();
		expects("2=two ");
	}
}

static void put_large(uint64_t id, uint8_t fill)
{
	static uint8_t value[100000];

	memset(value, fill, sizeof(value));
	cr_assert_eq(
		guard_state_put(state, id, (struct wire_bytes){ value, sizeof(value) }),
		0);
}

static off_t memory_used(void)
{
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	return status.st_blocks * 512;
}

static void expect_large(void *userdata, uint64_t id, struct wire_bytes value)
{
	size_t *count = userdata;

	(void)id;
	cr_expect_eq(value.size, 100000);
	for (size_t i = 0; i < value.size; i++)
		cr_assert_eq(value.data[i], (uint8_t)(*count + 1));
	++*count;
}

Test(guard_state, is_written_anew_when_most_of_it_is_of_no_use)
{
	size_t count = 0;

	for (int round = 0; round < 100; round++)
		for (uint64_t id = 1; id <= 4; id++)
			put_large(id, (uint8_t)(round == 99 ? id : 0xee));
	cr_expect_lt(memory_used(), 3 * (off_t)GUARD_STATE_COMPACT_BYTES, "%lld",
		     (long long)memory_used());
	reopen();
	guard_state_each(state, expect_large, &count);
	cr_expect_eq(count, 4);
}

Test(guard_state, removing_gives_memory_back)
{
	for (uint64_t id = 1; id <= 40; id++)
		put_large(id, 1);
	cr_expect_gt(memory_used(), 3900000);
	for (uint64_t id = 2; id <= 40; id++)
		cr_assert_eq(guard_state_remove(state, id), 0);
	cr_expect_lt(memory_used(), 2 * (off_t)GUARD_STATE_COMPACT_BYTES);
	reopen();
	cr_expect_eq(guard_state_count(state), 1);
}

/* Killed while it was written anew: the first one is whole, whatever stands behind it. */
Test(guard_state, compacting_that_was_torn_has_not_happened)
{
	static uint8_t noise[50000];

	memset(noise, 0x5a, sizeof(noise));
	put(1, "one");
	put(2, "two");
	overwrite((file_size() + LOG_START - 1) / LOG_START * LOG_START, noise,
		  sizeof(noise));
	reopen();
	expects("1=one 2=two ");
	put(3, "three");
	reopen();
	expects("1=one 2=two 3=three ");
}

static void change(void *userdata, uint64_t id, struct wire_bytes value)
{
	(void)userdata;
	if (id == 2)
		cr_assert_eq(guard_state_remove(state, id), 0);
	else
		cr_assert_eq(
			guard_state_put(state, id, (struct wire_bytes){ value.data, 1 }),
			0);
}

Test(guard_state, may_change_while_it_is_told)
{
	put(1, "one");
	put(2, "two");
	put(3, "three");
	guard_state_each(state, change, NULL);
	expects("1=o 3=t ");
	reopen();
	expects("1=o 3=t ");
}

Test(guard_state, reads_any_bytes_without_harm)
{
	uint8_t bytes[512];

	srand(4711);
	for (int round = 0; round < 3000; round++) {
		cr_assert_eq(ftruncate(fd, 0), 0);
		reopen();
		put(1, "one");
		put(2, "twotwotwotwotwo");
		put(1, "another");
		cr_assert_eq(guard_state_remove(state, 2), 0);
		for (int i = 0; i < 4; i++) {
			bytes[0] = (uint8_t)rand();
			overwrite(LOG_START + rand() % (int)(file_size() - LOG_START),
				  bytes, 1);
		}
		reopen();
		told[0] = '\0';
		guard_state_each(state, collect, NULL);
		put(5, "five");
	}
}

static void expects_of_copy(const char *text)
{
	struct guard_state *original = state;
	int copy = guard_state_copy(fd);

	cr_assert_geq(copy, 0);
	cr_assert_eq(guard_state_open(&state, copy), 0);
	expects(text);
	guard_state_close(state);
	state = original;
	close(copy);
}

Test(guard_state, is_copied_as_it_is_at_that_moment)
{
	expects_of_copy("");
	put(1, "one");
	put(2, "two");
	expects_of_copy("1=one 2=two ");
	put(1, "another one");
	cr_expect_eq(guard_state_remove(state, 2), 0);
	expects_of_copy("1=another one ");
	expects("1=another one ");
}

Test(guard_state, has_another_version_after_each_change)
{
	uint64_t version = guard_state_version(state);

	put(1, "one");
	cr_expect_neq(guard_state_version(state), version);
	version = guard_state_version(state);
	cr_expect_eq(guard_state_remove(state, 1), 0);
	cr_expect_neq(guard_state_version(state), version);
	version = guard_state_version(state);
	cr_expect_eq(guard_state_remove(state, 1), 0);
	cr_expect_eq(guard_state_version(state), version);
}

/* Always 1 before 2, with the same number, and long enough for the log to be written anew. */
static void change_without_end(void)
{
	static uint64_t value[8192];

	for (value[0] = 1;; value[0]++) {
		const struct wire_bytes bytes = { (const uint8_t *)value, sizeof(value) };

		if (guard_state_put(state, 1, bytes) || guard_state_put(state, 2, bytes))
			_exit(1);
	}
}

static void take_number(void *userdata, uint64_t id, struct wire_bytes value)
{
	uint64_t *numbers = userdata;

	cr_assert_leq(id, 2);
	cr_assert_eq(value.size, 65536);
	memcpy(&numbers[id], value.data, sizeof(numbers[id]));
}

/* Return: whether there was a copy; where it changes too fast there need not be one. */
static bool look_at_copy(uint64_t *highest)
{
	struct guard_state *other = NULL;
	uint64_t numbers[3] = { 0 };
	int copy = guard_state_copy(fd);

	if (copy == -EAGAIN)
		return false;
	cr_assert_geq(copy, 0);
	cr_assert_eq(guard_state_open(&other, copy), 0);
	guard_state_each(other, take_number, numbers);
	cr_assert(numbers[1] == numbers[2] || numbers[1] == numbers[2] + 1,
		  "%llu and %llu", (unsigned long long)numbers[1],
		  (unsigned long long)numbers[2]);
	cr_assert_geq(numbers[1], *highest);
	*highest = numbers[1];
	guard_state_close(other);
	close(copy);
	return true;
}

Test(guard_state, is_copied_while_it_changes, .timeout = 60)
{
	uint64_t highest = 0;
	int copies = 0;
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		change_without_end();
	}
	while (copies < 200 || highest < 100)
		copies += look_at_copy(&highest);
	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitpid(child, NULL, 0), child);
}
