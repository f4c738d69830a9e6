// SPDX-License-Identifier: MIT
#include "runner.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <janus/janus.h>

#define HANGS_AFTER_S 10

static char directory[] = "/tmp/janus-fault-XXXXXX";

static void give_up(const char *what)
{
	fprintf(stderr, "runner: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Go on as the first process of a new namespace; what this one was tells how that ended. */
static void become_init(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	if (pid == 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

const char *runner_begin(void)
{
	struct janus_features features = JANUS_FEATURES_INIT;

	if (janus_get_features(&features) < 0)
		give_up("features");
	if (!(features.available & JANUS_FEATURE_PERMISSION)) {
		fprintf(stderr, "skipped: no fanotify permission events here: %s\n",
			janus_strerror(features.permission_error));
		exit(77);
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0) {
		fprintf(stderr, "skipped: no namespaces: %s\n", strerror(errno));
		exit(77);
	}
	become_init();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		give_up("private mounts");
	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		give_up("/proc");
	if (!mkdtemp(directory))
		give_up(directory);
	if (mount("janus-fault", directory, "tmpfs", 0, "mode=755") < 0)
		give_up(directory);
	return directory;
}

int runner_run(const char *name, int (*fn)(void *userdata), void *userdata)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		/* Openers and marks go with it, whatever it waits for. */
		alarm(HANGS_AFTER_S);
		exit(fn(userdata));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	if (WIFSIGNALED(status))
		fprintf(stderr, "FAILED %s: %s\n", name,
			WTERMSIG(status) == SIGALRM ? "it hangs"
						    : strsignal(WTERMSIG(status)));
	else
		fprintf(stderr, "FAILED %s: exit status %d\n", name, WEXITSTATUS(status));
	return 1;
}

void runner_end(void)
{
	if (umount2(directory, MNT_DETACH) < 0 || rmdir(directory) < 0)
		give_up(directory);
}
