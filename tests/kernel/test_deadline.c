// SPDX-License-Identifier: MIT
/*
 * Nobody waits for longer than the deadline, also when the thread that answers does not: it is
 * stopped here by a tracer, alone among the threads of its process.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define ALLOW JANUS_VERDICT_ALLOW
#define DENY JANUS_VERDICT_DENY
/* As long as a busy machine may take for an answer. */
#define DEADLINE_NS 500000000

static struct stage stage;
static struct actor actor;

static bool is_responder(const char *tid)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%s/comm", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return strcmp(name, "janus-responder\n") == 0;
}

static pid_t find_responder(void)
{
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t tid;

	CHECK(folder);
	do {
		entry = readdir(folder);
		CHECK(entry);
	} while (!is_responder(entry->d_name));
	tid = atoi(entry->d_name);
	closedir(folder);
	return tid;
}

/* A process that keeps a thread of ours stopped until it is told to let go. */
struct tracer {
	pid_t pid;
	int stopped[2], end[2];
};

_Noreturn static void trace(const struct tracer *tracer, pid_t tid)
{
	char byte = 'x';

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(tracer->end[1]);
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0 ||
	    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
	    waitpid(tid, NULL, __WALL) != tid)
		_exit(1);
	if (write(tracer->stopped[1], &byte, 1) != 1 ||
	    read(tracer->end[0], &byte, 1) != 1 ||
	    ptrace(PTRACE_DETACH, tid, NULL, NULL) < 0)
		_exit(1);
	_exit(0);
}

static void stop_responder(struct tracer *tracer)
{
	pid_t tid = find_responder();
	char byte;

	MUST(pipe(tracer->stopped));
	MUST(pipe(tracer->end));
	tracer->pid = (pid_t)MUST(fork());
	if (tracer->pid == 0)
		trace(tracer, tid);
	CHECK_INT(read(tracer->stopped[0], &byte, 1), 1);
}

static void continue_responder(struct tracer *tracer)
{
	int status;

	CHECK_INT(write(tracer->end[1], "x", 1), 1);
	CHECK_INT(waitpid(tracer->pid, &status, 0), tracer->pid);
	CHECK_INT(status, 0);
}

static void set_up(void)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	actor_start(&actor);
	make_directory(WORK "/tree");
	make_directory(WORK "/tree/deep");
	make_file(WORK "/tree/deep/file");
	make_file(WORK "/lenient");
	make_file(WORK "/strict");
	options.deadline_ns = DEADLINE_NS;
	stage_open_with(&stage, &options);
	guard(&stage, &(struct plan){ .deny = { WORK "/lenient" } });
	guard(&stage, &(struct plan){ .deny = { WORK "/strict" }, .on_failure = DENY });
	guard(&stage, &(struct plan){ .deny = { WORK "/tree" },
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .on_failure = DENY });
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static void who_is_not_answered_gets_what_the_watch_says(void)
{
	struct tracer tracer;

	set_up();
	stop_responder(&tracer);
	CHECK_INT(try_open(&actor, WORK "/lenient"), 0);
	CHECK_INT(try_open(&actor, WORK "/strict"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/tree/deep/file"), -EPERM);
	CHECK_INT(stage_stats(&stage).overdue, 3);
	continue_responder(&tracer);
	CHECK_INT(try_open(&actor, WORK "/lenient"), -EPERM);
	EXPECT(&stage, WORK "/lenient", DENY);
	CHECK_INT(try_open(&actor, WORK "/strict"), -EPERM);
	EXPECT(&stage, WORK "/strict", DENY);
	CHECK_INT(stage_stats(&stage).overdue, 3);
	tear_down();
}

/* A wide mark asks about it, but no watch has anything to say. */
static void what_nobody_guards_is_allowed(void)
{
	struct tracer tracer;

	set_up();
	make_directory(WORK "/beside");
	make_file(WORK "/beside/file");
	guard(&stage, &(struct plan){ .deny = { WORK "/tree" },
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .strategy = JANUS_STRATEGY_FILESYSTEM,
				      .on_failure = DENY });
	stop_responder(&tracer);
	CHECK_INT(try_open(&actor, WORK "/beside/file"), 0);
	CHECK_INT(try_open(&actor, WORK "/tree/deep/file"), -EPERM);
	CHECK(stage_stats(&stage).overdue >= 2);
	continue_responder(&tracer);
	tear_down();
}

static void a_policy_of_failure_can_be_changed(void)
{
	struct janus_watch *watch;
	struct tracer tracer;

	set_up();
	make_file(WORK "/changed");
	watch = guard(&stage,
		      &(struct plan){ .deny = { WORK "/changed" }, .on_failure = DENY });
	CHECK_INT(try_update(watch, &(struct plan){ .deny = { WORK "/changed" },
						    .on_failure = ALLOW }),
		  0);
	stop_responder(&tracer);
	CHECK_INT(try_open(&actor, WORK "/changed"), 0);
	CHECK_INT(try_open(&actor, WORK "/strict"), -EPERM);
	continue_responder(&tracer);
	tear_down();
}

/* What is recorded only cannot be denied, whatever else is. */
static void only_what_is_denied_and_enforced_is_denied_on_failure(void)
{
	struct tracer tracer;

	set_up();
	make_file(WORK "/allowed");
	make_file(WORK "/dry");
	guard(&stage, &(struct plan){ .allow = { WORK "/allowed" }, .on_failure = DENY });
	guard(&stage, &(struct plan){ .deny = { WORK "/dry" },
				      .mode = JANUS_MODE_DRY_RUN,
				      .on_failure = DENY });
	stop_responder(&tracer);
	CHECK_INT(try_open(&actor, WORK "/allowed"), 0);
	CHECK_INT(try_open(&actor, WORK "/dry"), 0);
	continue_responder(&tracer);
	tear_down();
}

static void a_deadline_has_bounds(void)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_context *context;

	options.deadline_ns = 1;
	CHECK_INT(janus_context_create(&context, &options), -EINVAL);
	options.deadline_ns = UINT64_MAX;
	CHECK_INT(janus_context_create(&context, &options), -EINVAL);
}

static const struct test_case cases[] = {
	CASE(who_is_not_answered_gets_what_the_watch_says),
	CASE(what_nobody_guards_is_allowed),
	CASE(a_policy_of_failure_can_be_changed),
	CASE(only_what_is_denied_and_enforced_is_denied_on_failure),
	CASE(a_deadline_has_bounds),
};

HARNESS_MAIN(cases)
