// SPDX-License-Identifier: MIT
/*
 * Whom a subject does not deny, or denies alone: every kind of exception, and what somebody
 * may do in order to be taken for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW
#define EXCEPTION JANUS_REASON_EXCEPTION
#define FILE_A WORK "/a"
#define PROGRAM WORK "/program"

static struct stage stage;
static struct actor actor, other;

static void set_up(void)
{
	actor_start(&actor);
	actor_start(&other);
	make_file(FILE_A);
	chmod(FILE_A, 0666);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
	actor_end(&other);
}

static struct janus_watch *guard_but(struct janus_exception exception)
{
	return guard(&stage, &(struct plan){ .deny = { FILE_A },
					     .exceptions = &exception,
					     .exception_count = 1 });
}

static void expect_excepted(void)
{
	EXPECT(&stage, FILE_A, ALLOW, .reason = EXCEPTION);
}

/* Run a copy of cat. Its exit status. */
static int run_program(const struct deed *deed)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl(deed->path, "cat", deed->other, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WEXITSTATUS(status);
}

static int run(const char *program)
{
	struct deed deed = { .run = run_program, .other = FILE_A };

	snprintf(deed.path, sizeof(deed.path), "%s", program);
	return actor_do(&actor, &deed);
}

static void copy_program(const char *to)
{
	char command[2 * PATH_MAX];

	snprintf(command, sizeof(command), "cp /bin/cat '%s.new' && mv '%s.new' '%s'", to,
		 to, to);
	CHECK_INT(system(command), 0);
}

static void a_program_is_known_by_its_file(void)
{
	set_up();
	copy_program(PROGRAM);
	guard_but((struct janus_exception){ JANUS_EXCEPTION_EXE, 0, PROGRAM });
	CHECK_INT(run(PROGRAM), 0);
	expect_excepted();
	CHECK_INT(run("/bin/cat"), 1);
	EXPECT(&stage, FILE_A, DENY);
	/* Under another name it is the same one, and another one of its name is not. */
	MUST(link(PROGRAM, WORK "/linked"));
	CHECK_INT(run(WORK "/linked"), 0);
	expect_excepted();
	make_directory(WORK "/there");
	copy_program(WORK "/there/program");
	CHECK_INT(run(WORK "/there/program"), 1);
	EXPECT(&stage, FILE_A, DENY);
	tear_down();
}

static void a_program_that_was_replaced_is_still_meant(void)
{
	set_up();
	copy_program(PROGRAM);
	guard_but((struct janus_exception){ JANUS_EXCEPTION_EXE, 0, PROGRAM });
	copy_program(PROGRAM);
	CHECK_INT(run(PROGRAM), 0);
	expect_excepted();
	MUST(unlink(PROGRAM));
	CHECK_INT(run("/bin/cat"), 1);
	EXPECT(&stage, FILE_A, DENY);
	copy_program(PROGRAM);
	CHECK_INT(run(PROGRAM), 0);
	expect_excepted();
	tear_down();
}

/*
 * A walk through what the kernel has in memory gives up at a link whose time of access it would
 * have to set, as that of one that was made in the same tick as it was last followed.
 */
