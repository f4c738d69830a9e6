// SPDX-License-Identifier: MIT
/*
 * What the worker tells of itself: its health once a second, and metrics when somebody asks.
 * Trouble with telling never ends the worker.
 */
#include "worker_internal.h"

#include <janus/context.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cmdline.h"
#include "guard_state.h"
#include "guards_tally.h"
#include "health.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "metrics_board.h"
#include "state_writer.h"
#include "text.h"
#include "util.h"

#define LISTEN_AGAIN_MS 5000

static int start_ticks(struct worker *worker)
{
	const struct itimerspec second = { { 1, 0 }, { 1, 0 } };

	worker->ticks = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (worker->ticks < 0 || timerfd_settime(worker->ticks, 0, &second, NULL))
		return worker_fail("cannot have a clock", errno);
	return 0;
}

static void listen_for_scrapes(struct worker *worker)
{
	const char *address = worker->setup->cmdline->settings.metrics_address;
	const struct http_options options = {
		.address = address,
		.board = worker->board,
		.health = worker->health,
		.calls = &worker->calls,
	};
	struct text_quote quote;
	int error;

	if (!address || worker->http || worker->stopping ||
	    worker_now_ms() < worker->http_again_ms)
		return;
	error = http_create(&worker->http, &options);
	if (!error) {
		log_notice("metrics on %s (port %d)", text_quote(&quote, address),
			   http_get_port(worker->http));
		return;
	}
	log_error(
		"cannot listen on %s for metrics and probes: %s; it is tried again in %d"
		" seconds",
		text_quote(&quote, address), strerror(-error), LISTEN_AGAIN_MS / 1000);
	worker->http_again_ms = worker_now_ms() + LISTEN_AGAIN_MS;
}

int worker_start_telling(struct worker *worker)
{
	int error;

	worker->health = health_create(worker->setup->cmdline->settings.strict);
	worker->metrics = metrics_create();
	if (!worker->health || !worker->metrics)
		return worker_fail("cannot start", ENOMEM);
	error = metrics_board_create(&worker->board);
	if (error)
		return worker_fail("cannot start", error);
	if (start_ticks(worker))
		return -1;
	listen_for_scrapes(worker);
	return 0;
}

void worker_tell_health(struct worker *worker)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	struct guards_tally tally;
	struct health_facts facts = {
		.unreadable = worker->exit_status != 0,
		.starting = !worker->server,
		.ending = worker->stopping,
	};

	janus_get_stats(worker->context, &stats);
	guards_tally(worker->guards, &tally);
	facts.read_errors = stats.read_errors;
	facts.reply_errors = stats.reply_errors;
	facts.overdue = stats.overdue;
	facts.records_lost = stats.records_dropped;
	facts.partial = tally.first;
	facts.partial_count = tally.partial + tally.failed;
	health_say(worker->health, &facts, health_now_ms());
}

static void show_metrics(struct worker *worker)
{
	const struct metrics_source source = {
		.context = worker->context,
		.guards = worker->guards,
		.note = worker->setup->note,
		.records = worker->records,
	};
	struct metrics_snapshot *snapshot = metrics_take(worker->metrics, &source);

	if (snapshot)
		metrics_board_put(worker->board, snapshot);
}

void worker_tell(struct worker *worker)
{
	bool asked = metrics_board_was_asked(worker->board);
	uint64_t count;

	state_writer_note(worker->writer, guard_state_version(worker->state));
	if (read(worker->ticks, &count, sizeof(count)) == sizeof(count)) {
		listen_for_scrapes(worker);
		worker_tell_health(worker);
	} else if (asked) {
		worker_tell_health(worker);
	}
	if (asked)
		show_metrics(worker);
}

/* Whoever comes next may want the address. */
void worker_stop_listening(struct worker *worker)
{
	if (worker->board)
		metrics_board_close(worker->board);
	http_destroy(worker->http);
	worker->http = NULL;
}

void worker_stop_telling(struct worker *worker)
{
	worker_stop_listening(worker);
	metrics_board_destroy(worker->board);
	metrics_destroy(worker->metrics);
	health_destroy(worker->health);
	util_close(&worker->ticks);
}
