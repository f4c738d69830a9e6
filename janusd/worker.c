// SPDX-License-Identifier: MIT
#include "worker_internal.h"

#include <janus/container.h>
#include <janus/context.h>
#include <janus/error.h>
#include <janus/event.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
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
#include "history.h"
#include "history_feed.h"
#include "jobs.h"
#include "listen.h"
#include "log.h"
#include "metrics_board.h"
#include "records.h"
#include "sink.h"
#include "state_writer.h"
#include "text.h"
#include "util.h"

#define SINK_BYTES ((size_t)1 << 20)
#define SINK_FLUSH_NS INT64_C(2000000000)
/* One that leaves has its successor wait. */
#define LEAVE_TELL_MS 200
#define LEAVE_FLUSH_NS INT64_C(200000000)

int worker_fail(const char *what, int error)
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
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	worker->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return worker->signals < 0 ? worker_fail("cannot wait for signals", errno) : 0;
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
	error = janus_event_buffer_create(&worker->events, WORKER_EVENTS_AT_ONCE);
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

static void state_facts(struct worker *worker)
{
	const struct cmdline *cmdline = worker->setup->cmdline;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	worker->facts = (struct rpc_facts){
		.instance = history_instance(worker->history),
		.start_time_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec,
		.deadline_ms = cmdline->deadline_ms,
		.deny_on_failure = cmdline->deny_on_failure,
		.note = worker->setup->note,
	};
}

static int start_reload(struct worker *worker)
{
	const struct reload_apply apply = { worker->guards, &worker->files,
					    worker_look_round, worker };
	int error;

	worker->files = (struct reload_source){ worker->setup->cmdline,
						&worker->setup->node };
	error = reload_create(&worker->reload, &apply);
	return error ? worker_fail("cannot start", error) : 0;
}

static int start_records(struct worker *worker)
{
	const struct records_options options = {
		.settings = &worker->setup->cmdline->settings,
		.log = worker->sink,
		.node = worker->setup->node.name,
	};
	int error = records_create(&worker->records, &options);

	return error ? worker_fail("cannot start to record", error) : 0;
}

static int start_history(struct worker *worker)
{
	int error = history_create(&worker->history,
				   worker->setup->cmdline->settings.history_bytes);

	if (error)
		return worker_fail("cannot start the history of events", error);
	worker->feed = history_feed_create(worker->history);
	return worker->feed ? 0 : worker_fail("cannot start", ENOMEM);
}

static int start_objects(struct worker *worker)
{
	struct guards_options options = {
		.on_failure = worker->setup->cmdline->deny_on_failure
				      ? JANUS_VERDICT_DENY
				      : JANUS_VERDICT_ALLOW,
		.guards_max = worker->setup->cmdline->settings.limits.guards,
	};
	int error = guard_state_open(&worker->state, worker->setup->state_fd);

	if (error)
		return worker_fail("cannot read the state of the guards", error);
	options.state = worker->state;
	name_lifelines(&options, worker->setup->cmdline);
	if (start_records(worker))
		return -1;
	worker->guards = guards_create(worker->context, &options);
	if (!worker->guards)
		return worker_fail("cannot start", ENOMEM);
	if (start_history(worker))
		return -1;
	state_facts(worker);
	error = jobs_create(&worker->jobs);
	return error ? worker_fail("cannot start", error) : start_reload(worker);
}

static int watch_fd(const struct worker *worker, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event))
		return worker_fail("cannot wait for events", errno);
	return 0;
}

static int start_loop(struct worker *worker)
{
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll < 0)
		return worker_fail("cannot wait for events", errno);
	if (watch_fd(worker, janus_get_fd(worker->context)) ||
	    watch_fd(worker, jobs_get_fd(worker->jobs)) ||
	    watch_fd(worker, reload_get_fd(worker->reload)) ||
	    watch_fd(worker, worker->signals) ||
	    watch_fd(worker, worker->setup->ask_fd) || watch_fd(worker, worker->ticks) ||
	    watch_fd(worker, metrics_board_get_fd(worker->board)))
		return -1;
	if (records_get_fd(worker->records) >= 0 &&
	    watch_fd(worker, records_get_fd(worker->records)))
		return -1;
	return 0;
}

/* Whoever has waited since the last worker's end is decided about from here on. */
static int resume(struct worker *worker)
{
	int error;

	guards_restore(worker->guards, &worker->setup->node);
	error = janus_context_resume(worker->context);
	return error ? worker_fail("cannot start guarding", error) : 0;
}

