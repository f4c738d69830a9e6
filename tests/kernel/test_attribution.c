// SPDX-License-Identifier: MIT
/*
 * Who it was: what an event tells of the process, whatever that does to its name, its rights,
 * its program and its life.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW
#define FILE_A WORK "/a"

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	make_file(FILE_A);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void own_exe(char exe[PATH_MAX])
{
	ssize_t length = MUST(readlink("/proc/self/exe", exe, PATH_MAX - 1));

	exe[length] = '\0';
}

static void check_who(const struct janus_event *event, pid_t pid, const char *exe)
{
	CHECK_INT(janus_event_is_process_gone(event), 0);
	CHECK_INT(janus_event_get_pid(event), pid);
	CHECK_TEXT(janus_event_get_exe(event), exe);
	CHECK(janus_event_get_cgroup(event)[0] == '/');
	CHECK_INT(janus_event_get_tid(event), 0);
}

static void a_record_tells_who_it_was(void)
{
	const struct janus_event *event;
	char exe[PATH_MAX];

	set_up();
	own_exe(exe);
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	for (int i = 0; i < 3; i++) {
		CHECK_INT(try_open(&actor, FILE_A), -EPERM);
		event = EXPECT(&stage, FILE_A, DENY, .pid = actor.pid);
		check_who(event, actor.pid, exe);
		CHECK_INT(janus_event_get_parent_pid(event), getpid());
		CHECK_INT(janus_event_get_inner_pid(event), actor.pid);
		CHECK_INT(janus_event_get_uid(event), getuid());
		CHECK_INT(janus_event_get_gid(event), getgid());
		CHECK(strncmp(janus_event_get_comm(event), "test_kernel_att", 15) == 0);
	}
	tear_down();
}

/* Open, become something else in one way after the other, and open each time. */
static int change_and_open(const struct deed *deed)
{
	int result = open_path(deed);

	if (result != deed->number)
		return 1000 + result;
	prctl(PR_SET_NAME, "a) b (c");
	if (open_path(deed) != deed->number)
		return 2;
	if (setresgid(100, 101, 102) < 0 || open_path(deed) != deed->number)
		return 3;
	if (setresuid(1000, 1001, 1002) < 0 || open_path(deed) != deed->number)
		return 4;
	return 0;
}

static void a_name_and_rights_are_those_of_the_moment(void)
{
	struct deed deed = { .run = change_and_open, .number = -EPERM };
	const struct janus_event *event;

	set_up();
	chmod(FILE_A, 0666);
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	snprintf(deed.path, sizeof(deed.path), "%s", FILE_A);
	CHECK_INT(actor_do(&actor, &deed), 0);
	event = EXPECT(&stage, FILE_A, DENY);
	CHECK(strcmp(janus_event_get_comm(event), "a) b (c") != 0);
	event = EXPECT(&stage, FILE_A, DENY);
	CHECK_TEXT(janus_event_get_comm(event), "a) b (c");
	CHECK_INT(janus_event_get_gid(event), 0);
	event = EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(janus_event_get_gid(event), 101);
	CHECK_INT(janus_event_get_uid(event), 0);
	event = EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(janus_event_get_uid(event), 1001);
	tear_down();
}

/* A child that opens, executes a shell that opens, and ends at once. */
static int run_shell(const struct deed *deed)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)open_path(deed);
		execl("/bin/sh", "renamed", "-c", deed->other, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return (int)pid;
}

static void who_executes_something_is_somebody_else(void)
{
	struct deed deed = { .run = run_shell, .path = FILE_A, .other = ": < " FILE_A };
	const struct janus_event *event;
	char exe[PATH_MAX], shell[PATH_MAX];
	int pid;

	set_up();
	own_exe(exe);
	CHECK(realpath("/bin/sh", shell));
	guard(&stage, &(struct plan){ .allow = { FILE_A } });
	for (int i = 0; i < 20; i++) {
		pid = actor_do(&actor, &deed);
		CHECK(pid > 0);
		event = EXPECT(&stage, FILE_A, ALLOW, .pid = pid);
		check_who(event, pid, exe);
		event = EXPECT(&stage, FILE_A, ALLOW, .pid = pid);
		check_who(event, pid, shell);
		CHECK_TEXT(janus_event_get_comm(event), "sh");
		CHECK_INT(janus_event_get_parent_pid(event), actor.pid);
	}
	tear_down();
}

/* As pid 1 of a pid namespace of its own. */
static int open_as_init(const struct deed *deed)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		(void)open_path(deed);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return (int)pid;
}

static void the_number_inside_is_that_of_its_own_namespace(void)
{
	struct deed deed = { .run = open_as_init, .path = FILE_A };
	const struct janus_event *event;
	int pid;

	set_up();
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	pid = actor_do(&actor, &deed);
	event = EXPECT(&stage, FILE_A, DENY, .pid = pid);
	CHECK_INT(janus_event_get_inner_pid(event), 1);
	CHECK_INT(janus_event_get_parent_pid(event), actor.pid);
	tear_down();
}

