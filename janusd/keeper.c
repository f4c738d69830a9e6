// SPDX-License-Identifier: MIT
#include "keeper.h"

#include <janus/error.h>
#include <janus/keep.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "adopt.h"
#include "cmdline.h"
#include "keeper_internal.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "seccomp_filter.h"
#include "state_load.h"

/* A worker drains for 3 seconds, and flushes records and log for 2 each. */
#define STOP_NS INT64_C(10000000000)

/* How long openers wait on groups that could not be adopted, for the new ones. */
#define FORGET_NS INT64_C(1000000000)

int64_t keeper_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int keeper_fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(error));
	return -1;
}

void keeper_end(struct keeper *keeper, int exit_status)
{
	keeper->ended = true;
	keeper->exit_status = exit_status;
}

/* First of all: what the keep takes must be the lowest numbers that are free. */
static int open_keep(struct keeper *keeper)
{
	int error;

	if (handed_take(&keeper->handed))
		return -1;
	keeper->handovers = keeper->handed.handovers;
	keeper->adopted = keeper->handed.keep_count &&
			  !adopt_keep(&keeper->setup.keep, &keeper->handed);
	if (keeper->adopted)
		return 0;
	error = janus_keep_create(&keeper->setup.keep, NULL);
	if (!error)
		return 0;
	log_error("cannot start guarding: %s%s", janus_strerror(error),
		  error == -EPERM ? "; CAP_SYS_ADMIN is needed" : "");
	return -1;
}

static void log_fault(void *userdata, const char *line)
{
	(void)userdata;
	log_error("state file: %s", line);
}

/* Of a janusd that comes after none: what the state file has. */
static int open_state(struct worker_setup *setup)
{
	const char *path = setup->cmdline->settings.state_file;
	struct faults faults = FAULTS_INIT;
	int error;

	setup->state_fd = memfd_create("janusd-guards", MFD_CLOEXEC);
	if (setup->state_fd < 0)
		return keeper_fail("cannot make room for the guards", errno);
	if (!path)
		return 0;
	error = state_load(path, setup->state_fd, &faults);
	faults_tell(&faults, log_fault, NULL);
	faults_done(&faults);
	return error;
}

static int open_memory(struct keeper *keeper)
{
	struct worker_setup *setup = &keeper->setup;
	void *note;

	setup->state_fd = util_steal_fd(&keeper->handed.state);
	if (setup->state_fd < 0 && open_state(setup))
		return -1;
	note = mmap(NULL, sizeof(*setup->note), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED)
		return keeper_fail("cannot share memory with the worker", errno);
	setup->note = note;
	for (size_t i = 0; i < keeper->handed.port_count; i++)
		setup->note->ports[i] = keeper->handed.ports[i];
	setup->ask_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	setup->tell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (setup->ask_fd < 0 || setup->tell_fd < 0)
		return keeper_fail("cannot hear from the worker", errno);
	return 0;
}

/*
 * What of these the worker waits for itself stays blocked in it from its first moment on. After a
 * handover all of them are blocked already, which is nothing that it should inherit.
 */
static int open_signals(struct keeper *keeper)
{
	static const int numbers[] = {
		SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD
	};
	static const int workers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, &keeper->old_mask);
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		if (keeper->handed.how == HANDED_OVER)
			sigdelset(&keeper->old_mask, numbers[i]);
	keeper->worker_mask = keeper->old_mask;
	for (size_t i = 0; i < ARRAY_COUNT(workers); i++)
		sigaddset(&keeper->worker_mask, workers[i]);
	keeper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signals < 0 ? keeper_fail("cannot wait for signals", errno) : 0;
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
		return keeper_fail("cannot read the name of the host; use --node", errno);
	keeper->setup.node = (struct node_name){ keeper->host, false };
	return 0;
}

/* Nobody else could have had those of a handover. */
static int prepare_listeners(struct keeper *keeper)
{
	struct handed *handed = &keeper->handed;

	for (size_t i = 0; i < handed->lock_count; i++)
		if (!listen_adopt_lock(keeper->setup.listeners, handed->locks[i]))
			close(handed->locks[i]);
	handed->lock_count = 0;
	return listen_prepare(keeper->setup.listeners);
}

