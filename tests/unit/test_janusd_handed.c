// SPDX-License-Identifier: MIT
/*
 * What one keeper leaves to the next, and what stands in a lock file: read back as written, and
 * nothing else is believed.
 */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handed.h"
#include "number.h"
#include "owner.h"

static struct handed handed;
static struct handed_strangers strangers;

Test(number, is_digits_and_nothing_else)
{
	static const char *const wrong[] = { "",   " 1",  "1 ", "-1",
					     "+1", "0x1", "1a", "18446744073709551616" };
	uint64_t value = 7;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(number_parse(wrong[i], UINT64_MAX, &value), -1, "'%s'",
			     wrong[i]);
	cr_expect_eq(value, 7, "untouched");
	cr_expect_eq(number_parse("18446744073709551615", UINT64_MAX, &value), 0);
	cr_expect_eq(value, UINT64_MAX);
	cr_expect_eq(number_parse("255", 255, &value), 0);
	cr_expect_eq(number_parse("256", 255, &value), -1);
	cr_expect_eq(number_parse("9", 5, &value), -1);
	cr_expect_eq(number_parse("0", 0, &value), 0);
	cr_expect_eq(value, 0);
}

Test(handed, is_read_back_as_written)
{
	struct handed given = {
		.worker = 4711,
		.handovers = UINT64_MAX,
		.keep = { 4, 9, 10 },
		.keep_count = 3,
		.state = 11,
		.lock_count = LISTEN_MAX,
		.port_count = LISTEN_MAX,
	};
	char text[HANDED_TEXT_SIZE];

	for (size_t i = 0; i < LISTEN_MAX; i++) {
		given.locks[i] = 1000000 + (int)i;
		given.ports[i] = (uint16_t)(UINT16_MAX - i);
	}
	handed_format(&given, 17, text);
	cr_assert_null(handed_parse(&handed, text, 17), "%s", text);
	given.how = HANDED_OVER;
	cr_expect_arr_eq(&handed, &given, sizeof(given));
	cr_expect_str_eq(handed_parse(&handed, text, 18), "it is for another process");
}

Test(handed, needs_no_worker_no_lock_and_no_port)
{
	cr_assert_null(handed_parse(&handed, "1 17 keep=3,4 state=5", 17));
	cr_expect_eq(handed.worker, 0);
	cr_expect_eq(handed.keep_count, 2);
	cr_expect_eq(handed.lock_count + handed.port_count, 0);
}

