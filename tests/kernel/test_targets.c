// SPDX-License-Identifier: MIT
/*
 * Whose tree the paths belong to, and who its owner is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
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

static struct stage stage;
static struct actor target, stranger;

static void set_up(void)
{
	actor_start(&target);
	actor_start(&stranger);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&target);
	actor_end(&stranger);
}

static void make_root(const char *root)
{
	char path[PATH_MAX];

	make_directory(root);
	snprintf(path, sizeof(path), "%s/data", root);
	make_directory(path);
	snprintf(path, sizeof(path), "%s/data/secret", root);
	make_file(path);
}

static void do_with(struct actor *actor, int (*run)(const struct deed *),
		    const char *path)
{
	struct deed deed = { .run = run };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	CHECK_INT(actor_do(actor, &deed), 0);
}

static void paths_are_those_that_the_target_sees(void)
{
	set_up();
	make_root(WORK "/root");
	make_directory(WORK "/data");
	make_file(WORK "/data/secret");
	do_with(&target, enter_root, WORK "/root");
	guard(&stage, &(struct plan){ .deny = { "/data" }, .pid = target.pid });
	CHECK_INT(try_open(&stranger, WORK "/data/secret"), 0);
	CHECK_INT(try_open(&target, "/data/secret"), -EPERM);
	EXPECT(&stage, "/data/secret", DENY, .pid = target.pid);
	CHECK_INT(try_list(&target, "/data"), -EPERM);
	EXPECT(&stage, "/data", DENY);
	/* By whatever way it is reached. */
	CHECK_INT(try_open(&stranger, WORK "/root/data/secret"), -EPERM);
	EXPECT(&stage, "/data/secret", DENY, .pid = stranger.pid);
	tear_down();
}

static void the_root_itself_is_told_as_a_slash(void)
{
	set_up();
	make_root(WORK "/root");
	make_file(WORK "/root/top");
	do_with(&target, enter_root, WORK "/root");
	guard(&stage, &(struct plan){ .deny = { "/" }, .pid = target.pid });
	CHECK_INT(try_list(&target, "/"), -EPERM);
	EXPECT(&stage, "/", DENY);
	CHECK_INT(try_open(&target, "/top"), -EPERM);
	EXPECT(&stage, "/top", DENY);
	tear_down();
}

static void links_of_a_target_do_not_lead_out_of_its_root(void)
{
	struct plan above = { .deny = { "/../../data/secret" } };

	set_up();
	make_root(WORK "/root");
	make_root(WORK "/host");
	MUST(symlink("/data/secret", WORK "/root/absolute"));
	MUST(symlink("../../../../../../data/secret", WORK "/root/climbing"));
	MUST(symlink(WORK "/host/data/secret", WORK "/root/escaping"));
	do_with(&target, enter_root, WORK "/root");
	above.pid = target.pid;
	for (int i = 0; i < 3; i++) {
		static const char *const paths[] = { "/absolute", "/climbing",
						     "/../../data/secret" };
		struct janus_watch *watch =
			guard(&stage,
			      &(struct plan){ .deny = { paths[i] }, .pid = target.pid });

		CHECK_INT(try_open(&target, "/data/secret"), -EPERM);
		EXPECT(&stage, "/data/secret", DENY);
		janus_watch_destroy(watch);
		CHECK_INT(try_open(&target, "/data/secret"), 0);
	}
	above.deny[0] = "/escaping";
	{
		struct janus_watch_report report;
		struct janus_watch *watch;

		CHECK_INT(try_guard(&stage, &watch, &above, &report), -ENOENT);
	}
	CHECK_INT(try_open(&stranger, WORK "/host/data/secret"), 0);
	tear_down();
}

/* What a container runtime does: a tree of its own, and nothing else in sight. */
static int pivot(const struct deed *deed)
{
	int err = leave_mounts(deed);

	if (err)
		return err;
	if (mount("janus-root", deed->path, "tmpfs", 0, "mode=755") < 0 ||
	    chdir(deed->path) < 0 || mkdir("data", 0755) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -errno;
	make_file("/data/secret");
	return chdir("/") < 0 ? -errno : 0;
}

static void a_target_in_another_mount_namespace_is_guarded_there(void)
{
	set_up();
	make_directory(WORK "/root");
	make_directory(WORK "/data");
	make_file(WORK "/data/secret");
	do_with(&target, pivot, WORK "/root");
	guard(&stage, &(struct plan){ .deny = { "/data" }, .pid = target.pid });
	CHECK_INT(try_open(&target, "/data/secret"), -EPERM);
	EXPECT(&stage, "/data/secret", DENY, .pid = target.pid);
	CHECK_INT(try_open(&stranger, WORK "/data/secret"), 0);
	tear_down();
}

static int guard_error(int32_t pid)
{
	struct plan plan = { .deny = { WORK "/file" }, .pid = pid };
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;
	int err = try_guard(&stage, &watch, &plan, &report);

	CHECK(!err == !!watch);
	CHECK(!err || report.message[0]);
	janus_watch_destroy(watch);
	return err;
}

static void a_target_that_is_gone_is_no_target(void)
{
	siginfo_t info;
	pid_t zombie;

	set_up();
	make_file(WORK "/file");
	zombie = (pid_t)MUST(fork());
	if (zombie == 0)
		_exit(0);
	MUST(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT));
	CHECK_INT(guard_error(zombie), -ESRCH);
	MUST(waitpid(zombie, NULL, 0));
	CHECK_INT(guard_error(zombie), -ESRCH);
	CHECK_INT(guard_error(INT32_MAX), -ESRCH);
	CHECK_INT(guard_error(getpid()), 0);
	tear_down();
}

