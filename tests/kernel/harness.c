// SPDX-License-Identifier: MIT
/*
 * Owns the processes of the cases: each leads a process group of its own, which is ended
 * with it. Must not: know the library, but for asking whether it can work here at all.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <janus/context.h>
#include <janus/error.h>

#define SKIPPED 77

/* A case may wait a few times; none of them waits this often. */
#define CASE_MS (4 * BOUND_MS)

enum outcome { PASSED, FAILED, LEFT_OUT };

void harness_skip(const char *reason)
{
	printf("     %s\n", reason);
	fflush(stdout);
	_exit(SKIPPED);
}

/* Without a look for leaks: what a failed case holds is no news. */
void harness_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	printf("     %s:%d: ", file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void harness_check_int(const char *file, int line, const char *what,
		       const long long values[2])
{
	if (values[0] != values[1])
		harness_fail(file, line, "%s is %lld, not %lld", what, values[0],
			     values[1]);
}

void harness_check_text(const char *file, int line, const char *what,
			const char *const values[2])
{
	if (strcmp(values[0], values[1]) != 0)
		harness_fail(file, line, "%s is \"%s\", not \"%s\"", what, values[0],
			     values[1]);
}

long long harness_must(const char *file, int line, const char *what, long long result)
{
	if (result < 0)
		harness_fail(file, line, "%s: %s", what, strerror(errno));
	return result;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

void harness_wait(const char *file, int line, const char *what,
		  const struct harness_wait *wait)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	long long end = now_ms() + BOUND_MS;

	while (!wait->condition(wait->argument)) {
		if (now_ms() > end)
			harness_fail(file, line, "did not become true: %s", what);
		nanosleep(&pause, NULL);
	}
}

void make_file(const char *path)
{
	static const char text[] = "text\n";
	int fd = (int)MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));

	CHECK_INT(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
}

void make_directory(const char *path)
{
	MUST(mkdir(path, 0755));
}

void mount_tmpfs(const char *path)
{
	if (mkdir(path, 0755) < 0)
		CHECK_INT(errno, EEXIST);
	MUST(mount("janus-test", path, "tmpfs", 0, "mode=755"));
}

/* An automounter that never answers: us. Its own process group walks it without waiting. */
void mount_stalling(const char *path)
{
	char options[128];
	int pipe_fds[2];

	MUST(pipe(pipe_fds));
	make_directory(path);
	snprintf(options, sizeof(options), "fd=%d,pgrp=%d,minproto=5,maxproto=5,indirect",
		 pipe_fds[1], (int)getpgrp());
	if (mount("janus-auto", path, "autofs", 0, options) < 0)
		harness_skip("no autofs here");
}

size_t count_own(const char *name, const char *target)
{
	char path[64], link[64];
	struct dirent *entry;
	size_t count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	directory = opendir(path);
	CHECK(directory);
	while ((entry = readdir(directory))) {
		ssize_t length = 0;

		if (entry->d_name[0] == '.')
			continue;
		if (target)
			length = readlinkat(dirfd(directory), entry->d_name, link,
					    sizeof(link));
		count += !target || (length == (ssize_t)strlen(target) &&
				     memcmp(link, target, (size_t)length) == 0);
	}
	closedir(directory);
	return count;
}

_Noreturn static void run_case(const struct test_case *test)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mount_tmpfs(WORK);
	test->run();
	exit(0);
}

/* False: it did not end in time, and was ended. */
static bool wait_for_case(pid_t pid, int *ret_status)
{
	struct pollfd ended = {
		.fd = (int)syscall(SYS_pidfd_open, pid, 0),
		.events = POLLIN,
	};
	bool in_time = poll(&ended, 1, CASE_MS) == 1;

	close(ended.fd);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, ret_status, 0);
	while (waitpid(-pid, NULL, 0) > 0) /* what it left behind is ours now */
		;
	return in_time;
}

static enum outcome run_in_child(const struct test_case *test)
{
	bool in_time;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_case(test);
	if (pid < 0) {
		printf("FAIL %s: fork: %s\n", test->name, strerror(errno));
		return FAILED;
	}
	in_time = wait_for_case(pid, &status);
	if (!in_time)
		printf("FAIL %s: not done after %d ms\n", test->name, CASE_MS);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		printf("ok   %s\n", test->name);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		printf("skip %s\n", test->name);
	else
		printf("FAIL %s: %s %d\n", test->name,
		       WIFEXITED(status) ? "exit status" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	if (!in_time || !WIFEXITED(status))
		return FAILED;
	if (WEXITSTATUS(status) == SKIPPED)
		return LEFT_OUT;
	return WEXITSTATUS(status) == 0 ? PASSED : FAILED;
}

static bool is_wanted(char **names, const char *name)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return !names[0];
}

/* What is missing here, or NULL. */
static const char *find_obstacle(void)
{
	struct janus_features features = JANUS_FEATURES_INIT;

	if (geteuid() != 0)
		return "needs root: fanotify permission marks and mount namespaces";
	if (janus_get_features(&features) < 0 ||
	    !(features.available & JANUS_FEATURE_PERMISSION))
		return "no fanotify permission events here";
	if (access(WORK, F_OK) < 0)
		return "needs a directory " WORK " to mount a tmpfs on";
	return NULL;
}

int harness_main(char **argv, const struct test_case *cases, size_t count)
{
	size_t outcomes[3] = { 0 };
	const char *obstacle = find_obstacle();

	if (obstacle) {
		printf("SKIP: %s\n", obstacle);
		return SKIPPED;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (size_t i = 0; i < count; i++)
		if (is_wanted(argv + 1, cases[i].name))
			outcomes[run_in_child(&cases[i])]++;
	printf("%zu passed, %zu failed, %zu skipped\n", outcomes[PASSED],
	       outcomes[FAILED], outcomes[LEFT_OUT]);
	if (outcomes[FAILED] || outcomes[PASSED] + outcomes[LEFT_OUT] == 0)
		return 1;
	return outcomes[LEFT_OUT] ? SKIPPED : 0;
}
