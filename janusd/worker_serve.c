// SPDX-License-Identifier: MIT
#include "worker_internal.h"

#include <stdlib.h>

#include "fds.h"
#include "grpc_server.h"
#include "guards.h"
#include "jobs.h"
#include "log.h"

#define SERVE_AGAIN_MS 5000
#define LISTEN_AGAIN_MS 1000
#define LISTEN_AGAIN_TRIES 60
/* gRPC ends the process if it cannot have what it starts with. */
#define SERVER_FDS 64

int worker_serve(struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	struct server_options options = {
		.listeners = setup->listeners,
		.ports = setup->note->ports,
		.cmdline = setup->cmdline,
		.node = &setup->node,
		.facts = &worker->facts,
		.jobs = worker->jobs,
		.reload = worker->reload,
		.health = worker->health,
		.calls = &worker->calls,
		.history = worker->history,
	};

	while (!worker->stopping && server_create(&worker->server, &options)) {
		if (!guards_count(worker->guards))
			return -1;
		log_error(
			"nobody can be served; %zu guards are in force all the same, and"
			" it is tried again in 5 seconds",
			guards_count(worker->guards));
		atomic_store(&setup->note->is_guarding, true);
		worker_tell_keeper(worker);
		worker_guard_for(worker, SERVE_AGAIN_MS);
	}
	return 0;
}

/* As it goes where there were no fds for a while: gRPC does not listen again by itself. */
void worker_look_at_server(struct worker *worker)
{
	if (worker->stopping || worker->renewing || !server_is_deaf(worker->server))
		return;
	log_warning(
		"no new connection can be accepted any more; those that there are end,"
		" and all addresses are listened on anew");
	worker->renewing = true;
	server_stop(worker->server);
}

bool worker_listen_anew(struct worker *worker)
{
	server_destroy(worker->server);
	worker->server = NULL;
	if (worker->stopping)
		return false;
	worker->renewing = false;
	jobs_open(worker->jobs);
	for (int i = 0; i < LISTEN_AGAIN_TRIES && (!i || !fds_left(SERVER_FDS)); i++)
		worker_guard_for(worker, LISTEN_AGAIN_MS);
	if (worker_serve(worker))
		worker->exit_status = EXIT_FAILURE;
	return worker->server;
}
