// SPDX-License-Identifier: MIT
#include "status.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct janus__status status;

/* In pieces of @size bytes. */
static int parse(const char *text, size_t size)
{
	struct janus__status_parser parser = { .seen = 0 };
	size_t length = strlen(text);
	int err;

	for (size_t at = 0; at < length; at += size) {
		err = janus__status_feed(&parser, text + at,
					 length - at < size ? length - at : size);
		if (err)
			return err;
	}
	return janus__status_finish(&parser, &status);
}

#define HEAD "Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\n"
#define IDS "Tgid:\t42\nNgid:\t0\nPid:\t43\nPPid:\t7\nTracerPid:\t0\n"
#define USER "Uid:\t1\t1000\t3\t4\nGid:\t5\t100\t7\t8\n"
#define REST "FDSize:\t64\nGroups:\t1 2 \nNStgid:\t42\t9\t1\nNSpid:\t43\t10\t2\n"

static void check(void)
{
	cr_assert_eq(status.tgid, 42);
	cr_assert_eq(status.parent_pid, 7);
	cr_assert_eq(status.uid, 1000);
	cr_assert_eq(status.gid, 100);
	cr_assert_eq(status.pid_inside, 1);
}

Test(status, tells_whose_process_it_is)
{
	cr_assert_eq(parse(HEAD IDS USER REST, 4096), 0);
	check();
}

Test(status, comes_in_pieces_of_any_size)
{
	for (size_t size = 1; size < 40; size++) {
		memset(&status, 0, sizeof(status));
		cr_assert_eq(parse(HEAD IDS USER REST, size), 0, "%zu", size);
		check();
	}
}

Test(status, a_line_of_any_length_is_none_of_ours)
{
	char *text = malloc(1000000);
	size_t length = (size_t)sprintf(text, HEAD IDS USER "Groups:\t");

	while (length < 900000)
		length += (size_t)sprintf(text + length, "4294967295 ");
	strcpy(text + length, "\nNStgid:\t42\t9\t1\n");
	cr_assert_eq(parse(text, 4096), 0);
	check();
	free(text);
}

/* The kernel escapes the line feed, so that it cannot be another line. */
Test(status, a_name_cannot_pose_as_another_line)
{
	cr_assert_eq(parse("Name:\tx\\nUid:\t0\t0\t0\t0\n" IDS USER REST, 4096), 0);
	check();
}

Test(status, without_pid_namespaces_the_number_is_the_same_inside)
{
	cr_assert_eq(parse(HEAD IDS USER, 4096), 0);
	cr_assert_eq(status.pid_inside, 42);
}

Test(status, what_is_missing_or_twice_is_refused)
{
	static const char *const texts[] = {
		"",
		HEAD,
		HEAD IDS,
		HEAD USER REST,
		HEAD IDS USER REST IDS,
		HEAD IDS USER REST "Uid:\t0\t0\t0\t0\n",
		HEAD IDS USER REST "cut",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(parse(texts[i], 4096), -EBADMSG, "%zu", i);
}

Test(status, numbers_that_are_none_are_refused)
{
	static const char *const lines[] = {
		"Tgid:\t0\n",
		"Tgid:\t-1\n",
		"Tgid:\n",
		"Tgid:\t42 \n",
		"Tgid:\t2147483648\n",
		"Tgid: 42\n",
		"PPid:\tx\n",
		"Uid:\t1\t2\t3\n",
		"Uid:\t1\t2\t3\t4\t5\n",
		"Gid:\t1\t2\t3\t\n",
		"Gid:\t1\t4294967296\t3\t4\n",
		"NStgid:\n",
		"NStgid:\t1\t\n",
		"NStgid:\t1\tx\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert_eq(parse(lines[i], 4096), -EBADMSG, "%s", lines[i]);
}
