// SPDX-License-Identifier: MIT
#include "keeper.h"

#include <janus/error.h>
#include <janus/keep.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmdline.h"
#include "listen.h"
#include "log.h"
#include "privileges.h"
#include "restart.h"
#include "text.h"
#include "worker.h"

/* A worker drains for 3 seconds and flushes its log for 2. */
#define STOP_NS INT64_C(10000000000)
#define NEVER INT64_MAX

struct keeper {
	struct worker_setup setup;
	char host[HOST_NAME_MAX + 1];
	struct privileges privileges;
	struct restart restart;
	sigset_t old_mask;
	int signals;
	pid_t self;
	pid_t worker; /* 0: there is none */
	int64_t started_ns;
	int64_t start_ns; /* when to start the next one */
	int64_t kill_ns;  /* when to kill one that does not stop */
	bool was_ready;   /* any worker so far */
	bool stopping;
	bool ended;
	bool is_worker; /* this process */
	int exit_status;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(error));
	return -1;
}

static void end(struct keeper *keeper, int exit_status)
{
	keeper->ended = true;
	keeper->exit_status = exit_status;
}

/* First of all: what the keep takes must be the lowest numbers that are free. */
static int open_keep(struct keeper *keeper)
{
	int error = janus_keep_create(&keeper->setup.keep, NULL);

	if (!error)
		return 0;
	log_error("cannot start guarding: %s%s", janus_strerror(error),
		  error == -EPERM ? "; CAP_SYS_ADMIN is needed" : "");
	return -1;
}

static int open_memory(struct keeper *keeper)
{
	void *note;

	keeper->setup.state_fd = memfd_create("janusd-guards", MFD_CLOEXEC);
	if (keeper->setup.state_fd < 0)
		return fail("cannot make room for the guards", errno);
	note = mmap(NULL, sizeof(*keeper->setup.note), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED)
		return fail("cannot share memory with the worker", errno);
	keeper->setup.note = note;
	return 0;
}

/* What of these the worker waits for itself stays blocked in it from its first moment on. */
static int open_signals(struct keeper *keeper)
{
	static const int numbers[] = {
		SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD
	};
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, &keeper->old_mask);
	sigaddset(&keeper->old_mask, SIGTERM);
	sigaddset(&keeper->old_mask, SIGINT);
	sigaddset(&keeper->old_mask, SIGHUP);
	keeper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signals < 0 ? fail("cannot wait for signals", errno) : 0;
}

/* Once for all workers: guards that one has named are found by the next one. */
static int find_node(struct keeper *keeper)
{
	const char *node = keeper->setup.cmdline->node;

	if (node) {
		keeper->setup.node = (struct node_name){ node, true };
		return 0;
	}
	if (gethostname(keeper->host, sizeof(keeper->host) - 1))
		return fail("cannot read the name of the host; use --node", errno);
	keeper->setup.node = (struct node_name){ keeper->host, false };
	return 0;
}

/* In the new process. It must not outlive the keeper: nobody would look after it. */
static int become_worker(struct keeper *keeper)
{
	keeper->is_worker = true;
	if (privileges_raise(&keeper->privileges))
		log_warning("the worker cannot have its capabilities back");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper->self)
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, "janusd-worker");
	close(keeper->signals);
	sigprocmask(SIG_SETMASK, &keeper->old_mask, NULL);
	return worker_run(&keeper->setup);
}

static void start_worker(struct keeper *keeper)
{
	pid_t pid;

	keeper->start_ns = NEVER;
	keeper->started_ns = now_ns();
	atomic_store(&keeper->setup.note->is_ready, false);
	memset(keeper->setup.note->last_line, 0, sizeof(keeper->setup.note->last_line));
	pid = fork();
	if (!pid) {
		end(keeper, become_worker(keeper));
		return;
	}
	if (pid > 0) {
		keeper->worker = pid;
		return;
	}
	fail("cannot start the worker", errno);
	if (!keeper->was_ready)
		end(keeper, EXIT_FAILURE);
	else
		keeper->start_ns = now_ns() + restart_delay(&keeper->restart, 0, false);
}

/* The worker may have been killed while it wrote, or have gone mad before. */
static const char *last_line(const struct keeper *keeper, struct text_quote *quote)
{
	char line[sizeof(keeper->setup.note->last_line)];

	memcpy(line, keeper->setup.note->last_line, sizeof(line));
	line[sizeof(line) - 1] = '\0';
	return text_quote(quote, line);
}

static const char *how_it_ended(int status, char buf[64])
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
	int64_t now = now_ns();
	int64_t delay = restart_delay(&keeper->restart, now - keeper->started_ns,
				      was_ready);
	struct text_quote said;
	char how[64], when[48] = "";

	keeper->start_ns = now + delay;
	if (delay)
		snprintf(when, sizeof(when), " in %" PRId64 " ms", delay / 1000000);
	log_warning("worker %d %s; it last said: \"%s\"; restarting%s (restart number"
		    " %" PRIu64 ")",
		    (int)keeper->worker, how_it_ended(status, how),
		    last_line(keeper, &said), when, keeper->restart.count);
}