/* Only now, with all guards back: what the file has is good until then. */
static int start_writing(struct worker *worker)
{
	const char *path = worker->setup->cmdline->settings.state_file;
	int error;

	if (!path)
		return 0;
	error = state_writer_create(&worker->writer, path, worker->setup->state_fd);
	if (error)
		return worker_fail("cannot write the state file", error);
	state_writer_note(worker->writer, guard_state_version(worker->state));
	return 0;
}

/* What has changed until now is written. */
static void stop_writing(struct worker *worker, int64_t wait_ns)
{
	if (!worker->writer)
		return;
	state_writer_note(worker->writer, guard_state_version(worker->state));
	state_writer_destroy(worker->writer, wait_ns);
	worker->writer = NULL;
}

static int start(struct worker *worker)
{
	int error;

	if (start_signals(worker))
		return -1;
	error = sink_text_create(&worker->sink, STDERR_FILENO, SINK_BYTES);
	if (error)
		return worker_fail("cannot start to log", error);
	log_set_sink(worker->sink);
	fds_raise_limit();
	if (worker_start_telling(worker) || start_context(worker) ||
	    start_objects(worker) || start_loop(worker))
		return -1;
	return resume(worker) || start_writing(worker) ? -1 : 0;
}

static int load_files(struct worker *worker)
{
	return worker->files.running->settings.guards_folder ? worker_load_files(worker)
							     : 0;
}

static void run(struct worker *worker)
{
	do {
		worker_tell_health(worker);
		log_notice("ready");
		worker_run_loop(worker);
	} while (worker_listen_anew(worker));
}

/* Everything that was answered until now is told. */
static void take_last_events(struct worker *worker)
{
	while (worker_fetch_events(worker) == WORKER_EVENTS_AT_ONCE)
		;
}

/* In the reverse order of start(), whatever of it was reached. */
static void finish(struct worker *worker)
{
	server_destroy(worker->server);
	worker_stop_listening(worker);
	stop_writing(worker, SINK_FLUSH_NS);
	util_close(&worker->epoll);
	reload_destroy(worker->reload);
	jobs_destroy(worker->jobs);
	if (worker->guards && worker->records && worker->feed && worker->events) {
		guards_clear(worker->guards);
		take_last_events(worker);
	}
	guards_destroy(worker->guards);
	guard_state_close(worker->state);
	records_destroy(worker->records, SINK_FLUSH_NS);
	history_feed_destroy(worker->feed);
	history_destroy(worker->history);
	janus_event_buffer_destroy(worker->events);
	janus_context_destroy(worker->context);
	worker_stop_telling(worker);
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
	int64_t end = worker_now_ms() + LEAVE_TELL_MS;

	while (worker_fetch_events(worker) == WORKER_EVENTS_AT_ONCE &&
	       worker_now_ms() < end)
		;
	janus_context_destroy(worker->context);
}

static void go(struct worker *worker)
{
	bool told = worker->leaving && !worker->exit_status;

	stop_writing(worker, SINK_FLUSH_NS);
	if (told)
		leave_context(worker);
	records_flush(worker->records, told ? LEAVE_FLUSH_NS : SINK_FLUSH_NS);
	sink_flush(worker->sink, told ? LEAVE_FLUSH_NS : SINK_FLUSH_NS);
	_exit(worker->exit_status);
}

int worker_run(const struct worker_setup *setup)
{
	struct worker worker = {
		.setup = setup, .signals = -1, .epoll = -1, .ticks = -1
	};

	log_set_last(setup->note->last_line, sizeof(setup->note->last_line));
	if (start(&worker) || load_files(&worker) || worker_serve(&worker)) {
		worker.exit_status = EXIT_FAILURE;
	} else if (worker.server) {
		atomic_store(&setup->note->is_ready, true);
		worker_tell_keeper(&worker);
		run(&worker);
	}
	if (worker.leaving && !worker.exit_status) {
		stop_writing(&worker, LEAVE_FLUSH_NS);
		worker_guard_on(&worker);
	}
	if (leaves_guards(&worker))
		go(&worker);
	finish(&worker);
	log_set_sink(NULL);
	sink_destroy(worker.sink, SINK_FLUSH_NS);
	log_set_last(NULL, 0);
	return worker.exit_status;
}
