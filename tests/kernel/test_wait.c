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

#include <janus/container.h>

#include "doer.h"
#include "harness.h"
#include "jail.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define FILE_A WORK "/a"

/* Cgroups below that of a container. */
#define MANY 1100

static struct stage stage;
static struct actor actor, target;

/* Containers: a cgroup of that name, in whatever hierarchy there is. */

static char container_id[65], cgroup[256];
static const char *hierarchy;

static void make_cgroup(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup/pids", "/sys/fs/cgroup" };

	for (size_t i = 0; i < 64; i++)
		container_id[i] = "0123456789abcdef"[random() % 16];
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		hierarchy = roots[i];
		snprintf(cgroup, sizeof(cgroup), "%s/%s", hierarchy, container_id);
		if (mkdir(cgroup, 0755) == 0)
			return;
	}
	harness_skip("needs a cgroup hierarchy that can be written");
}

static void enter(const char *path, pid_t pid)
{
	char text[32];
	int fd, length;

	length = snprintf(text, sizeof(text), "%d", pid);
	fd = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));
	MUST(write(fd, text, (size_t)length));
	close(fd);
}

static void enter_cgroup(pid_t pid)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	enter(path, pid);
}

static void enter_below(int number, pid_t pid)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%d/cgroup.procs", cgroup, number);
	enter(path, pid);
}

static bool remove_folder(void *path)
{
	return rmdir(path) == 0;
}

static int wait_and_remove(const char *path)
{
	WAIT_UNTIL(remove_folder, (void *)(uintptr_t)path);
	return 0;
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

/* Its first process has ended, but it has another one, and no pid namespace that ends with it. */
static void a_container_ends_with_its_last_process(void)
{
	struct actor survivor;
	struct janus_watch *watch;

	set_up_container();
	jail_start(&survivor, JAIL_TMPFS);
	enter_cgroup(target.pid);
	watch = guard(&stage,
		      &(struct plan){ .deny = { TREE }, .container_id = container_id });
	enter_cgroup(survivor.pid);
	actor_kill(&target);
	/* It is looked for the others more than once meanwhile. */
	CHECK_INT(janus_poll(stage.context, stage.buffer, 500000000), 0);
	CHECK_INT(stage_stats(&stage).marks, 1);
	actor_kill(&survivor);
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	CHECK_INT(stage_stats(&stage).marks, 0);
	stage_close(&stage);
	WAIT_UNTIL(remove_cgroup, NULL);
	actor_end(&actor);
}

static void for_each_below(int (*fn)(const char *path))
{
	char path[300];

	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/%d", cgroup, i);
		MUST(fn(path));
	}
}

static int make_below(const char *path)
{
	return mkdir(path, 0755);
}

/* It has more cgroups than anybody walks through, and its first process in the last of them. */
static void a_container_cannot_hide_its_first_process(void)
{
	struct janus_container *container;
	struct actor later;

	set_up_container();
	jail_start(&later, JAIL_TMPFS);
	for_each_below(make_below);
	for (int i = 0; i < MANY; i += MANY - 1) {
		enter_below(i, target.pid);
		enter_cgroup(later.pid);
		CHECK_INT(janus_container_lookup(container_id, &container), 0);
		CHECK_INT(janus_container_get_init_pid(container), target.pid);
		CHECK_INT(janus_container_get_pid_count(container), 2);
		janus_container_destroy(container);
	}
	actor_kill(&later);
	stage_close(&stage);
	actor_kill(&target);
	for_each_below(wait_and_remove);
	WAIT_UNTIL(remove_cgroup, NULL);
	actor_end(&actor);
}

/* Someone with cgroups of his own can call one like any container. */
static void an_exception_is_the_container_that_was_there(void)
{
	struct actor forger;
	char above[64], forged[160], path[180];

	set_up_container();
	enter_cgroup(target.pid);
	make_file(FILE_A);
	guard(&stage,
	      &(struct plan){
		      .deny = { FILE_A },
		      .exceptions = &(struct janus_exception){ JANUS_EXCEPTION_CONTAINER,
							       0, container_id },
		      .exception_count = 1 });
	actor_start(&forger);
	snprintf(above, sizeof(above), "%s/janus-%d", hierarchy, getpid());
	snprintf(forged, sizeof(forged), "%s/%s", above, container_id);
	snprintf(path, sizeof(path), "%s/cgroup.procs", forged);
	MUST(mkdir(above, 0755));
	MUST(mkdir(forged, 0755));
	enter(path, forger.pid);
	enter_cgroup(actor.pid);
	CHECK_INT(try_open(&actor, FILE_A), 0);
	EXPECT(&stage, FILE_A, JANUS_VERDICT_ALLOW, .reason = JANUS_REASON_EXCEPTION);
	CHECK_INT(try_open(&forger, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	stage_close(&stage);
	actor_kill(&forger);
	actor_kill(&actor);
	actor_kill(&target);
	wait_and_remove(forged);
	wait_and_remove(above);
	WAIT_UNTIL(remove_cgroup, NULL);
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
	CASE(a_container_ends_with_its_last_process),
	CASE(a_container_cannot_hide_its_first_process),
	CASE(an_exception_is_the_container_that_was_there),
	CASE(a_container_is_waited_for),
	CASE(a_container_that_does_not_come_in_time_ends_the_watch),
	CASE(a_waiting_watch_can_be_destroyed_and_updated),
	CASE(an_update_that_waits_leaves_no_gap),
	CASE(an_update_that_waits_in_vain_changes_nothing),
	CASE(what_came_but_cannot_be_guarded_ends_the_watch),
	CASE(without_a_wait_a_missing_container_is_an_error),
};

HARNESS_MAIN(cases)