static void *open_in_thread(void *arg)
{
	struct deed *deed = arg;

	(void)open_path(deed);
	deed->number = (int)syscall(SYS_gettid);
	return NULL;
}

static int open_by_thread(const struct deed *given)
{
	struct deed deed = *given;
	pthread_t thread;

	if (pthread_create(&thread, NULL, open_in_thread, &deed) != 0)
		return -EAGAIN;
	pthread_join(thread, NULL);
	return deed.number;
}

static void a_thread_is_told_if_the_context_wants_it(void)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct deed deed = { .run = open_by_thread, .path = FILE_A };
	const struct janus_event *event;
	char exe[PATH_MAX];
	int tid;

	options.flags = JANUS_CONTEXT_THREADS;
	actor_start(&actor);
	make_file(FILE_A);
	own_exe(exe);
	stage_open_with(&stage, &options);
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	tid = actor_do(&actor, &deed);
	CHECK(tid > 0 && tid != actor.pid);
	event = EXPECT(&stage, FILE_A, DENY, .pid = actor.pid);
	CHECK_INT(janus_event_get_tid(event), tid);
	CHECK_TEXT(janus_event_get_exe(event), exe);
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	event = EXPECT(&stage, FILE_A, DENY, .pid = actor.pid);
	CHECK_INT(janus_event_get_tid(event), actor.pid);
	/* Its own are not asked, whichever thread it is. */
	CHECK(open(FILE_A, O_RDONLY | O_CLOEXEC) >= 0);
	deed = (struct deed){ .path = FILE_A };
	open_by_thread(&deed);
	expect_nothing(&stage);
	tear_down();
}

static void the_owner_is_known_by_any_of_his_threads(void)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct deed deed = { .run = open_by_thread, .path = FILE_A };

	options.flags = JANUS_CONTEXT_THREADS;
	actor_start(&actor);
	make_file(FILE_A);
	stage_open_with(&stage, &options);
	guard(&stage, &(struct plan){ .deny = { FILE_A },
				      .pid = actor.pid,
				      .flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER });
	CHECK(actor_do(&actor, &deed) > 0);
	EXPECT(&stage, FILE_A, ALLOW, .reason = JANUS_REASON_OWNER, .pid = actor.pid);
	tear_down();
}

static void an_observation_tells_who_or_that_he_is_gone(void)
{
	struct deed deed = { .run = run_shell, .path = WORK "/none" };
	const struct janus_event *event;
	char exe[PATH_MAX];
	int pid;

	set_up();
	own_exe(exe);
	make_directory(WORK "/seen");
	make_file(WORK "/seen/a");
	guard(&stage, &(struct plan){ .observe = { WORK "/seen" },
				      .mode = JANUS_MODE_AUDIT,
				      .events = JANUS_EVENT_OPEN | JANUS_EVENT_CREATE });
	CHECK_INT(try_open(&actor, WORK "/seen/a"), 0);
	event = EXPECT(&stage, WORK "/seen/a", 0, .pid = actor.pid);
	check_who(event, actor.pid, exe);
	snprintf(deed.other, sizeof(deed.other), ": > %s", WORK "/seen/b");
	pid = actor_do(&actor, &deed);
	event = EXPECT(&stage, WORK "/seen/b", 0, JANUS_EVENT_CREATE, .pid = pid);
	if (janus_event_is_process_gone(event)) {
		CHECK_TEXT(janus_event_get_exe(event), "");
		CHECK_INT(janus_event_get_uid(event), UINT32_MAX);
	} else {
		CHECK_TEXT(janus_event_get_comm(event), "sh");
	}
	tear_down();
}

/* More processes at the same time than are remembered. */
static void each_of_many_is_himself(void)
{
	enum { COUNT = 60 };
	static struct actor many[COUNT];
	char exe[PATH_MAX];

	set_up();
	own_exe(exe);
	guard(&stage, &(struct plan){ .deny = { FILE_A } });
	for (int i = 0; i < COUNT; i++)
		actor_start(&many[i]);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++) {
			CHECK_INT(try_open(&many[i], FILE_A), -EPERM);
			check_who(EXPECT(&stage, FILE_A, DENY, .pid = many[i].pid),
				  many[i].pid, exe);
		}
	}
	for (int i = 0; i < COUNT; i++)
		actor_end(&many[i]);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_record_tells_who_it_was),
	CASE(a_name_and_rights_are_those_of_the_moment),
	CASE(who_executes_something_is_somebody_else),
	CASE(the_number_inside_is_that_of_its_own_namespace),
	CASE(a_thread_is_told_if_the_context_wants_it),
	CASE(the_owner_is_known_by_any_of_his_threads),
	CASE(an_observation_tells_who_or_that_he_is_gone),
	CASE(each_of_many_is_himself),
};

HARNESS_MAIN(cases)
