// SPDX-License-Identifier: MIT
/*
 * Watches end with the process that they hang on, whatever becomes of that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define FILE_A WORK "/a"

static struct stage stage;
static struct actor actor, target;

static void set_up(void)
{
	actor_start(&actor);
	actor_start(&target);
	make_file(FILE_A);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void a_watch_ends_with_its_process(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(
		&stage,
		&(struct plan){ .deny = { FILE_A }, .pid = target.pid, .cookie = 7 });
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	actor_kill(&target);
	CHECK_INT(
		janus_event_get_cookie(expect_notice(&stage, JANUS_EVENT_END, watch, 0)),
		7);
	CHECK_INT(try_open(&actor, FILE_A), 0);
	expect_nothing(&stage);
	CHECK_INT(stage_stats(&stage).marks, 0);
	janus_watch_destroy(watch);
	tear_down();
}

/* The caller's loop has to hear of it, and not for ever. */
static void the_fd_is_readable_until_the_end_is_told(void)
{
	struct janus_watch *watch;
	int fd;

	set_up();
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	fd = janus_get_fd(stage.context);
	CHECK(!is_readable(fd));
	actor_kill(&target);
	CHECK(is_readable(fd));
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	expect_nothing(&stage);
	CHECK(!is_readable(fd));
	tear_down();
}

