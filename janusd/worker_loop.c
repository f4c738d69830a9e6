// SPDX-License-Identifier: MIT
#include "worker_internal.h"

#include <janus/context.h>
#include <janus/event.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "grpc_server.h"
#include "guards.h"
#include "history.h"
#include "history_feed.h"
#include "jobs.h"
#include "log.h"
#include "metrics.h"
#include "records.h"

#define JOBS_AT_ONCE 16

int64_t worker_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void stop(struct worker *worker)
{
	if (worker->stopping)
		return;
	worker->stopping = true;
	reload_stop(worker->reload);
	worker_tell_health(worker);
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
	worker_stop_listening(worker);
}

static void take_signal(struct worker *worker)
{
	struct signalfd_siginfo info;

	if (read(worker->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		log_info(
			"reload: SIGHUP; TLS files are read again at the next handshake");
		reload_ask(worker->reload, NULL);
		break;
	case SIGUSR1:
		log_info("SIGUSR1: files of records are opened again");
		records_reopen(worker->records);
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

void worker_tell_keeper(const struct worker *worker)
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
	case JANUS_EVENT_START:
		guards_start(worker->guards, janus_event_get_cookie(event),
			     janus_event_get_watch_id(event),
			     janus_event_get_error(event));
		break;
	case JANUS_EVENT_END:
		guards_end(worker->guards, janus_event_get_cookie(event),
			   janus_event_get_watch_id(event), janus_event_get_error(event));
		break;
	default:
		labels_count(guards_labels(worker->guards), event);
		metrics_count_event(worker->metrics, guards_labels(worker->guards),
				    event);
		records_write(worker->records, guards_labels(worker->guards), event);
		history_feed_put(worker->feed, guards_labels(worker->guards), event);
	}
}

int worker_fetch_events(struct worker *worker)
{
	int count = janus_poll(worker->context, worker->events, 0);

	for (int i = 0; i < count; i++)
		take_event(worker, janus_event_buffer_get(worker->events, (size_t)i));
	history_wake(worker->history);
	return count;
}

static void take_events(struct worker *worker)
{
	int count = worker_fetch_events(worker);

	if (count == -EIO)
		lose_context(worker);
	else if (count >= 0 && count < WORKER_EVENTS_AT_ONCE)
		labels_drained(guards_labels(worker->guards));
	records_tick(worker->records);
}

void worker_look_round(void *userdata)
{
	struct worker *worker = userdata;

	take_events(worker);
	take_question(worker);
}

int worker_load_files(struct worker *worker)
{
	const bool anew = !guards_count(worker->guards);

	reload_ask(worker->reload, NULL);
	while (reload_is_busy(worker->reload) && !worker->stopping) {
		struct epoll_event ready;

		if (epoll_wait(worker->epoll, &ready, 1, -1) < 1)
			continue;
		worker_look_round(worker);
		take_signal(worker);
		reload_run(worker->reload);
	}
	if (!anew || !reload_has_failed(worker->reload))
		return 0;
	log_error("nothing is guarded: files are wrong, and there is no earlier state");
	return -1;
}

void worker_guard_for(struct worker *worker, int64_t time_ms)
{
	int64_t end = worker_now_ms() + time_ms;
	int64_t left = time_ms;

	while (left > 0 && !worker->stopping) {
		struct epoll_event ready;

		if (epoll_wait(worker->epoll, &ready, 1, (int)left) > 0) {
			take_events(worker);
			take_signal(worker);
			take_question(worker);
			reload_run(worker->reload);
			worker_tell(worker);
		}
		left = end - worker_now_ms();
	}
}

/*
 * Events first: they are fetched before a job replaces the guard they speak of. And they
 * are looked at whichever fd rang, for a job may have waited long.
 */
void worker_run_loop(struct worker *worker)
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
		reload_run(worker->reload);
		worker_tell(worker);
		worker_look_at_server(worker);
	}
}

void worker_guard_on(struct worker *worker)
{
	epoll_ctl(worker->epoll, EPOLL_CTL_DEL, jobs_get_fd(worker->jobs), NULL);
	epoll_ctl(worker->epoll, EPOLL_CTL_DEL, reload_get_fd(worker->reload), NULL);
	atomic_store(&worker->setup->note->is_drained, true);
	worker_tell_keeper(worker);
	while (worker->leaving && !worker->told_to_go && !worker->exit_status) {
		struct epoll_event ready;

		if (epoll_wait(worker->epoll, &ready, 1, -1) < 1)
			continue;
		take_events(worker);
		take_signal(worker);
		take_question(worker);
		worker_tell(worker);
	}
}
