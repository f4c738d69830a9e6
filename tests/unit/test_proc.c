// SPDX-License-Identifier: MIT
#include "proc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_proc.h"

#define REST " 7 7 0 -1 4194304 9 0 0 0 0 0 0 0 20 -5 1 0 "

static struct janus__kernel kernel;
static struct janus__proc proc;
static int reads_left; /* until read fails */
static int read_error;
static int32_t ends_at_open; /* this process ends when its stat is opened, 0: none */
static const char *moved_to; /* and then a child of it has this parent */

static ssize_t failing_read(int fd, void *buf, size_t size)
{
	if (reads_left-- == 0)
		return read_error;
	return janus__kernel_linux.read(fd, buf, size);
}

static int ending_openat(int dirfd, const char *path, int flags)
{
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "%d/stat", ends_at_open);
	if (ends_at_open && strcmp(path, wanted) == 0) {
		fake_proc_remove(ends_at_open);
		ends_at_open = 0;
		fake_proc_write(30, "stat", moved_to);
	}
	return janus__kernel_linux.openat(dirfd, path, flags);
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	cr_assert_eq(janus__proc_open(&kernel, fake_proc_create(), &proc), 0);
}

static void teardown(void)
{
	janus__proc_done(&proc);
	fake_proc_destroy();
}

TestSuite(proc, .init = setup, .fini = teardown);

static int parse_stat(const char *text, struct janus__proc_stat *ret)
{
	return janus__proc_parse_stat(text, strlen(text), ret);
}

static int parse_nspid(const char *text, struct janus__proc_nspid *ret)
{
	return janus__proc_parse_nspid(text, strlen(text), ret);
}

Test(proc, takes_stat_apart)
{
	struct janus__proc_stat stat;

	cr_assert_eq(parse_stat("12 (cat) R 3" REST "18446744073709551615 1 2\n", &stat),
		     0);
	cr_assert_eq(stat.pid, 12);
	cr_assert_eq(stat.ppid, 3);
	cr_assert_eq(stat.state, 'R');
	cr_assert_eq(stat.start_time, UINT64_MAX);
}

Test(proc, name_ends_at_the_last_parenthesis)
{
	static const char *const names[] = {
		"a b", ")", "(", "", "x) R 1 1 (", "a\nb", ") S 1 1 1 1 1 1 1 1 1 1 1 1",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct janus__proc_stat stat;
		char text[256];

		snprintf(text, sizeof(text), "12 (%s) S 3" REST "77\n", names[i]);
		cr_assert_eq(parse_stat(text, &stat), 0, "%s", names[i]);
		cr_assert_eq(stat.ppid, 3, "%s", names[i]);
		cr_assert_eq(stat.start_time, 77, "%s", names[i]);
	}
}

Test(proc, refuses_what_is_no_stat)
{
	static const char *const texts[] = {
		"",
		"12",
		"(cat) R 3" REST "77\n",
		"0 (cat) R 3" REST "77\n",
		"-1 (cat) R 3" REST "77\n",
		"2147483648 (cat) R 3" REST "77\n",
		"12(cat) R 3" REST "77\n",
		"12 (cat R 3" REST "77\n",
		"12 (cat)R 3" REST "77\n",
		"12 (cat) 7 3" REST "77\n",
		"12 (cat) RR 3" REST "77\n",
		"12 (cat) R -3" REST "77\n",
		"12 (cat) R 2147483648" REST "77\n",
		"12 (cat) R 3" REST "-77\n",
		"12 (cat) R 3" REST "18446744073709551616\n",
		"12 (cat) R 3" REST "77x\n",
		"12 (cat) R 3" REST "77",
		"12 (cat) R 3 7 7 0 - 4194304 9 0 0 0 0 0 0 0 20 -5 1 0 77\n",
		"12 (cat) R 3 7 7 0\n",
		"12 (cat) ",
		"12 (cat)",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct janus__proc_stat stat = { .pid = 4711 };

		cr_assert_eq(parse_stat(texts[i], &stat), -EBADMSG, "%s", texts[i]);
		cr_assert_eq(stat.pid, 4711, "%s", texts[i]);
	}
}