static void reap(struct keeper *keeper)
{
	int status;

	if (keeper->worker && waitpid(keeper->worker, &status, WNOHANG) == keeper->worker)
		keeper_lose_worker(keeper, status);
	if (keeper->checker &&
	    waitpid(keeper->checker, &status, WNOHANG) == keeper->checker)
		keeper_take_checker(keeper, status);
}

/* SIGINT is for people, who want files released. */
static void stop(struct keeper *keeper, int number)
{
	keeper_cancel_handover(keeper, "is not executed, for this process ends");
	notify_say("STOPPING=1");
	keeper->leaving = number == SIGTERM && keeper->setup.cmdline->keep_guarding &&
			  notify_is_wanted();
	if (!keeper->stopping)
		keeper->kill_ns = keeper_now_ns() + STOP_NS;
	keeper->stopping = true;
	if (keeper->worker) {
		kill(keeper->worker, keeper->leaving ? SIGUSR2 : number);
		return;
	}
	log_info("%s: ending", number == SIGTERM ? "SIGTERM" : "SIGINT");
	keeper_end(keeper, EXIT_SUCCESS);
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
		case SIGUSR1:
			if (keeper->worker)
				kill(keeper->worker, (int)info.ssi_signo);
			break;
		case SIGUSR2:
			keeper_begin_handover(keeper);
			break;
		default: /* SIGCHLD is looked at in any case */
			break;
		}
	}
}

static void tell_ready(const struct keeper *keeper, const char *status)
{
	notify_say("READY=1\nMAINPID=%d\nSTATUS=%s", (int)keeper->self, status);
}

/* The worker says that there is something new in the note. */
static void take_news(struct keeper *keeper)
{
	const struct worker_note *note = keeper->setup.note;
	uint64_t count;

	if (read(keeper->setup.tell_fd, &count, sizeof(count)) != sizeof(count) ||
	    !keeper->worker)
		return;
	if (atomic_load(&note->is_ready) && !keeper->is_serving) {
		keeper->is_serving = true;
		keeper->was_ready = true;
		tell_ready(keeper, "Guarding and serving");
		keeper_finish_handover(keeper);
	} else if (atomic_load(&note->is_guarding) && !keeper->is_serving) {
		/* Whoever waits for more than that would end the guards for want of it. */
		tell_ready(keeper, "Guarding, but nobody can be served: see the log");
	}
	if (keeper->leaving && atomic_load(&note->is_drained))
		kill(keeper->worker, SIGUSR2);
}

