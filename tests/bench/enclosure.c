// SPDX-License-Identifier: MIT
/*
 * Owns the process of the benchmark, and the one limit of the system that is changed for it.
 * Must not: touch a file on the benchmark's tmpfs, since it may be marked.
 */
#include "enclosure.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/harness.h"

#define WATCHES_LIMIT "/proc/sys/fs/inotify/max_user_watches"

static long read_limit(void)
{
	FILE *file = fopen(WATCHES_LIMIT, "re");
	long limit = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%ld", &limit) != 1)
		limit = 0;
	fclose(file);
	return limit;
}

static void write_limit(long limit)
{
	FILE *file = fopen(WATCHES_LIMIT, "we");

	if (!file)
		return;
	fprintf(file, "%ld\n", limit);
	fclose(file);
}

pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(stdout);
	pid = (pid_t)MUST(fork());
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 0;
}

void in_child(void (*run)(void *argument), void *argument)
{
	int status;
	pid_t pid = fork_child();

	if (pid == 0) {
		run(argument);
		fflush(stdout);
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0));
	if (status != 0)
		exit(1);
}

_Noreturn static void run_inside(const struct enclosure *enclosure)
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mount_tmpfs(WORK);
	exit(enclosure->run(enclosure->settings));
}

static void note(int signal)
{
	(void)signal; /* poll(2) returns, that is all */
}

/* So that a limit is put back and the child does not outlive us. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = note };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int wait_for_end(pid_t pid, int seconds)
{
	struct pollfd ended = {
		.fd = (int)syscall(SYS_pidfd_open, pid, 0),
		.events = POLLIN,
	};
	int status = 0;

	if (poll(&ended, 1, seconds * 1000) != 1) {
		printf("FAIL: ended from outside, or not done after %d s\n", seconds);
		kill(pid, SIGKILL); /* those it started end with it */
	}
	close(ended.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run_enclosed(const struct enclosure *enclosure)
{
	bool raise = false;
	long limit = 0;
	int result;
	pid_t pid;

	if (geteuid() != 0) {
		printf("SKIP: needs root: fanotify marks, a private mount\n");
		return BENCH_SKIPPED;
	}
	catch_signals();
	if (enclosure->inotify_watches) {
		limit = read_limit();
		raise = limit > 0 && limit < enclosure->inotify_watches;
	}
	if (raise)
		write_limit(enclosure->inotify_watches);
	pid = fork_child();
	if (pid == 0)
		run_inside(enclosure);
	result = wait_for_end(pid, enclosure->seconds);
	if (raise)
		write_limit(limit);
	return result;
}