Test(proc, reads_the_callers_own_stat)
{
	struct janus__proc real;
	struct janus__proc_stat stat;

	cr_assert_eq(janus__proc_open(&kernel, "/proc", &real), 0);
	cr_assert_eq(janus__proc_read_stat(&real, getpid(), &stat), 0);
	cr_assert_eq(stat.pid, getpid());
	cr_assert_eq(stat.ppid, getppid());
	cr_assert_eq(stat.state, 'R');
	cr_assert_gt(stat.start_time, 0);
	janus__proc_done(&real);
	cr_assert_eq(real.fd, -1);
}

Test(proc, says_that_a_process_is_gone)
{
	struct janus__proc_stat stat;
	struct janus__proc_nspid nspid;

	cr_assert_eq(janus__proc_read_stat(&proc, 4711, &stat), -ESRCH);
	cr_assert_eq(janus__proc_read_nspid(&proc, 4711, &nspid), -ESRCH);
	cr_assert_eq(janus__proc_read_stat(&proc, 0, &stat), -ESRCH);
	cr_assert_eq(janus__proc_read_stat(&proc, -1, &stat), -ESRCH);
}

Test(proc, says_that_a_process_ended_while_being_read)
{
	struct janus__proc_stat stat;
	struct janus__proc_nspid nspid;

	fake_proc_add(&(struct fake_process){ .pid = 10, .start_time = 5 });
	kernel.read = failing_read;
	read_error = -ESRCH;
	reads_left = 0;
	cr_assert_eq(janus__proc_read_stat(&proc, 10, &stat), -ESRCH);
	reads_left = 0;
	cr_assert_eq(janus__proc_read_nspid(&proc, 10, &nspid), -ESRCH);
}

Test(proc, reads_again_after_an_interruption)
{
	struct janus__proc_stat stat;

	fake_proc_add(&(struct fake_process){ .pid = 10, .start_time = 5 });
	kernel.read = failing_read;
	read_error = -EINTR;
	reads_left = 0;
	cr_assert_eq(janus__proc_read_stat(&proc, 10, &stat), 0);
	cr_assert_eq(stat.start_time, 5);
}

Test(proc, refuses_the_stat_of_another_process)
{
	struct janus__proc_stat stat;

	fake_proc_write(10, "stat", "12 (cat) R 3" REST "77\n");
	cr_assert_eq(janus__proc_read_stat(&proc, 10, &stat), -EBADMSG);
}

Test(proc, reads_a_file_that_just_fits)
{
	char buf[4];

	fake_proc_write(10, "comm", "abcd");
	cr_assert_eq(
		janus__proc_read(&proc, 10, "comm", (struct janus__proc_text){ buf, 4 }),
		4);
	cr_assert_eq(memcmp(buf, "abcd", 4), 0);
}

Test(proc, says_that_a_file_is_too_large)
{
	char buf[3];

	fake_proc_write(10, "comm", "abcd");
	cr_assert_eq(
		janus__proc_read(&proc, 10, "comm", (struct janus__proc_text){ buf, 3 }),
		-EFBIG);
}

Test(proc, reads_an_empty_file)
{
	char buf[3];

	fake_proc_write(10, "comm", "");
	cr_assert_eq(
		janus__proc_read(&proc, 10, "comm", (struct janus__proc_text){ buf, 3 }),
		0);
}

Test(proc, hands_on_why_a_proc_cannot_be_opened)
{
	struct janus__proc none = { .fd = 4711 };

	cr_assert_eq(janus__proc_open(&kernel, "/nonexistent/proc", &none), -ENOENT);
	cr_assert_eq(janus__proc_open(&kernel, "/dev/null", &none), -ENOTDIR);
	cr_assert_eq(none.fd, 4711);
}

