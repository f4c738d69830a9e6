// SPDX-License-Identifier: MIT
#include "watch_out.h"
#include "watch_path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_absolute(const char *folder, const char *path, const char *expected)
{
	char *absolute = watch_path_absolute(folder, path, false);

	cr_assert_str_eq(absolute, expected);
	free(absolute);
}

Test(janusctl_watch_path, stands_behind_the_folder)
{
	assert_absolute(NULL, "/a/../b", "/a/../b");
	assert_absolute("/home/me", "a", "/home/me/a");
	assert_absolute("/home/me", "a/", "/home/me/a/");
	assert_absolute("/home/me", "...", "/home/me/...");
	assert_absolute("/home/me", ".a", "/home/me/.a");
	assert_absolute("/home/me", "..a", "/home/me/..a");
	assert_absolute("/", "a", "/a");
}

Test(janusctl_watch_path, takes_dots_off_the_front)
{
	assert_absolute("/home/me", ".", "/home/me");
	assert_absolute("/home/me", "./", "/home/me");
	assert_absolute("/home/me", ".//./a", "/home/me/a");
	assert_absolute("/home/me", "..", "/home");
	assert_absolute("/home/me", "../you/a", "/home/you/a");
	assert_absolute("/home/me", "./.././b", "/home/b");
	assert_absolute("/home/me", "../..", "/");
	assert_absolute("/home/me", "../../..", "/");
	assert_absolute("/home/me", "../../../a", "/a");
	assert_absolute("/", "..", "/");
	assert_absolute("/", ".", "/");
	assert_absolute("/home/me", "a/../b", "/home/me/a/../b");
}

Test(janusctl_watch_path, a_folder_is_no_pattern)
{
	char *absolute = watch_path_absolute("/a*b/[c]\\?", "*.c", true);

	cr_assert_str_eq(absolute, "/a\\*b/\\[c]\\\\\\?/*.c");
	free(absolute);
	absolute = watch_path_absolute("/a*b", "*.c", false);
	cr_assert_str_eq(absolute, "/a*b/*.c");
	free(absolute);
	absolute = watch_path_absolute("/a*b/x", "../**", true);
	cr_assert_str_eq(absolute, "/a\\*b/**");
	free(absolute);
}

static volatile sig_atomic_t stopped;
static struct watch_out out;
static int ends[2];

static void open_pipe(void)
{
	stopped = 0;
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(watch_out_init(&out, ends[1], &stopped), 0);
}

static void close_pipe(void)
{
	watch_out_done(&out);
	close(ends[1]);
}

TestSuite(janusctl_watch_out, .init = open_pipe, .fini = close_pipe);

static void add(const char *text, size_t length)
{
	cr_assert_eq(watch_out_reserve(&out, length), 0);
	memcpy(out.data + out.used, text, length);
	out.used += length;
}

Test(janusctl_watch_out, writes_what_was_gathered_once)
{
	char read_back[16];

	add("ab", 2);
	add("cd", 2);
	cr_assert_eq(watch_out_flush(&out), 0);
	cr_assert_eq(watch_out_flush(&out), 0);
	cr_assert_eq(read(ends[0], read_back, sizeof(read_back)), 4);
	cr_assert_eq(memcmp(read_back, "abcd", 4), 0);
}

/* Reads until the end, and counts. */
static void *drain(void *count)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		*(size_t *)count += (size_t)n;
	return NULL;
}

/* More than a pipe holds, in pieces that do and that do not fit what was there at first. */
static void write_much(void)
{
	static char block[700000];
	size_t count = 0, sizes[] = { 1, 100000, sizeof(block), 200000, 200000 };
	pthread_t reader;

	cr_assert_eq(pthread_create(&reader, NULL, drain, &count), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		add(block, sizes[i]);
	cr_assert_eq(watch_out_flush(&out), 0);
	close(ends[1]);
	pthread_join(reader, NULL);
	cr_assert_eq(count, 1 + 100000 + sizeof(block) + 400000, "%zu", count);
}

Test(janusctl_watch_out, loses_nothing_of_much)
{
	write_much();
}

Test(janusctl_watch_out, waits_for_a_pipe_that_does_not)
{
	cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	write_much();
}

Test(janusctl_watch_out, tells_that_nobody_reads)
{
	close(ends[0]);
	add("a", 1);
	cr_assert_eq(watch_out_flush(&out), -EPIPE);
}

Test(janusctl_watch_out, tells_of_a_full_disk)
{
	out.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	cr_assert_geq(out.fd, 0);
	add("a", 1);
	cr_assert_eq(watch_out_flush(&out), -ENOSPC);
	close(out.fd);
}

static volatile sig_atomic_t alarms;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void count_alarm(int number)
{
	(void)number;
	alarms++;
}

/* From now on alarms come, and there is more to write than a pipe holds. */
static void prepare_alarms(void (*handler)(int))
{
	static char block[300000];
	struct sigaction action = { .sa_handler = handler };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } };

	alarms = 0;
	add(block, sizeof(block));
	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
}

Test(janusctl_watch_out, a_signal_ends_the_wait_when_it_is_to_stop)
{
	prepare_alarms(stop);
	cr_assert_eq(watch_out_flush(&out), -EINTR);
}

Test(janusctl_watch_out, a_signal_ends_the_wait_for_a_pipe_that_does_not)
{
	cr_assert_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	prepare_alarms(stop);
	cr_assert_eq(watch_out_flush(&out), -EINTR);
}

/* Several alarms hit the writer before anything is read. */
static void *drain_late(void *count)
{
	while (alarms < 3)
		sched_yield();
	return drain(count);
}

Test(janusctl_watch_out, other_signals_do_not)
{
	size_t count = 0;
	pthread_t reader;
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL); /* for the reader */
	cr_assert_eq(pthread_create(&reader, NULL, drain_late, &count), 0);
	prepare_alarms(count_alarm);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	cr_assert_eq(watch_out_flush(&out), 0);
	close(ends[1]);
	pthread_join(reader, NULL);
	cr_assert_eq(count, 300000);
}