static size_t count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	CHECK(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void all_watches_of_a_process_share_one_fd_and_each_tells_its_end(void)
{
	enum { COUNT = 200 };
	static struct janus_watch *watches[COUNT];
	size_t before;

	set_up();
	watches[0] = guard(&stage,
			   &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	before = count_fds();
	for (int i = 1; i < COUNT; i++)
		watches[i] = guard(
			&stage, &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	CHECK_INT(count_fds(), before);
	actor_kill(&target);
	for (int i = COUNT; i-- > 0;)
		expect_notice(&stage, JANUS_EVENT_END, watches[i], 0);
	expect_nothing(&stage);
	/* Without its pidfd, and without our end of the line to it. */
	CHECK_INT(count_fds(), before - 2);
	tear_down();
}

static void who_is_stopped_has_not_ended(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	actor_pause(&target);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	expect_nothing(&stage);
	actor_resume(&target);
	CHECK_INT(try_open(&target, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	expect_nothing(&stage);
	actor_end(&target);
	tear_down();
}

/* A shell that waits, and becomes another program, when its stdin says so. */
static int start_shell(const struct deed *deed)
{
	pid_t pid = fork();
	int in = open(deed->path, O_RDWR | O_CLOEXEC);

	if (pid)
		return pid < 0 ? -errno : (int)pid;
	dup2(in, STDIN_FILENO);
	execl("/bin/sh", "sh", "-c", "read line; exec cat", (char *)NULL);
	_exit(127);
}

static bool is_cat(void *arg)
{
	char path[64], comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", *(int *)arg);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	fclose(file);
	return strcmp(comm, "cat\n") == 0;
}

static void who_executes_something_has_not_ended(void)
{
	struct deed deed = { .run = start_shell, .path = WORK "/fifo" };
	struct janus_watch *watch;
	int pid, fifo;

	set_up();
	MUST(mkfifo(WORK "/fifo", 0600));
	fifo = (int)MUST(open(WORK "/fifo", O_RDWR | O_CLOEXEC));
	pid = actor_do(&target, &deed);
	CHECK(pid > 0);
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = pid });
	MUST(write(fifo, "go\n", 3));
	WAIT_UNTIL(is_cat, &pid);
	expect_nothing(&stage);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	/* Nobody waits for it: a zombie has ended all the same. */
	MUST(kill(pid, SIGKILL));
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	close(fifo);
	actor_end(&target);
	tear_down();
}

static void records_of_a_watch_come_before_its_end(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	for (int i = 0; i < 100; i++)
		CHECK_INT(try_open(&target, FILE_A), -EPERM);
	actor_kill(&target);
	for (int i = 0; i < 100; i++)
		EXPECT(&stage, FILE_A, DENY);
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	tear_down();
}

static int create_many(const struct deed *deed)
{
	char path[PATH_MAX + 32];

	for (int i = 0; i < deed->number; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%d", deed->path, i);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

static void observations_of_a_watch_come_before_its_end(void)
{
	struct deed deed = { .run = create_many, .number = 2000, .path = WORK "/seen" };
	struct janus_watch *watch;

	set_up();
	make_directory(WORK "/seen");
	watch = guard(&stage, &(struct plan){ .observe = { WORK "/seen" },
					      .mode = JANUS_MODE_AUDIT,
					      .events = JANUS_EVENT_CREATE,
					      .pid = target.pid });
	CHECK_INT(actor_do(&target, &deed), 0);
	actor_kill(&target);
	for (int i = 0; i < deed.number; i++)
		CHECK_INT(janus_event_get_kind(next_event(&stage)), JANUS_EVENT_CREATE);
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	tear_down();
}

static void an_ended_watch_can_be_updated(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	actor_kill(&target);
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	CHECK_INT(
		try_update(watch, &(struct plan){ .deny = { FILE_A }, .pid = actor.pid }),
		0);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	actor_kill(&actor);
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	stage_close(&stage);
}

static void an_update_to_another_process_outlives_the_former(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard(&stage, &(struct plan){ .deny = { FILE_A }, .pid = target.pid });
	CHECK_INT(
		try_update(watch, &(struct plan){ .deny = { FILE_A }, .pid = actor.pid }),
		0);
	actor_kill(&target);
	expect_nothing(&stage);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	tear_down();
}

static void trees_go_with_it(void)
{
	struct janus_watch *watch;

	set_up();
	for (int i = 0; i < 50; i++) {
		char path[64];

		snprintf(path, sizeof(path), WORK "/tree%d", i);
		make_directory(path);
		snprintf(path, sizeof(path), WORK "/tree%d/file", i);
		make_file(path);
	}
	watch = guard(&stage, &(struct plan){ .deny = { WORK },
					      .pid = target.pid,
					      .flags = JANUS_SUBJECT_RECURSIVE });
	CHECK_INT(try_open(&actor, WORK "/tree7/file"), -EPERM);
	actor_kill(&target);
	EXPECT(&stage, WORK "/tree7/file", DENY);
	expect_notice(&stage, JANUS_EVENT_END, watch, 0);
	CHECK_INT(try_open(&actor, WORK "/tree7/file"), 0);
	CHECK_INT(stage_stats(&stage).marks, 0);
	CHECK_INT(stage_stats(&stage).directories, 0);
	tear_down();
}

static bool has_fds(void *count)
{
	return count_fds() == *(size_t *)count;
}

static void a_thousand_short_lives_leave_nothing(void)
{
	size_t before;

	set_up();
	before = count_fds();
	for (int i = 0; i < 1000; i++) {
		struct actor brief;
		struct janus_watch *watch;

		actor_start(&brief);
		watch = guard(&stage,
			      &(struct plan){ .deny = { FILE_A }, .pid = brief.pid });
		CHECK_INT(try_open(&brief, FILE_A), -EPERM);
		EXPECT(&stage, FILE_A, DENY, .pid = brief.pid);
		actor_kill(&brief);
		expect_notice(&stage, JANUS_EVENT_END, watch, 0);
		janus_watch_destroy(watch);
	}
	/* Who has asked is forgotten when nobody asks for a while. */
	WAIT_UNTIL(has_fds, &before);
	CHECK_INT(stage_stats(&stage).marks, 0);
	CHECK_INT(stage_stats(&stage).watches, 0);
	actor_end(&target);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_watch_ends_with_its_process),
	CASE(the_fd_is_readable_until_the_end_is_told),
	CASE(all_watches_of_a_process_share_one_fd_and_each_tells_its_end),
	CASE(who_is_stopped_has_not_ended),
	CASE(who_executes_something_has_not_ended),
	CASE(records_of_a_watch_come_before_its_end),
	CASE(observations_of_a_watch_come_before_its_end),
	CASE(an_ended_watch_can_be_updated),
	CASE(an_update_to_another_process_outlives_the_former),
	CASE(trees_go_with_it),
	CASE(a_thousand_short_lives_leave_nothing),
};

HARNESS_MAIN(cases)