Test(proc, counts_pid_namespaces)
{
	struct janus__proc_nspid nspid;

	cr_assert_eq(parse_nspid("Name:\tx\nNSpid:\t4711\t12\t1\nNSpgid:\t3\n", &nspid),
		     0);
	cr_assert_eq(nspid.count, 3);
	cr_assert_eq(nspid.last, 1);
	cr_assert_eq(parse_nspid("NSpid:\t4711\n", &nspid), 0);
	cr_assert_eq(nspid.count, 1);
	cr_assert_eq(nspid.last, 4711);
}

Test(proc, takes_nspid_only_at_the_start_of_a_line)
{
	struct janus__proc_nspid nspid;

	cr_assert_eq(parse_nspid("Name:\tNSpid:\t1\nNSpid:\t7\t2\n", &nspid), 0);
	cr_assert_eq(nspid.last, 2);
	cr_assert_eq(parse_nspid("Name:\tx\\nNSpid:\t9\t1\nNSpid:\t7\t2\n", &nspid), 0);
	cr_assert_eq(nspid.last, 2);
	cr_assert_eq(parse_nspid("Name:\tx\n NSpid:\t1\n", &nspid), -ENODATA);
}

Test(proc, refuses_what_is_no_nspid)
{
	static const char *const texts[] = {
		"NSpid:\n",      "NSpid:\t\n",   "NSpid: 1\n",           "NSpid:\t1 2\n",
		"NSpid:\t1\t\n", "NSpid:\t-1\n", "NSpid:\t2147483648\n", "NSpid:\t1x\n",
		"NSpid:\t1",     "Name:\tx",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct janus__proc_nspid nspid = { .count = 4711 };

		cr_assert_eq(parse_nspid(texts[i], &nspid), -EBADMSG, "%s", texts[i]);
		cr_assert_eq(nspid.count, 4711, "%s", texts[i]);
	}
}

Test(proc, finds_nspid_behind_65536_groups)
{
	static char text[1 << 20];
	struct janus__proc_nspid nspid;
	size_t used = (size_t)sprintf(text, "Name:\tx\nGroups:\t");

	for (unsigned int i = 0; i < 65536; i++)
		used += (size_t)sprintf(text + used, "%u ", 4294901760u + i);
	sprintf(text + used, "\nNStgid:\t5\t1\nNSpid:\t5\t1\n");
	fake_proc_write(5, "status", text);
	cr_assert_eq(janus__proc_read_nspid(&proc, 5, &nspid), 0);
	cr_assert_eq(nspid.count, 2);
	cr_assert_eq(nspid.last, 1);
}

Test(proc, nspid_is_not_the_start_of_a_line_without_end)
{
	struct janus__proc_nspid nspid;
	char text[2048] = "NSpid:";

	for (int i = 0; i < 1000; i++)
		strcat(text, "\t1");
	cr_assert_lt(strlen(text), sizeof(text) - 1);
	strcat(text, "\n");
	fake_proc_write(5, "status", text);
	cr_assert_eq(janus__proc_read_nspid(&proc, 5, &nspid), -ENODATA);
}

Test(proc, says_that_there_is_no_nspid)
{
	struct janus__proc_nspid nspid;

	fake_proc_add(&(struct fake_process){ .pid = 10, .nspid = "" });
	cr_assert_eq(janus__proc_read_nspid(&proc, 10, &nspid), -ENODATA);
}

Test(proc, lists_processes_and_nothing_else)
{
	static const char *const others[] = { "self", "0",          "07",
					      "12a",  "2147483648", "sys" };
	struct janus__proc_list list;
	int32_t pid, sum = 0, count = 0;
	char path[64];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", proc.fd, others[i]);
		cr_assert_eq(mkdir(path, 0755), 0);
	}
	for (int32_t i = 1; i <= 1000; i++)
		fake_proc_write(i, "stat", "");
	cr_assert_eq(janus__proc_list_init(&list, &proc), 0);
	for (; janus__proc_list_next(&list, &pid) == 1; count++)
		sum += pid;
	cr_assert_eq(janus__proc_list_next(&list, &pid), 0);
	janus__proc_list_done(&list);
	cr_assert_eq(count, 1000);
	cr_assert_eq(sum, 500500);
}

