// SPDX-License-Identifier: MIT
/*
 * The embedding program has no fds left: guarding goes on all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define DENIED WORK "/denied"
#define ALLOWED WORK "/allowed"

/* The kernel denies an event that it finds no fd for, before anybody knows. */
#define DENIED_BY_KERNEL_MAX 2

#define LIMIT 200

static struct stage stage;
static struct actor actor;
static int taken[LIMIT], taken_count;

static void set_up(void)
{
	const struct rlimit limit = { LIMIT, LIMIT };

	actor_start(&actor);
	make_file(DENIED);
	make_file(ALLOWED);
	stage_open(&stage);
	guard(&stage, &(struct plan){ .deny = { DENIED }, .allow = { ALLOWED } });
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void take_all_fds(void)
{
	for (;;) {
		int fd = dup(STDOUT_FILENO);

		if (fd < 0)
			break;
		CHECK(taken_count < LIMIT);
		taken[taken_count++] = fd;
	}
	CHECK_INT(errno, EMFILE);
}

static void give_fds_back(void)
{
	while (taken_count)
		close(taken[--taken_count]);
}

/* @wanted: the result; how many others there were. */
static int try_often(const char *path, int wanted)
{
	int others = 0;

	for (int i = 0; i < 300; i++)
		others += try_open(&actor, path) != wanted;
	return others;
}

static void without_fds_guarding_goes_on(void)
{
	set_up();
	CHECK_INT(try_open(&actor, DENIED), -EPERM);
	take_all_fds();
	CHECK_INT(try_often(DENIED, -EPERM), 0);
	CHECK(try_often(ALLOWED, 0) <= DENIED_BY_KERNEL_MAX);
	CHECK_INT(try_often(DENIED, -EPERM), 0);
	give_fds_back();
	CHECK_INT(try_often(DENIED, -EPERM), 0);
	CHECK_INT(try_often(ALLOWED, 0), 0);
	CHECK(stage_stats(&stage).denied >= 900);
	tear_down();
}

static void it_goes_on_again_and_again(void)
{
	set_up();
	for (int i = 0; i < 20; i++) {
		take_all_fds();
		CHECK_INT(try_open(&actor, DENIED), -EPERM);
		CHECK_INT(try_open(&actor, DENIED), -EPERM);
		give_fds_back();
		CHECK_INT(try_open(&actor, DENIED), -EPERM);
	}
	tear_down();
}

static const struct test_case cases[] = {
	CASE(without_fds_guarding_goes_on),
	CASE(it_goes_on_again_and_again),
};

HARNESS_MAIN(cases)
