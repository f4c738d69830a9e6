// SPDX-License-Identifier: MIT
/*
 * The life of the worker: how it is started, watched, and lost.
 */
#include <janus/keep.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper_internal.h"
#include "log.h"
#include "notify.h"
#include "seccomp_filter.h"
#include "text.h"

/* One that is killed has ended long before, unless whoever traces it keeps its end. */
#define KILLED_NS INT64_C(1000000000)
#define KILLED_TICK_MS 1

/* Where the kernel does not have it that is said, and all goes on. */
void keeper_filter(const struct keeper *keeper, int (*filter)(void), const char *whose)
{
	int error = keeper->setup.cmdline->no_seccomp ? 0 : filter();

	if (error)
		log_warning("%s may use all system calls: the seccomp filter cannot be"
			    " installed: %s",
			    whose, strerror(-error));
}

/* In the new process. It must not outlive the keeper: nobody would look after it. */
static int become_worker(struct keeper *keeper)
{
	keeper->is_worker = true;
	if (privileges_raise(&keeper->privileges) || privileges_confine_worker())
		log_warning("the worker has other capabilities than it should");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper->self)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, "janusd-worker");
	close(keeper->signals);
	/* Who waits there is released when the keeper closes it, not when we end. */
	handed_done(&keeper->handed);
	sigprocmask(SIG_SETMASK, &keeper->worker_mask, NULL);
	keeper_filter(keeper, seccomp_filter_worker, "the worker");
	return worker_run(&keeper->setup);
}

static void clear_note(struct worker_note *note)
{
	atomic_store(&note->is_ready, false);
	atomic_store(&note->is_guarding, false);
	atomic_store(&note->is_drained, false);
	memset(note->last_line, 0, sizeof(note->last_line));
}

static void note_counts(struct keeper *keeper)
{
	struct worker_note *note = keeper->setup.note;

	atomic_store(&note->restarts, keeper->restart.count);
	atomic_store(&note->handovers, keeper->handovers);
}

void keeper_start_worker(struct keeper *keeper)
{
	pid_t pid;

	keeper->start_ns = KEEPER_NEVER;
	keeper->started_ns = keeper_now_ns();
	keeper->is_serving = false;
	clear_note(keeper->setup.note);
	note_counts(keeper);
	pid = fork();
	if (!pid) {
		keeper_end(keeper, become_worker(keeper));
		return;
	}
	if (pid > 0) {
		keeper->worker = pid;
		return;
	}
	keeper_fail("cannot start the worker", errno);
	if (!keeper->was_ready)
		keeper_end(keeper, EXIT_FAILURE);
	else
		keeper->start_ns = keeper_now_ns() +
				   restart_delay(&keeper->restart, 0, false);
}

/* The worker may have been killed while it wrote, or have gone mad before. */
static const char *last_line(const struct keeper *keeper, struct text_quote *quote)
{
	char line[sizeof(keeper->setup.note->last_line)];

	memcpy(line, keeper->setup.note->last_line, sizeof(line));
	line[sizeof(line) - 1] = '\0';
	return text_quote(quote, line);
}

const char *keeper_how_it_ended(int status, char buf[64])
{
	const char *name;

	if (WIFEXITED(status)) {
		snprintf(buf, 64, "ended with status %d", WEXITSTATUS(status));
		return buf;
	}
	name = sigabbrev_np(WTERMSIG(status));
	if (name)
		snprintf(buf, 64, "was killed by SIG%s", name);
	else
		snprintf(buf, 64, "was killed by signal %d", WTERMSIG(status));
	return buf;
}

static void plan_restart(struct keeper *keeper, int status, bool was_ready)
{
	int64_t now = keeper_now_ns();
	int64_t delay = restart_delay(&keeper->restart, now - keeper->started_ns,
				      was_ready);
	struct text_quote said;
	char how[64], when[48] = "";

	keeper->start_ns = now + delay;
	if (delay)
		snprintf(when, sizeof(when), " in %" PRId64 " ms", delay / 1000000);
	log_warning("worker %d %s; it last said: \"%s\"; restarting%s (restart number"
		    " %" PRIu64 ")",
		    (int)keeper->worker, keeper_how_it_ended(status, how),
		    last_line(keeper, &said), when, keeper->restart.count);
	notify_say("STATUS=The worker %s; restart number %" PRIu64, how,
		   keeper->restart.count);
}

/*
 * A worker that has never been ready cannot be: it has said why. After that there are guards,
 * and the next one is started however the last one ended.
 */
void keeper_lose_worker(struct keeper *keeper, int status)
{
	bool was_ready = atomic_load(&keeper->setup.note->is_ready);
	char how[64];

	keeper->was_ready |= was_ready;
	janus_keep_abandon(keeper->setup.keep);
	if (WIFEXITED(status) && (!WEXITSTATUS(status) || !keeper->was_ready)) {
		keeper_end(keeper, WEXITSTATUS(status));
	} else if (keeper->stopping) {
		log_error("worker %d %s while it was ending", (int)keeper->worker,
			  keeper_how_it_ended(status, how));
		keeper_end(keeper, EXIT_FAILURE);
	} else {
		plan_restart(keeper, status, was_ready);
	}
	keeper->worker = 0;
}

/* Its end is not waited for without end: a debugger would hold the keeper, and all openers. */
void keeper_kill_worker(struct keeper *keeper)
{
	int64_t end_ns = keeper_now_ns() + KILLED_NS;

	if (!keeper->worker)
		return;
	kill(keeper->worker, SIGKILL);
	while (!waitpid(keeper->worker, NULL, WNOHANG) && keeper_now_ns() < end_ns)
		poll(NULL, 0, KILLED_TICK_MS);
	keeper->worker = 0;
}

/*
 * Time to be heard of. A worker that was asked the last time and has not come round since is
 * stuck: then nothing is said, and whoever waits for us will do something about it. One that is
 * starting has guards to bring back first.
 */
void keeper_ask_worker(struct keeper *keeper)
{
	const uint64_t one = 1;
	unsigned int beats = atomic_load(&keeper->setup.note->beats);
	bool is_ready = atomic_load(&keeper->setup.note->is_ready);

	if (keeper->worker && is_ready && keeper->asked == keeper->worker &&
	    keeper->beats == beats) {
		log_error("worker %d makes no progress; the watchdog is not told that all"
			  " is well, and will end this process",
			  (int)keeper->worker);
		return;
	}
	notify_say("WATCHDOG=1");
	keeper->beats = beats;
	keeper->asked = 0;
	if (!keeper->worker || !is_ready)
		return;
	if (write(keeper->setup.ask_fd, &one, sizeof(one)) == sizeof(one))
		keeper->asked = keeper->worker;
}