static ssize_t short_getdents(int fd, void *buf, size_t size)
{
	(void)fd;
	memset(buf, 0xff, size < 24 ? size : 24);
	return 24;
}

Test(proc, refuses_a_list_that_points_beyond_its_end)
{
	struct janus__proc_list list;
	int32_t pid;

	kernel.getdents = short_getdents;
	cr_assert_eq(janus__proc_list_init(&list, &proc), 0);
	cr_assert_eq(janus__proc_list_next(&list, &pid), -EBADMSG);
	janus__proc_list_done(&list);
}

static void add(int32_t pid, int32_t ppid, uint64_t start_time)
{
	fake_proc_add(&(struct fake_process){ .pid = pid,
					      .ppid = ppid,
					      .start_time = start_time,
					      .name = "x) R 10 (" });
}

Test(proc, knows_a_process_and_its_descendants)
{
	add(10, 1, 100);
	add(20, 10, 100);
	add(30, 20, 300);
	cr_assert_eq(janus__proc_is_descendant(&proc, 10, 10, 100), 1);
	cr_assert_eq(janus__proc_is_descendant(&proc, 20, 10, 100), 1);
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 10, 100), 1);
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 20, 100), 1);
}

Test(proc, no_relation_to_anybody_else)
{
	add(1, 0, 0);
	add(10, 1, 100);
	add(11, 1, 100);
	add(20, 11, 200);
	cr_assert_eq(janus__proc_is_descendant(&proc, 20, 10, 100), 0);
	cr_assert_eq(janus__proc_is_descendant(&proc, 11, 10, 100), 0);
	cr_assert_eq(janus__proc_is_descendant(&proc, 10, 20, 200), 0);
}

Test(proc, no_relation_of_those_who_are_older)
{
	/* Who their parents are does not matter. */
	add(30, 20, 300);
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 10, 301), 0);
}

Test(proc, no_relation_to_a_later_process_of_the_same_pid)
{
	add(10, 1, 500);
	add(20, 10, 600);
	cr_assert_eq(janus__proc_is_descendant(&proc, 10, 10, 100), 0);
	cr_assert_eq(janus__proc_is_descendant(&proc, 20, 10, 100), 0);
}

Test(proc, a_parent_is_not_younger_than_its_child)
{
	add(10, 1, 100);
	add(20, 10, 400);
	add(30, 20, 300);
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 10, 100), 0);
}

Test(proc, cannot_tell_without_the_process)
{
	add(10, 1, 100);
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 10, 100), -ESRCH);
}

Test(proc, cannot_tell_without_a_parent)
{
	add(10, 1, 100);
	add(30, 20, 300);
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 10, 100), -ESRCH);
}

Test(proc, goes_another_way_up_where_a_parent_ends_meanwhile)
{
	add(10, 1, 100);
	add(20, 10, 200);
	add(30, 20, 300);
	kernel.openat = ending_openat;
	ends_at_open = 20;
	moved_to = "30 (x) S 10" REST "300\n";
	cr_assert_eq(janus__proc_is_descendant(&proc, 30, 10, 100), 1);
	cr_assert_eq(ends_at_open, 0);
}

Test(proc, gives_up_after_64_generations)
{
	for (int32_t i = 1; i <= 70; i++)
		add(i, i - 1, 100);
	cr_assert_eq(janus__proc_is_descendant(&proc, 64, 1, 100), 1);
	cr_assert_eq(janus__proc_is_descendant(&proc, 70, 1, 100), -ELOOP);
}

Test(proc, a_circle_of_parents_ends)
{
	add(20, 30, 100);
	add(30, 20, 100);
	cr_assert_eq(janus__proc_is_descendant(&proc, 20, 10, 100), -ELOOP);
}

Test(proc, hands_on_why_it_cannot_tell)
{
	add(10, 1, 100);
	kernel.read = failing_read;
	read_error = -EIO;
	reads_left = 0;
	cr_assert_eq(janus__proc_is_descendant(&proc, 10, 10, 100), -EIO);
}
