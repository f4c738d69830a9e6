/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the worker share: its objects (worker.c), the loop over what happens
 * (worker_loop.c), the server that comes and goes meanwhile (worker_serve.c), and what is told of
 * all that (worker_tell.c).
 */
#ifndef JANUSD_WORKER_INTERNAL_H
#define JANUSD_WORKER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "reload.h"
#include "rpc.h"
#include "rpc_counts.h"
#include "worker.h"

#define WORKER_EVENTS_AT_ONCE 256

struct worker {
	const struct worker_setup *setup;
	struct sink *sink;
	struct janus_context *context;
	struct janus_event_buffer *events;
	struct records *records;
	struct history *history;
	struct history_feed *feed;
	struct guard_state *state;
	struct state_writer *writer; /* NULL: there is no state file */
	struct guards *guards;
	struct jobs *jobs;
	struct reload_source files;
	struct reload *reload;
	struct server *server;
	struct health *health;
	struct metrics *metrics;
	struct metrics_board *board;
	struct http *http; /* NULL: there is none, or not yet */
	int64_t http_again_ms;
	struct rpc_counts calls;
	int ticks; /* a timerfd */
	int signals;
	int epoll;
	struct rpc_facts facts;
	bool stopping;
	bool leaving; /* stopping, and the guards stay for the next one */
	bool told_to_go;
	bool renewing; /* the server ends, and another one is to come */
	int exit_status;
};

/* Say what failed. Return: -1. */
int worker_fail(const char *what, int error);

int64_t worker_now_ms(void);

/* The loop, worker_loop.c. */

/* Have the keeper look at the note. */
void worker_tell_keeper(const struct worker *worker);

/* Return: how many there were, or a negative errno. */
int worker_fetch_events(struct worker *worker);

/* What is to be done between two guards of a reload. */
void worker_look_round(void *worker);

/*
 * Before anybody is served: guards of files into force. Return: 0, or -1 if they are no good and
 * nothing is guarded yet.
 */
int worker_load_files(struct worker *worker);

/* Guard, and serve nobody, for so long or until it is to end. */
void worker_guard_for(struct worker *worker, int64_t time_ms);

/* Until the server has ended, or it is time to go. */
void worker_run_loop(struct worker *worker);

/* Nobody is served any more. Until the keeper says that it is time to go, files are guarded. */
void worker_guard_on(struct worker *worker);

/* The server, worker_serve.c. */

/*
 * What the last worker had guarded is guarded whether anybody can be served or not: an address
 * or a certificate that is no good for now must not end it. Return: 0, also when it is to end
 * meanwhile, or -1.
 */
int worker_serve(struct worker *worker);

/* Whether it still takes connections; if not, it ends, for another one to come. */
void worker_look_at_server(struct worker *worker);

/*
 * After the loop. A worker that cannot get fds for long had better be another one. Return:
 * whether there is another server to run the loop for.
 */
bool worker_listen_anew(struct worker *worker);

/* What is told of it, worker_tell.c. */

/* Return: 0, or -1: logged. */
int worker_start_telling(struct worker *worker);

/* In each round of a loop. */
void worker_tell(struct worker *worker);

/* Now, since something has changed. */
void worker_tell_health(struct worker *worker);

void worker_stop_listening(struct worker *worker);
void worker_stop_telling(struct worker *worker);

#endif
