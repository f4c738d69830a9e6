// SPDX-License-Identifier: MIT
/*
 * Watches wait for containers: those that come, those that never do, those that change their
 * minds meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "jail.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define FILE_A WORK "/a"

static struct stage stage;
static struct actor actor, target;

/* Containers: a cgroup of that name, in whatever hierarchy there is. */

static char container_id[65], cgroup[256];

static void make_cgroup(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup/pids", "/sys/fs/cgroup" };

	for (size_t i = 0; i < 64; i++)
		container_id[i] = "0123456789abcdef"[random() % 16];
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(cgroup, sizeof(cgroup), "%s/%s", roots[i], container_id);
		if (mkdir(cgroup, 0755) == 0)
			return;
	}
	harness_skip("needs a cgroup hierarchy that can be written");
}

static void enter_cgroup(pid_t pid)
{
	char path[300], text[32];
	int fd, length;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	length = snprintf(text, sizeof(text), "%d", pid);
	fd = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));
	MUST(write(fd, text, (size_t)length));
	close(fd);
}

static bool remove_cgroup(void *arg)
{
	(void)arg;
	return rmdir(cgroup) == 0;
}

static void set_up_container(void)
{
	srandom((unsigned int)getpid());
	actor_start(&actor);
	jail_start(&target, JAIL_TMPFS);
	stage_open(&stage);
	make_cgroup();
}

static void tear_down_container(void)
{
	stage_close(&stage);
	actor_kill(&target);
	WAIT_UNTIL(remove_cgroup, NULL);
	actor_end(&actor);
}

static struct janus_watch *wait_for_container(uint64_t wait_ns)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;

	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { TREE },
					    .container_id = container_id,
					    .wait_ns = wait_ns },
			    &report),
		  0);
	CHECK_INT(report.pending, 1);
	CHECK_INT(report.paths, 1);
	CHECK_INT(report.marked, 0);
	CHECK_TEXT(report.message, "");
	return watch;
}

static void a_container_is_waited_for(void)
{
	struct janus_watch *watch;

	set_up_container();
	watch = wait_for_container(UINT64_MAX);
	expect_nothing(&stage);
	CHECK_INT(try_list(&target, TREE), 0);
	enter_cgroup(target.pid);
	expect_notice(&stage, JANUS_EVENT_START, watch, 0);
	CHECK_INT(try_list(&target, TREE), -EPERM);
	EXPECT(&stage, TREE, DENY);
	tear_down_container();
}

static void a_container_that_does_not_come_in_time_ends_the_watch(void)
{
	struct janus_watch *watch;

	set_up_container();
	watch = wait_for_container(1);
	expect_notice(&stage, JANUS_EVENT_END, watch, -ETIMEDOUT);
	enter_cgroup(target.pid);
	expect_nothing(&stage);
	CHECK(!is_readable(janus_get_fd(stage.context)));
	CHECK_INT(try_list(&target, TREE), 0);
	tear_down_container();
}

static void a_waiting_watch_can_be_destroyed_and_updated(void)
{
	struct janus_watch *watch;

	set_up_container();
	make_file(FILE_A);
	janus_watch_destroy(wait_for_container(UINT64_MAX));
	watch = wait_for_container(UINT64_MAX);
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { FILE_A } }), 0);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	enter_cgroup(target.pid);
	expect_nothing(&stage);
	CHECK_INT(try_list(&target, TREE), 0);
	tear_down_container();
}

/* What is in force stays so until what waits takes its place. */
static void an_update_that_waits_leaves_no_gap(void)
{
	struct janus_watch *watch;

	set_up_container();
	make_file(FILE_A);
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A } });
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { TREE },
						    .container_id = container_id,
						    .wait_ns = UINT64_MAX }),
		  0);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	enter_cgroup(target.pid);
	expect_notice(&stage, JANUS_EVENT_START, watch, 0);
	CHECK_INT(try_open(&actor, FILE_A), 0);
	CHECK_INT(try_list(&target, TREE), -EPERM);
	EXPECT(&stage, TREE, DENY);
	tear_down_container();
}

/* And if it never comes, what was in force stays. */
static void an_update_that_waits_in_vain_changes_nothing(void)
{
	struct janus_watch *watch;

	set_up_container();
	make_file(FILE_A);
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = actor.pid });
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { TREE },
						    .container_id = container_id,
						    .wait_ns = 1 }),
		  0);
	expect_notice(&stage, JANUS_EVENT_END, watch, -ETIMEDOUT);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	tear_down_container();
}

static void what_came_but_cannot_be_guarded_ends_the_watch(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;

	set_up_container();
	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { "/none" },
					    .container_id = container_id,
					    .wait_ns = UINT64_MAX },
			    &report),
		  0);
	enter_cgroup(target.pid);
	expect_notice(&stage, JANUS_EVENT_END, watch, -ENOENT);
	tear_down_container();
}

static void without_a_wait_a_missing_container_is_an_error(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;

	set_up_container();
	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { TREE },
					    .container_id = container_id },
			    &report),
		  -ENOENT);
	tear_down_container();
}

static const struct test_case cases[] = {
	CASE(a_container_is_waited_for),
	CASE(a_container_that_does_not_come_in_time_ends_the_watch),
	CASE(a_waiting_watch_can_be_destroyed_and_updated),
	CASE(an_update_that_waits_leaves_no_gap),
	CASE(an_update_that_waits_in_vain_changes_nothing),
	CASE(what_came_but_cannot_be_guarded_ends_the_watch),
	CASE(without_a_wait_a_missing_container_is_an_error),
};

HARNESS_MAIN(cases)