/*
 * A worker that has never been ready cannot be: it has said why. After that there are guards,
 * and the next one is started however the last one ended.
 */
static void lose_worker(struct keeper *keeper, int status)
{
	bool was_ready = atomic_load(&keeper->setup.note->is_ready);
	char how[64];

	keeper->was_ready |= was_ready;
	janus_keep_abandon(keeper->setup.keep);
	if (WIFEXITED(status) && (!WEXITSTATUS(status) || !keeper->was_ready)) {
		end(keeper, WEXITSTATUS(status));
	} else if (keeper->stopping) {
		log_error("worker %d %s while it was ending", (int)keeper->worker,
			  how_it_ended(status, how));
		end(keeper, EXIT_FAILURE);
	} else {
		plan_restart(keeper, status, was_ready);
	}
	keeper->worker = 0;
}

static void reap(struct keeper *keeper)
{
	int status;

	if (keeper->worker && waitpid(keeper->worker, &status, WNOHANG) == keeper->worker)
		lose_worker(keeper, status);
}

static void stop(struct keeper *keeper, int number)
{
	if (!keeper->worker) {
		log_info("%s: ending", number == SIGTERM ? "SIGTERM" : "SIGINT");
		end(keeper, EXIT_SUCCESS);
		return;
	}
	kill(keeper->worker, number);
	if (!keeper->stopping)
		keeper->kill_ns = now_ns() + STOP_NS;
	keeper->stopping = true;
}

static void take_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (!keeper->ended &&
	       read(keeper->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			stop(keeper, (int)info.ssi_signo);
			break;
		case SIGHUP:
			if (keeper->worker)
				kill(keeper->worker, SIGHUP);
			break;
		default: /* SIGCHLD is looked at in any case, the others mean nothing */
			break;
		}
	}
}

static void kill_worker(struct keeper *keeper)
{
	if (!keeper->worker)
		return;
	kill(keeper->worker, SIGKILL);
	waitpid(keeper->worker, NULL, 0);
	keeper->worker = 0;
}

static void take_time(struct keeper *keeper)
{
	int64_t now = now_ns();

	if (keeper->ended)
		return;
	if (keeper->worker && now >= keeper->kill_ns) {
		log_error("worker %d has not ended in 10 seconds and is killed",
			  (int)keeper->worker);
		kill_worker(keeper);
		end(keeper, EXIT_FAILURE);
	} else if (!keeper->worker && now >= keeper->start_ns) {
		start_worker(keeper);
	}
}

/* A new worker could read no more than the old one: whoever started the keeper has to help. */
static void look(struct keeper *keeper)
{
	int result = janus_keep_look(keeper->setup.keep);

	if (result >= 0)
		return;
	log_error("guarding has ended, openers are let through: %s",
		  janus_strerror(result));
	kill_worker(keeper);
	end(keeper, EXIT_FAILURE);
}

/* Return: milliseconds, rounded up; -1: nothing is planned. */
static int next_timeout(const struct keeper *keeper)
{
	int64_t when = keeper->worker ? keeper->kill_ns : keeper->start_ns;
	int64_t left = when - now_ns();

	if (when == NEVER)
		return -1;
	return left > 0 ? (int)((left + 999999) / 1000000) : 0;
}

static void run_loop(struct keeper *keeper)
{
	struct pollfd ready[] = {
		{ .fd = keeper->signals, .events = POLLIN },
		{ .fd = janus_keep_get_fd(keeper->setup.keep), .events = POLLIN },
	};

	while (!keeper->ended) {
		int count = poll(ready, ARRAY_COUNT(ready), next_timeout(keeper));

		if (count > 0 && ready[1].revents)
			look(keeper);
		if (count > 0 && ready[0].revents)
			take_signals(keeper);
		if (!keeper->ended)
			reap(keeper);
		take_time(keeper);
	}
}

/* The groups go with the keep, which releases everybody. A worker's are the kernel's business. */
static void finish(struct keeper *keeper)
{
	if (keeper->is_worker)
		return;
	kill_worker(keeper);
	janus_keep_destroy(keeper->setup.keep);
	listen_done(keeper->setup.listeners);
	util_close(&keeper->setup.state_fd);
	util_close(&keeper->signals);
	if (keeper->setup.note)
		munmap(keeper->setup.note, sizeof(*keeper->setup.note));
}

int keeper_run(const struct cmdline *cmdline, struct listeners *listeners)
{
	/* Not on the stack: a worker that exits has lost nothing of it. */
	static struct keeper keeper = {
		.setup.state_fd = -1,
		.signals = -1,
		.start_ns = NEVER,
		.kill_ns = NEVER,
		.exit_status = EXIT_FAILURE,
	};

	keeper.setup.cmdline = cmdline;
	keeper.setup.listeners = listeners;
	keeper.self = getpid();
	if (!open_keep(&keeper) && !open_memory(&keeper) && !open_signals(&keeper) &&
	    !find_node(&keeper) && !listen_prepare(listeners)) {
		if (privileges_rest(&keeper.privileges))
			log_warning("the keeper keeps its capabilities");
		start_worker(&keeper);
		run_loop(&keeper);
	}
	finish(&keeper);
	return keeper.exit_status;
}
