// SPDX-License-Identifier: MIT
#include "worker.h"

#include <janus/container.h>
#include <janus/context.h>
#include <janus/error.h>
#include <janus/event.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cmdline.h"
#include "fds.h"
#include "grpc_server.h"
#include "guard_state.h"
#include "guards.h"
#include "jobs.h"
#include "listen.h"
#include "log.h"
#include "records.h"
#include "sink.h"
#include "text.h"
#include "util.h"

#define SINK_BYTES ((size_t)1 << 20)
#define SINK_FLUSH_NS INT64_C(2000000000)
/* One that leaves has its successor wait. */
#define LEAVE_TELL_MS 200
#define LEAVE_FLUSH_NS INT64_C(200000000)
#define EVENTS_AT_ONCE 256
#define JOBS_AT_ONCE 16
#define SERVE_AGAIN_MS 5000
#define LISTEN_AGAIN_MS 1000
#define LISTEN_AGAIN_TRIES 60
/* gRPC ends the process if it cannot have what it starts with. */
#define SERVER_FDS 64

struct worker {
	const struct worker_setup *setup;
	struct sink *sink;
	struct janus_context *context;
	struct janus_event_buffer *events;
	struct records *records;
	struct guard_state *state;
	struct guards *guards;
	struct jobs *jobs;
	struct server *server;
	int signals;
	int epoll;
	bool stopping;
	bool leaving; /* stopping, and the guards stay for the next one */
	bool told_to_go;
	bool renewing; /* the server ends, and another one is to come */
	int exit_status;
};

static int fail(const char *what, int error)
{
	log_error("%s: %s", what, strerror(error < 0 ? -error : error));
	return -1;
}

/* Before the first thread: each of them inherits what is blocked here. */
static int start_signals(struct worker *worker)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	worker->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return worker->signals < 0 ? fail("cannot wait for signals", errno) : 0;
}

static int start_context(struct worker *worker)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	int error;

	options.log = log_library_line;
	options.log_level = JANUS_LOG_INFO;
	options.deadline_ns = worker->setup->cmdline->deadline_ms * UINT64_C(1000000);
	options.keep = worker->setup->keep;
	error = janus_context_create(&worker->context, &options);
	if (error) {
		log_error("cannot start guarding: %s%s", janus_strerror(error),
			  error == -EPERM ? "; CAP_SYS_ADMIN is needed" : "");
		return -1;
	}
	error = janus_event_buffer_create(&worker->events, EVENTS_AT_ONCE);
	if (error) {
		log_error("cannot start guarding: %s", janus_strerror(error));
		return -1;
	}
	return 0;
}

static void name_lifelines(struct guards_options *ret, const struct cmdline *cmdline)
{
	for (size_t i = 0; i < cmdline->lifeline_count; i++)
		ret->lifelines[ret->lifeline_count++] = (struct janus_exception){
			.kind = JANUS_EXCEPTION_HOST_EXE,
			.text = cmdline->lifelines[i],
		};
}

static int start_objects(struct worker *worker)
{
	struct guards_options options = {
		.on_failure = worker->setup->cmdline->deny_on_failure
				      ? JANUS_VERDICT_DENY
				      : JANUS_VERDICT_ALLOW,
	};
	int error = guard_state_open(&worker->state, worker->setup->state_fd);

	if (error)
		return fail("cannot read the state of the guards", error);
	options.state = worker->state;
	name_lifelines(&options, worker->setup->cmdline);
	worker->records = records_create(worker->sink);
	worker->guards = guards_create(worker->context, &options);
	if (!worker->records || !worker->guards)
		return fail("cannot start", ENOMEM);
	error = jobs_create(&worker->jobs);
	return error ? fail("cannot start", error) : 0;
}

static int watch_fd(const struct worker *worker, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event))
		return fail("cannot wait for events", errno);
	return 0;
}

static int start_loop(struct worker *worker)
{
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll < 0)
		return fail("cannot wait for events", errno);
	if (watch_fd(worker, janus_get_fd(worker->context)) ||
	    watch_fd(worker, jobs_get_fd(worker->jobs)) ||
	    watch_fd(worker, worker->signals) || watch_fd(worker, worker->setup->ask_fd))
		return -1;
	return 0;
}

/* Whoever has waited since the last worker's end is decided about from here on. */
static int resume(struct worker *worker)
{
	int error;

	guards_restore(worker->guards, &worker->setup->node);
	error = janus_context_resume(worker->context);
	return error ? fail("cannot start guarding", error) : 0;
}

