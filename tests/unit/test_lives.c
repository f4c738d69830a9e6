// SPDX-License-Identifier: MIT
#include "lives.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "fake_proc.h"
#include "fault/allocations.h"

#define EPOLL 77

static struct janus__kernel kernel;
static struct janus__proc proc;
static struct janus__lives lives;
static int open_count, pidfd_error, epoll_error;
static int watched[16]; /* the fds in the epoll, and what they say */
static void *datas[16];
static size_t watched_count;

static int own_pidfd_open(int32_t pid)
{
	int fd;

	(void)pid;
	if (pidfd_error)
		return pidfd_error;
	fd = janus__kernel_linux.openat(proc.fd, ".", O_PATH | O_CLOEXEC);
	open_count += fd >= 0;
	return fd;
}

static int own_openat(int dirfd, const char *path, int flags)
{
	int fd = janus__kernel_linux.openat(dirfd, path, flags);

	open_count += fd >= 0;
	return fd;
}

static int own_close(int fd)
{
	open_count--;
	return janus__kernel_linux.close(fd);
}

static int own_epoll_add(int epoll, int fd, void *data)
{
	cr_assert_eq(epoll, EPOLL);
	if (epoll_error)
		return epoll_error;
	watched[watched_count] = fd;
	datas[watched_count++] = data;
	return 0;
}

static int own_epoll_delete(int epoll, int fd)
{
	cr_assert_eq(epoll, EPOLL);
	for (size_t i = 0; i < watched_count; i++) {
		if (watched[i] != fd)
			continue;
		watched[i] = watched[--watched_count];
		return 0;
	}
	return -ENOENT;
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	kernel.pidfd_open = own_pidfd_open;
	kernel.openat = own_openat;
	kernel.close = own_close;
	kernel.epoll_add = own_epoll_add;
	kernel.epoll_delete = own_epoll_delete;
	cr_assert_eq(janus__proc_open(&kernel, fake_proc_create(), &proc), 0);
	open_count = 0;
	lives = (struct janus__lives){ .kernel = &kernel, .epoll_fd = EPOLL };
	for (int32_t pid = 10; pid < 14; pid++)
		fake_proc_add(&(struct fake_process){ .pid = pid, .start_time = 100 });
}

static void teardown(void)
{
	janus__proc_done(&proc);
	fake_proc_destroy();
}

TestSuite(lives, .init = setup, .fini = teardown);

static int hold(int32_t pid, uint64_t start_time, struct janus__life **ret)
{
	struct janus__life *const before = (void *)&lives;
	int err;

	*ret = before;
	err = janus__lives_hold(&lives, &proc, (struct janus__process){ pid, start_time },
				ret);
	cr_assert(!err || *ret == before);
	return err;
}

static void expect_none(void)
{
	cr_assert_null(lives.first);
	cr_assert_eq(lives.ended, 0);
	cr_assert_eq(open_count, 0);
	cr_assert_eq(watched_count, 0);
	cr_assert_eq(allocations_live(), 0);
}

Test(lives, a_process_has_one_however_many_hold_it)
{
	struct janus__life *first, *second;

	cr_assert_eq(hold(10, 100, &first), 0);
	cr_assert_eq(hold(10, 100, &second), 0);
	cr_assert_eq(first, second);
	cr_assert_eq(open_count, 1);
	cr_assert_eq(watched_count, 1);
	cr_assert_eq(datas[0], first);
	cr_assert_not(janus__life_has_ended(first));
	janus__lives_release(&lives, first);
	cr_assert_eq(open_count, 1);
	janus__lives_release(&lives, second);
	expect_none();
}

Test(lives, nobody_has_no_life_that_could_end)
{
	cr_assert_not(janus__life_has_ended(NULL));
	janus__lives_release(&lives, NULL);
	expect_none();
}

Test(lives, go_in_any_order)
{
	static const size_t orders[][4] = {
		{ 0, 1, 2, 3 },
		{ 3, 2, 1, 0 },
		{ 1, 3, 0, 2 },
	};
	struct janus__life *all[4];

	for (size_t i = 0; i < 3; i++) {
		for (int32_t j = 0; j < 4; j++)
			cr_assert_eq(hold(10 + j, 100, &all[j]), 0);
		cr_assert_eq(open_count, 4);
		for (size_t j = 0; j < 4; j++)
			janus__lives_release(&lives, all[orders[i][j]]);
		expect_none();
	}
}

Test(lives, an_end_is_known_to_all_who_hold_it)
{
	struct janus__life *one, *other;

	cr_assert_eq(hold(10, 100, &one), 0);
	cr_assert_eq(hold(10, 100, &one), 0);
	cr_assert_eq(hold(11, 100, &other), 0);
	janus__lives_end(&lives, one);
	cr_assert(janus__life_has_ended(one));
	cr_assert_not(janus__life_has_ended(other));
	cr_assert_eq(lives.ended, 1);
	cr_assert_eq(open_count, 1);
	cr_assert_eq(watched_count, 1);
	/* The kernel may tell of it twice. */
	janus__lives_end(&lives, one);
	cr_assert_eq(lives.ended, 1);
	cr_assert_eq(open_count, 1);
	janus__lives_release(&lives, one);
	cr_assert_eq(lives.ended, 1);
	janus__lives_release(&lives, one);
	cr_assert_eq(lives.ended, 0);
	janus__lives_release(&lives, other);
	expect_none();
}

Test(lives, a_pid_that_is_used_again_is_another_one)
{
	struct janus__life *before, *after;

	cr_assert_eq(hold(10, 99, &before), -ESRCH);
	expect_none();
	cr_assert_eq(hold(10, 100, &before), 0);
	fake_proc_add(&(struct fake_process){ .pid = 10, .start_time = 101 });
	cr_assert_eq(hold(10, 101, &after), 0);
	cr_assert_neq(before, after);
	cr_assert_eq(watched_count, 2);
	janus__lives_release(&lives, before);
	janus__lives_release(&lives, after);
	expect_none();
}

Test(lives, who_cannot_be_held_leaves_nothing_behind)
{
	static const int errors[] = { -ESRCH, -EMFILE, -ENFILE };
	struct janus__life *life;

	for (size_t i = 0; i < 3; i++) {
		pidfd_error = errors[i];
		cr_assert_eq(hold(10, 100, &life), errors[i]);
		expect_none();
	}
	pidfd_error = 0;
	epoll_error = -ENOSPC;
	cr_assert_eq(hold(10, 100, &life), -ENOSPC);
	expect_none();
	epoll_error = 0;
	fake_proc_remove(10);
	cr_assert_eq(hold(10, 100, &life), -ESRCH);
	expect_none();
	allocations_fail(1);
	cr_assert_eq(hold(11, 100, &life), -ENOMEM);
	expect_none();
	cr_assert_eq(hold(11, 100, &life), 0);
	janus__lives_release(&lives, life);
	expect_none();
}