static void a_pid_that_is_none_is_refused(void)
{
	const char *const denied[] = { WORK "/file" };
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_watch *watch;

	set_up();
	make_file(WORK "/file");
	subject.deny = denied;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	options.subjects = &subject;
	options.subject_count = 1;
	options.target = JANUS_TARGET_PID;
	for (int32_t pid = -1; pid <= 0; pid++) {
		options.pid = pid;
		CHECK_INT(janus_watch_create(stage.context, &watch, &options, NULL),
			  -EINVAL);
	}
	options.target = JANUS_TARGET_HOST;
	options.pid = getpid();
	CHECK_INT(janus_watch_create(stage.context, &watch, &options, NULL), -EINVAL);
	tear_down();
}

/* Open it as a descendant, @number generations down. */
static int open_below(const struct deed *deed)
{
	struct deed below = *deed;
	int status;
	pid_t pid;

	if (below.number-- == 0)
		return open_path(deed);
	pid = fork();
	if (pid == 0)
		_exit(-open_below(&below));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPROTO;
}

static int open_by_descendant(struct actor *actor, int generations)
{
	struct deed deed = { .run = open_below, .path = WORK "/secret" };

	deed.number = generations;
	return actor_do(actor, &deed);
}

static void guard_with_owner(void)
{
	make_file(WORK "/secret");
	guard(&stage, &(struct plan){ .deny = { WORK "/secret" },
				      .flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER,
				      .pid = target.pid });
}

static void the_owner_and_its_descendants_are_allowed(void)
{
	set_up();
	guard_with_owner();
	for (int generations = 0; generations <= 2; generations++) {
		CHECK_INT(open_by_descendant(&target, generations), 0);
		EXPECT(&stage, WORK "/secret", ALLOW, .reason = JANUS_REASON_OWNER);
		CHECK_INT(open_by_descendant(&stranger, generations), -EPERM);
		EXPECT(&stage, WORK "/secret", DENY);
	}
	tear_down();
}

static int take_name(const struct deed *deed)
{
	return prctl(PR_SET_NAME, deed->path) < 0 ? -errno : 0;
}

static void no_name_makes_a_process_an_owner(void)
{
	char pretends[6][16];

	set_up();
	guard_with_owner();
	snprintf(pretends[0], sizeof(pretends[0]), ") S %d (", target.pid);
	snprintf(pretends[1], sizeof(pretends[1]), ") S %d ", target.pid);
	snprintf(pretends[2], sizeof(pretends[2]), "a\n%d (b", target.pid);
	snprintf(pretends[3], sizeof(pretends[3]), ") S 1 (");
	snprintf(pretends[4], sizeof(pretends[4]), "\nPPid:\t%d\n", target.pid);
	snprintf(pretends[5], sizeof(pretends[5]), "(((((");
	for (size_t i = 0; i < sizeof(pretends) / sizeof(pretends[0]); i++) {
		do_with(&stranger, take_name, pretends[i]);
		do_with(&target, take_name, pretends[i]);
		CHECK_INT(open_by_descendant(&stranger, 0), -EPERM);
		CHECK_INT(open_by_descendant(&stranger, 1), -EPERM);
		CHECK_INT(open_by_descendant(&target, 1), 0);
	}
	tear_down();
}

/* A new process with the number @number, which was somebody else's. */
static int open_as(const struct deed *deed)
{
	pid_t wanted = deed->number;
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uint64_t)(uintptr_t)&wanted,
		.set_tid_size = 1,
	};
	int status;
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		_exit(-open_path(deed));
	if (pid < 0)
		return -errno;
	if (waitpid((pid_t)pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPROTO;
}

/* Start times are told in ticks of a hundredth of a second: let some pass. */
static bool ticks_have_passed(void *argument)
{
	int *calls = argument;

	return ++*calls > 50;
}

static void a_process_with_the_owners_old_number_is_not_the_owner(void)
{
	struct deed deed = { .run = open_as, .path = WORK "/secret" };
	int calls = 0, result;

	set_up();
	guard_with_owner();
	CHECK_INT(open_by_descendant(&target, 0), 0);
	EXPECT(&stage, WORK "/secret", ALLOW, .reason = JANUS_REASON_OWNER);
	deed.number = target.pid;
	actor_kill(&target);
	WAIT_UNTIL(ticks_have_passed, &calls);
	result = actor_do(&stranger, &deed);
	if (result == -EEXIST)
		harness_skip("the kernel gave the number away before we could");
	CHECK_INT(result, -EPERM);
	EXPECT(&stage, WORK "/secret", DENY, .pid = deed.number);
	actor_start(&target);
	tear_down();
}

static const struct test_case cases[] = {
	CASE(paths_are_those_that_the_target_sees),
	CASE(the_root_itself_is_told_as_a_slash),
	CASE(links_of_a_target_do_not_lead_out_of_its_root),
	CASE(a_target_in_another_mount_namespace_is_guarded_there),
	CASE(a_target_that_is_gone_is_no_target),
	CASE(a_pid_that_is_none_is_refused),
	CASE(the_owner_and_its_descendants_are_allowed),
	CASE(no_name_makes_a_process_an_owner),
	CASE(a_process_with_the_owners_old_number_is_not_the_owner),
};

HARNESS_MAIN(cases)