static int start(struct worker *worker)
{
	int error;

	if (start_signals(worker))
		return -1;
	error = sink_text_create(&worker->sink, STDERR_FILENO, SINK_BYTES);
	if (error)
		return fail("cannot start to log", error);
	log_set_sink(worker->sink);
	fds_raise_limit();
	if (start_context(worker) || start_objects(worker) || start_loop(worker))
		return -1;
	return resume(worker);
}

static void stop(struct worker *worker)
{
	if (worker->stopping)
		return;
	worker->stopping = true;
	if (worker->server && !worker->renewing)
		server_stop(worker->server);
}

/* First to serve nobody any more, then to go. */
static void leave(struct worker *worker)
{
	worker->told_to_go = worker->leaving;
	worker->leaving = true;
	if (!worker->stopping)
		log_info("serving nobody any more; guards stay in force for the next"
			 " worker");
	stop(worker);
}

static void take_signal(struct worker *worker)
{
	struct signalfd_siginfo info;

	if (read(worker->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		log_info(
			"reload: TLS files are read again at the next handshake; there is"
			" nothing else to reload");
		break;
	case SIGUSR2:
		leave(worker);
		break;
	default:
		if (!worker->stopping || worker->leaving)
			log_info("%s: ending",
				 info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
		worker->leaving = false;
		stop(worker);
	}
}

/* The keeper asks whether we come round. */
static void take_question(struct worker *worker)
{
	uint64_t count;

	if (read(worker->setup->ask_fd, &count, sizeof(count)) == sizeof(count))
		atomic_fetch_add(&worker->setup->note->beats, 1);
}

static void tell_keeper(const struct worker *worker)
{
	const uint64_t one = 1;

	if (write(worker->setup->tell_fd, &one, sizeof(one)) != sizeof(one))
		log_warning("the keeper cannot be told: %s", strerror(errno));
}

/* Without the thread that answers nothing is decided: better start anew than pretend. */
static void lose_context(struct worker *worker)
{
	log_error("the kernel's events can no longer be read");
	worker->exit_status = EXIT_FAILURE;
	epoll_ctl(worker->epoll, EPOLL_CTL_DEL, janus_get_fd(worker->context), NULL);
	stop(worker);
}

static void take_event(struct worker *worker, const struct janus_event *event)
{
	switch (janus_event_get_kind(event)) {
	case JANUS_EVENT_START: /* no watch of ours waits */
		break;
	case JANUS_EVENT_END:
		guards_end(worker->guards, janus_event_get_cookie(event),
			   janus_event_get_watch_id(event), janus_event_get_error(event));
		break;
	default:
		records_write(worker->records, guards_labels(worker->guards), event);
	}
}

/* Return: how many there were, or a negative errno. */
static int fetch_events(struct worker *worker)
{
	int count = janus_poll(worker->context, worker->events, 0);

	for (int i = 0; i < count; i++)
		take_event(worker, janus_event_buffer_get(worker->events, (size_t)i));
	return count;
}

static void take_events(struct worker *worker)
{
	int count = fetch_events(worker);

	if (count == -EIO)
		lose_context(worker);
	else if (count >= 0 && count < EVENTS_AT_ONCE)
		labels_drained(guards_labels(worker->guards));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void guard_for(struct worker *worker, int64_t time_ms)
{
	int64_t end = now_ms() + time_ms;
	int64_t left = time_ms;

	while (left > 0 && !worker->stopping) {
		struct epoll_event ready;

		if (epoll_wait(worker->epoll, &ready, 1, (int)left) > 0) {
			take_events(worker);
			take_signal(worker);
			take_question(worker);
		}
		left = end - now_ms();
	}
}

/*
 * What the last worker had guarded is guarded whether anybody can be served or not: an address
 * or a certificate that is no good for now must not end it. Return: 0, also when it is to end
 * meanwhile, or -1.
 */
static int serve(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	struct server_options options = {
		.listeners = setup->listeners,
		.ports = setup->note->ports,
		.cmdline = setup->cmdline,
		.node = &setup->node,
		.jobs = worker->jobs,
	};

	while (!worker->stopping && server_create(&worker->server, &options)) {
		if (!guards_count(worker->guards))
			return -1;
		log_error(
			"nobody can be served; %zu guards are in force all the same, and"
			" it is tried again in 5 seconds",
			guards_count(worker->guards));
		atomic_store(&setup->note->is_guarding, true);
		tell_keeper(worker);
		guard_for(worker, SERVE_AGAIN_MS);
	}
	return 0;
}

/* As it goes where there were no fds for a while: gRPC does not listen again by itself. */
static void look_at_server(struct worker *worker)
{
	if (worker->stopping || worker->renewing || !server_is_deaf(worker->server))
		return;
	log_warning(
		"no new connection can be accepted any more; those that there are end,"
		" and all addresses are listened on anew");
	worker->renewing = true;
	server_stop(worker->server);
}

/*
 * Events first: they are fetched before a job replaces the guard they speak of. And they
 * are looked at whichever fd rang, for a job may have waited long.
 */
static void run_loop(struct worker *worker)
{
	while (!jobs_closed(worker->jobs) && !worker->told_to_go) {
		struct epoll_event ready[4];
		int count = epoll_wait(worker->epoll, ready, ARRAY_COUNT(ready), -1);

		if (count < 0)
			continue;
		if (!worker->exit_status)
			take_events(worker);
		jobs_run(worker->jobs, worker->guards, JOBS_AT_ONCE);
		take_signal(worker);
		take_question(worker);
		look_at_server(worker);
	}
}

/* Nobody is served any more. Until the keeper says that it is time to go, files are guarded. */
static void guard_on(struct worker *worker)
{
	epoll_ctl(worker->epoll, EPOLL_CTL_DEL, jobs_get_fd(worker->jobs), NULL);
	atomic_store(&worker->setup->note->is_drained, true);
	tell_keeper(worker);
	while (worker->leaving && !worker->told_to_go && !worker->exit_status) {
		struct epoll_event ready;

		if (epoll_wait(worker->epoll, &ready, 1, -1) < 1)
			continue;
		take_events(worker);
		take_signal(worker);
		take_question(worker);
	}
}

/*
 * A worker that cannot get fds for long had better be another one. Return: whether there is
 * another server to run the loop for.
 */
static bool listen_anew(struct worker *worker)
{
	server_destroy(worker->server);
	worker->server = NULL;
	if (worker->stopping)
		return false;
	worker->renewing = false;
	jobs_open(worker->jobs);
	for (int i = 0; i < LISTEN_AGAIN_TRIES && (!i || !fds_left(SERVER_FDS)); i++)
		guard_for(worker, LISTEN_AGAIN_MS);
	if (serve(worker))
		worker->exit_status = EXIT_FAILURE;
	return worker->server;
}

static void run(struct worker *worker)
{
	do {
		log_notice("ready");
		run_loop(worker);
	} while (listen_anew(worker));
}

/* Everything that was answered until now is told. */
static void take_last_events(struct worker *worker)
{
	while (fetch_events(worker) == EVENTS_AT_ONCE)
		;
}

/* In the reverse order of start(), whatever of it was reached. */
static void finish(struct worker *worker)
{
	server_destroy(worker->server);
	util_close(&worker->epoll);
	jobs_destroy(worker->jobs);
	if (worker->guards && worker->records && worker->events) {
		guards_clear(worker->guards);
		take_last_events(worker);
	}
	guards_destroy(worker->guards);
	guard_state_close(worker->state);
	records_destroy(worker->records);
	janus_event_buffer_destroy(worker->events);
	janus_context_destroy(worker->context);
	util_close(&worker->signals);
}

/*
 * Of a worker that fails, the guards are left to the next one, as if it had been killed: their
 * marks stay, and whoever waits goes on waiting. One that was told to leave answers first what it
 * has read, and tells of it.
 */
static bool leaves_guards(const struct worker *worker)
{
	return worker->leaving ||
	       (worker->exit_status && worker->guards && guards_count(worker->guards));
}

/* They may come faster than they are told; to have answered them is what counts. */
static void leave_context(struct worker *worker)
{
	int64_t end = now_ms() + LEAVE_TELL_MS;

	while (fetch_events(worker) == EVENTS_AT_ONCE && now_ms() < end)
		;
	janus_context_destroy(worker->context);
}

static void go(struct worker *worker)
{
	bool told = worker->leaving && !worker->exit_status;

	if (told)
		leave_context(worker);
	sink_flush(worker->sink, told ? LEAVE_FLUSH_NS : SINK_FLUSH_NS);
	_exit(worker->exit_status);
}

int worker_run(const struct worker_setup *setup)
{
	struct worker worker = { .setup = setup, .signals = -1, .epoll = -1 };

	log_set_last(setup->note->last_line, sizeof(setup->note->last_line));
	if (start(&worker) || serve(&worker)) {
		worker.exit_status = EXIT_FAILURE;
	} else if (worker.server) {
		atomic_store(&setup->note->is_ready, true);
		tell_keeper(&worker);
		run(&worker);
	}
	if (worker.leaving && !worker.exit_status)
		guard_on(&worker);
	if (leaves_guards(&worker))
		go(&worker);
	finish(&worker);
	log_set_sink(NULL);
	sink_destroy(worker.sink, SINK_FLUSH_NS);
	log_set_last(NULL, 0);
	return worker.exit_status;
}