static void make_followed_link(const char *to, const char *path)
{
	struct timespec times[2] = { { 0, 0 }, { 0, UTIME_OMIT } };

	MUST(symlink(to, path));
	times[0].tv_sec = time(NULL) + 60;
	MUST(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

static void a_program_may_come_later_and_be_a_link(void)
{
	set_up();
	guard_but((struct janus_exception){ JANUS_EXCEPTION_EXE, 0, WORK "/link" });
	CHECK_INT(run("/bin/cat"), 1);
	EXPECT(&stage, FILE_A, DENY);
	copy_program(PROGRAM);
	make_followed_link(PROGRAM, WORK "/link");
	CHECK_INT(run(WORK "/link"), 0);
	expect_excepted();
	tear_down();
}

/* Into a root where the same path is another file. */
static int run_in_root(const struct deed *deed)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (chroot(deed->other) < 0 || chdir("/") < 0)
			_exit(126);
		execl(deed->path, deed->path, "cat", "/a", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WEXITSTATUS(status);
}

static void the_same_path_in_another_root_is_another_program(void)
{
	struct deed deed = { .run = run_in_root,
			     .path = "/bin/busybox",
			     .other = WORK "/root" };

	if (access("/bin/busybox", X_OK) != 0)
		harness_skip("needs busybox-static");
	set_up();
	make_directory(WORK "/root");
	make_directory(WORK "/root/bin");
	CHECK_INT(system("cp /bin/busybox " WORK "/root/bin/busybox"), 0);
	make_file(WORK "/root/a");
	guard(&stage,
	      &(struct plan){
		      .deny = { WORK "/root/a" },
		      .exceptions = &(struct janus_exception){ JANUS_EXCEPTION_HOST_EXE,
							       0, "/bin/busybox" },
		      .exception_count = 1 });
	CHECK_INT(actor_do(&actor, &deed), 1);
	EXPECT(&stage, WORK "/root/a", DENY);
	tear_down();
}

static int open_as(const struct deed *deed)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		gid_t gid = (gid_t)atoi(deed->other);

		if (setresgid(gid, gid, gid) < 0 ||
		    setresuid((uid_t)deed->number, (uid_t)deed->number,
			      (uid_t)deed->number) < 0)
			_exit(126);
		_exit(-open_path(deed));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WEXITSTATUS(status);
}

static int try_as(int uid, const char *gid)
{
	struct deed deed = { .run = open_as, .number = uid, .path = FILE_A };

	snprintf(deed.other, sizeof(deed.other), "%s", gid);
	return actor_do(&actor, &deed);
}

static void a_user_and_a_group_are_the_effective_ones(void)
{
	struct janus_watch *watch;

	set_up();
	watch = guard_but((struct janus_exception){ JANUS_EXCEPTION_UID, 1234, NULL });
	CHECK_INT(try_as(1234, "5"), 0);
	expect_excepted();
	CHECK_INT(try_as(1235, "1234"), EPERM);
	EXPECT(&stage, FILE_A, DENY);
	janus_watch_destroy(watch);
	guard_but((struct janus_exception){ JANUS_EXCEPTION_GID, 1234, NULL });
	CHECK_INT(try_as(1235, "1234"), 0);
	expect_excepted();
	CHECK_INT(try_as(1234, "5"), EPERM);
	EXPECT(&stage, FILE_A, DENY);
	tear_down();
}

static void an_ancestor_stands_for_his_descendants(void)
{
	set_up();
	guard_but((struct janus_exception){ JANUS_EXCEPTION_ANCESTOR, (uint32_t)actor.pid,
					    NULL });
	CHECK_INT(try_open(&actor, FILE_A), 0);
	expect_excepted();
	CHECK_INT(run("/bin/cat"), 0);
	expect_excepted();
	CHECK_INT(try_open(&other, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	tear_down();
}

static void an_ancestor_has_to_be_there(void)
{
	struct janus_exception gone = { JANUS_EXCEPTION_ANCESTOR, 0, NULL };
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	gone.number = (uint32_t)other.pid;
	actor_kill(&other);
	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .deny = { FILE_A },
					    .exceptions = &gone,
					    .exception_count = 1 },
			    &report),
		  -ESRCH);
	CHECK_TEXT(report.message, "subject[0].exceptions: there is no such process");
	stage_close(&stage);
	actor_end(&actor);
}

static void outside_is_who_does_not_descend_from_the_target(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { FILE_A },
				      .pid = actor.pid,
				      .exceptions =
					      &(struct janus_exception){
						      JANUS_EXCEPTION_OUTSIDE, 0, NULL },
				      .exception_count = 1 });
	CHECK_INT(try_open(&actor, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(run("/bin/cat"), 1);
	EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(try_open(&other, FILE_A), 0);
	expect_excepted();
	tear_down();
}

static void turned_round_only_the_exceptions_may(void)
{
	set_up();
	guard(&stage, &(struct plan){ .allow = { FILE_A },
				      .flags = JANUS_SUBJECT_ONLY,
				      .exceptions =
					      &(struct janus_exception){
						      JANUS_EXCEPTION_UID, 1234, NULL },
				      .exception_count = 1 });
	CHECK_INT(try_as(1234, "5"), 0);
	expect_excepted();
	CHECK_INT(try_as(1235, "5"), EPERM);
	EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(try_open(&other, FILE_A), -EPERM);
	EXPECT(&stage, FILE_A, DENY);
	tear_down();
}

static void turned_round_a_deny_is_for_the_exceptions_only(void)
{
	set_up();
	guard(&stage, &(struct plan){ .deny = { FILE_A },
				      .flags = JANUS_SUBJECT_ONLY,
				      .exceptions =
					      &(struct janus_exception){
						      JANUS_EXCEPTION_UID, 1234, NULL },
				      .exception_count = 1 });
	CHECK_INT(try_as(1234, "5"), EPERM);
	EXPECT(&stage, FILE_A, DENY);
	CHECK_INT(try_as(1235, "5"), 0);
	expect_excepted();
	tear_down();
}

static const struct test_case cases[] = {
	CASE(a_program_is_known_by_its_file),
	CASE(a_program_that_was_replaced_is_still_meant),
	CASE(a_program_may_come_later_and_be_a_link),
	CASE(the_same_path_in_another_root_is_another_program),
	CASE(a_user_and_a_group_are_the_effective_ones),
	CASE(an_ancestor_stands_for_his_descendants),
	CASE(an_ancestor_has_to_be_there),
	CASE(outside_is_who_does_not_descend_from_the_target),
	CASE(turned_round_only_the_exceptions_may),
	CASE(turned_round_a_deny_is_for_the_exceptions_only),
};

HARNESS_MAIN(cases)
