// SPDX-License-Identifier: MIT
/*
 * Denies opening a file, by a worker that may be killed: the keeper, which owns the keep,
 * starts the next one, and openers wait meanwhile. It writes nothing, since that could block.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "show.h"
#include "stop.h"

static int work(struct janus_keep *keep, const char *path)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_watch_options watch = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_event_buffer *buffer = NULL;
	struct janus_context *context = NULL;
	int r;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	watch.on_failure = JANUS_VERDICT_DENY;
	options.deadline_ns = UINT64_C(5000000000); /* time enough to be started again */
	options.keep = keep;
	r = janus_event_buffer_create(&buffer, 0);
	if (r == 0)
		r = janus_context_create(&context, &options);
	if (r == 0) {
		stop_on_signals(context);
		printf("worker %d\n", (int)getpid());
		r = guard(context, &watch, &subject);
	}
	if (r == 0)
		r = janus_context_resume(context);
	while (r >= 0 && !stopped) {
		r = janus_poll(context, buffer, -1);
		if (r == -EINTR)
			r = 0;
		show_events(buffer);
	}
	if (r < 0)
		fprintf(stderr, "kept_guard: stopped: %s\n", janus_strerror(r));
	stop_release();
	janus_context_destroy(context);
	janus_event_buffer_destroy(buffer);
	return r < 0;
}

/* It must not outlive the keeper: nobody would look after it. */
static pid_t start(struct janus_keep *keep, const sigset_t *signals, const char *path)
{
	pid_t keeper = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	exit(getppid() == keeper ? work(keep, path) : 1);
}

/* A worker that was killed has a successor; what ends by itself is the end. */
static int look_after(struct janus_keep *keep, const char *path)
{
	struct pollfd fds[2] = { { janus_keep_get_fd(keep), POLLIN, 0 } };
	struct signalfd_siginfo info;
	sigset_t signals;
	pid_t worker;
	int status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[1] = (struct pollfd){ signalfd(-1, &signals, SFD_CLOEXEC), POLLIN, 0 };
	worker = fds[1].fd < 0 ? -1 : start(keep, &signals, path);
	while (worker > 0 && poll(fds, 2, -1) >= 0 && janus_keep_look(keep) >= 0) {
		if (!fds[1].revents || read(fds[1].fd, &info, sizeof(info)) < 0)
			continue;
		if (info.ssi_signo != SIGCHLD) {
			stopped = 1;
			kill(worker, SIGTERM);
		} else if (waitpid(worker, &status, WNOHANG) == worker) {
			janus_keep_abandon(keep);
			if (stopped || WIFEXITED(status))
				return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
			worker = start(keep, &signals, path);
		}
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct janus_keep *keep = NULL;
	int r;

	if (argc != 2 || strcmp(argv[1], "--help") == 0) {
		fputs("Usage: kept_guard FILE (denies opening it until SIGTERM)\n",
		      argc == 2 ? stdout : stderr);
		return argc == 2 ? 0 : 2;
	}
	r = janus_keep_create(&keep, NULL);
	if (r < 0)
		fprintf(stderr, "kept_guard: no keep: %s\n", janus_strerror(r));
	else
		r = look_after(keep, argv[1]);
	janus_keep_destroy(keep);
	return r != 0;
}