static void take_time(struct keeper *keeper)
{
	int64_t now = keeper_now_ns();

	if (keeper->ended)
		return;
	if (keeper->worker && now >= keeper->kill_ns) {
		log_error("worker %d has not ended in 10 seconds and is killed",
			  (int)keeper->worker);
		keeper_kill_worker(keeper);
		keeper_end(keeper, EXIT_FAILURE);
	} else if (!keeper->worker && now >= keeper->start_ns) {
		keeper_start_worker(keeper);
		if (keeper->is_worker)
			return;
	}
	if (now >= keeper->forget_ns)
		keeper_forget_handed(keeper);
	if (now >= keeper->ping_ns) {
		keeper->ping_ns = now + keeper->watchdog_ns;
		keeper_ask_worker(keeper);
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
	keeper->adopted = false;
	keeper->leaving = false;
	keeper_kill_worker(keeper);
	keeper_end(keeper, EXIT_FAILURE);
}

static int64_t least(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

/* Return: milliseconds, rounded up; -1: nothing is planned. */
static int next_timeout(const struct keeper *keeper)
{
	int64_t when = keeper->worker ? keeper->kill_ns : keeper->start_ns;
	int64_t left;

	when = least(when, least(keeper->step_ns, keeper->forget_ns));
	when = least(when, keeper->ping_ns);
	left = when - keeper_now_ns();
	if (when == KEEPER_NEVER)
		return -1;
	return left > 0 ? (int)((left + 999999) / 1000000) : 0;
}

static void run_loop(struct keeper *keeper)
{
	struct pollfd ready[] = {
		{ .fd = keeper->signals, .events = POLLIN },
		{ .fd = janus_keep_get_fd(keeper->setup.keep), .events = POLLIN },
		{ .fd = keeper->setup.tell_fd, .events = POLLIN },
	};

	while (!keeper->ended) {
		int count = poll(ready, ARRAY_COUNT(ready), next_timeout(keeper));

		if (count > 0 && ready[1].revents)
			look(keeper);
		if (count > 0 && ready[2].revents)
			take_news(keeper);
		if (count > 0 && ready[0].revents)
			take_signals(keeper);
		if (!keeper->ended)
			reap(keeper);
		if (!keeper->ended)
			keeper_go_on_handover(keeper);
		take_time(keeper);
	}
}

/* Before the first worker: nothing is marked that nobody would hold. */
static void meet_manager(struct keeper *keeper)
{
	struct handed own;

	keeper->watchdog_ns = notify_watchdog_ns() / 2;
	if (keeper->watchdog_ns)
		keeper->ping_ns = keeper_now_ns();
	if (keeper->handed.keep_count)
		keeper->forget_ns = keeper_now_ns() + FORGET_NS;
	if (keeper->setup.cmdline->keep_guarding && !notify_is_wanted())
		log_warning("--keep-guarding changes nothing: there is no service manager"
			    " (no NOTIFY_SOCKET) that would hold the guards when this"
			    " process ends");
	if (keeper->adopted || keeper->handed.keep_count)
		return;
	keeper_describe(keeper, &own);
	handed_store(&own);
}

/* What is not to be guarded any more, or never was, must hold nobody up. */
static void release_stored(struct keeper *keeper)
{
	if (keeper->setup.keep && !keeper->leaving &&
	    (keeper->stopping || !keeper->adopted))
		handed_drop_stored();
}

/* The groups go with the keep, which releases everybody. A worker's are the kernel's business. */
static void finish(struct keeper *keeper)
{
	if (keeper->is_worker)
		return;
	keeper_kill_worker(keeper);
	release_stored(keeper);
	janus_keep_destroy(keeper->setup.keep);
	handed_done(&keeper->handed);
	listen_done(keeper->setup.listeners);
	util_close(&keeper->setup.state_fd);
	util_close(&keeper->setup.ask_fd);
	util_close(&keeper->setup.tell_fd);
	util_close(&keeper->signals);
	if (keeper->setup.note)
		munmap(keeper->setup.note, sizeof(*keeper->setup.note));
}

int keeper_run(const struct cmdline *cmdline, struct listeners *listeners, char **argv)
{
	/* Not on the stack: a worker that exits has lost nothing of it. */
	static struct keeper keeper = {
		.setup = { .state_fd = -1, .ask_fd = -1, .tell_fd = -1 },
		.signals = -1,
		.start_ns = KEEPER_NEVER,
		.kill_ns = KEEPER_NEVER,
		.step_ns = KEEPER_NEVER,
		.forget_ns = KEEPER_NEVER,
		.ping_ns = KEEPER_NEVER,
		.exit_status = EXIT_FAILURE,
	};

	keeper.setup.cmdline = cmdline;
	keeper.setup.listeners = listeners;
	keeper.self = getpid();
	program_find(&keeper.program, argv);
	if (privileges_confine())
		log_warning(
			"no capability could be given up: janusd runs with all that it"
			" was started with");
	if (!open_keep(&keeper) && !open_memory(&keeper) && !open_signals(&keeper) &&
	    !find_node(&keeper) && !prepare_listeners(&keeper)) {
		/* Of one that was ready before us, or guards wait for a worker. */
		keeper.was_ready = keeper.handed.how != HANDED_NOTHING;
		keeper_filter(&keeper, seccomp_filter_keeper, "the keeper");
		if (privileges_rest(&keeper.privileges))
			log_warning("the keeper keeps its capabilities");
		meet_manager(&keeper);
		keeper_start_worker(&keeper);
		run_loop(&keeper);
	}
	finish(&keeper);
	return keeper.exit_status;
}
