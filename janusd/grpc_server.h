/* SPDX-License-Identifier: MIT */
/*
 * The gRPC server: its listeners, its completion queue and the one thread that waits on
 * it. Calls belong to that thread; what they ask for goes to the main thread through
 * jobs.h.
 */
#ifndef JANUSD_GRPC_SERVER_H
#define JANUSD_GRPC_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct cmdline;
struct health;
struct history;
struct jobs;
struct listeners;
struct node_name;
struct reload;
struct rpc_facts;
struct rpc_counts;
struct server;

struct server_options {
	struct listeners *listeners;
	/* Of each, where any port will do: which one it had last, 0: none. Written back. */
	uint16_t *ports;
	const struct cmdline *cmdline; /* for the TLS files, and limits */
	const struct node_name *node;
	const struct rpc_facts *facts;
	struct jobs *jobs;
	struct reload *reload;
	struct health *health;    /* what the health service tells */
	struct rpc_counts *calls; /* written by the server's thread */
	struct history *history;
};

/*
 * Binds all listeners and starts. Signals must be blocked by then. What the options point
 * to stays until server_destroy(). Return: 0, or -1: logged.
 */
int server_create(struct server **ret, const struct server_options *options);

/*
 * On the main thread: whether no new connection is accepted any more on one of the listeners.
 * When that becomes true, jobs_get_fd() is readable. Only another server helps.
 */
bool server_is_deaf(const struct server *server);

/*
 * When the first certificate of this server's ends, in seconds since 1970; 0: there is none, or it
 * is not known.
 */
int64_t server_tls_expiry(const struct server *server);

/*
 * Take no more calls and end those that are there, by force after a while. Returns at
 * once; the main thread goes on with jobs until jobs_closed(). Once.
 */
void server_stop(struct server *server);

/* After jobs_closed(). NULL: nothing happens. */
void server_destroy(struct server *server);

#endif