Test(handed, refuses_what_no_keeper_writes)
{
	static const char *const wrong[] = {
		"",
		"1",
		"1 ",
		"1 17",
		"1 017x keep=3,4 state=5",
		"2 17 keep=3,4 state=5",
		"-1 17 keep=3,4 state=5",
		"1 17 keep=3,4",
		"1 17 state=5",
		"1 17 keep= state=5",
		"1 17 keep=3, state=5",
		"1 17 keep=3,,4 state=5",
		"1 17 keep=2,4 state=5",
		"1 17 keep=3,3 state=5",
		"1 17 keep=3,4 state=4",
		"1 17 keep=3,4 state=5 state=6",
		"1 17 keep=3,4 state=5 lock=5",
		"1 17 keep=3,4,6,7,8 state=5",
		"1 17 keep=3,4 state=1048577",
		"1 17 keep=3,4 state=5 port=65536",
		"1 17 keep=3,4 state=5 worker=0",
		"1 17 keep=3,4 state=5 worker=1",
		"1 17 keep=3,4 state=5 worker=7 worker=8",
		"1 17 keep=3,4 state=5 handovers=-1",
		"1 17 keep=3,4 state=5 keeper=6",
		"1 17 keep=3,4 state=5 ",
		"1 17  keep=3,4 state=5",
		"1 17 keep=3,4 state=5\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not_null(handed_parse(&handed, wrong[i], 17), "'%s'", wrong[i]);
}

Test(handed, refuses_more_than_there_is_room_for)
{
	char text[3 * HANDED_TEXT_SIZE] = "1 17 keep=3,4 state=5 port=1";

	for (size_t i = 1; i < LISTEN_MAX; i++)
		strcat(text, ",1");
	cr_expect_null(handed_parse(&handed, text, 17));
	strcat(text, ",1");
	cr_expect_not_null(handed_parse(&handed, text, 17));
	while (strlen(text) < HANDED_TEXT_SIZE)
		strcat(text, " port=1");
	cr_expect_str_eq(handed_parse(&handed, text, 17), "it is too long");
}

static const char *stored(const char *count, const char *names)
{
	return handed_parse_stored(&handed, count, names, &strangers);
}

Test(stored, goes_by_names_in_any_order)
{
	cr_assert_null(
		stored("5", "janus-guards:janus-wide:http:janus-group:janus-ledger"));
	cr_expect_eq(handed.how, HANDED_STORED);
	cr_expect_eq(handed.state, 3);
	cr_expect_eq(handed.keep_count, 3);
	cr_expect_eq(handed.keep[0], 7);
	cr_expect_eq(handed.keep[1], 6);
	cr_expect_eq(handed.keep[2], 4);
	cr_expect_eq(strangers.count, 1);
	cr_expect_eq(strangers.fds[0], 5);
}

Test(stored, may_be_nothing_of_ours)
{
	cr_expect_null(stored("0", ""));
	cr_expect_eq(handed.how, HANDED_NOTHING);
	cr_expect_null(stored("2", NULL));
	cr_expect_eq(handed.how, HANDED_NOTHING);
	cr_expect_eq(strangers.count, 2);
	cr_expect_null(stored("2", "a"));
	cr_expect_eq(strangers.count, 2);
}

Test(stored, is_whole_or_wrong)
{
	cr_expect_null(stored("3", "janus-ledger:janus-group:janus-guards"));
	cr_expect_not_null(stored("3", "janus-ledger:janus-group:janus-wide"));
	cr_expect_eq(handed.keep_count, 3, "to be closed");
	cr_expect_not_null(stored("3", "janus-ledger:janus-wide:janus-guards"));
	cr_expect_eq(handed.keep_count, 2, "to be closed");
	cr_expect_not_null(stored("1", "janus-guards"));
	cr_expect_not_null(
		stored("4", "janus-ledger:janus-group:janus-guards:janus-group"));
	cr_expect_eq(handed.keep_count + strangers.count, 3, "to be closed");
	cr_expect_not_null(stored("65", ""));
	cr_expect_not_null(stored("-1", ""));
	cr_expect_not_null(stored("x", ""));
}

static int file_with(const char *text)
{
	int fd = memfd_create("owner", 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

Test(owner, is_read_back_as_written)
{
	struct owner given = { .pid = 17, .handovers = 3 }, got;
	int fd = file_with("a longer text, which has to go\nwith\nall\nits\nlines\n");

	memset(given.outcome, 'x', sizeof(given.outcome) - 1);
	owner_write(fd, &given);
	cr_assert_eq(owner_read(fd, &got), 0);
	cr_expect_eq(got.pid, 17);
	cr_expect_eq(got.handovers, 3);
	cr_expect_str_eq(got.outcome, given.outcome);
	strcpy(given.outcome, OWNER_DONE);
	owner_write(fd, &given);
	cr_expect_eq(lseek(fd, 0, SEEK_END), (off_t)strlen("17\n3\ndone\n"));
	close(fd);
}

Test(owner, is_nobody_where_something_is_missing)
{
	static const char *const wrong[] = { "",
					     "17",
					     "17\n",
					     "17\n3\n",
					     "17\n3\ndone",
					     "0\n3\ndone\n",
					     "-17\n3\ndone\n",
					     "17\nx\ndone\n",
					     "\n3\ndone\n" };
	struct owner owner;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int fd = file_with(wrong[i]);

		cr_expect_eq(owner_read(fd, &owner), -1, "'%s'", wrong[i]);
		close(fd);
	}
}
