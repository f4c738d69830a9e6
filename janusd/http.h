/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server: /metrics, /healthz and /readyz, on one address and one thread of its own.
 * Nobody is asked who he is. Touches no object of the main thread.
 */
#ifndef JANUSD_HTTP_H
#define JANUSD_HTTP_H

#include <netinet/in.h>

struct health;
struct http;
struct metrics_board;
struct rpc_counts;

/* With one more the connection that has been there for the longest time is closed. */
#define HTTP_CONNECTIONS 64

/* A connection on which nothing happens for so long is closed. */
#define HTTP_TIMEOUT_SECONDS 10

/* Request and answer together have so much memory, but for the text of the answer. */
#define HTTP_CONNECTION_BYTES 16384

/* What all of it leads to stays until http_destroy(). */
struct http_options {
	const char *address; /* IPV4:PORT or [IPV6]:PORT; port 0: any */
	struct metrics_board *board;
	struct health *health;
	const struct rpc_counts *calls;
};

union http_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Return: 0, or -EINVAL: it is no IPV4:PORT or [IPV6]:PORT. */
int http_parse_address(union http_address *ret, const char *text);

/* Signals must be blocked by then. Return: 0, or a negative errno. */
int http_create(struct http **ret, const struct http_options *options);

/* It listens no more, its thread has ended. NULL: nothing happens. */
void http_destroy(struct http *http);

/* Return: the port that it listens on. */
int http_get_port(const struct http *http);

#endif
