// SPDX-License-Identifier: MIT
#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health.h"
#include "log.h"
#include "metrics_board.h"
#include "metrics_page.h"
#include "metrics_text.h"
#include "process_stats.h"
#include "text.h"
#include "util.h"

#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define PROBE_BYTES_MAX ((size_t)8 << 10)
/* Where there are no fds, it is tried again after so long. */
#define NO_FDS_MS 100

#define CLASSIC "text/plain; version=0.0.4; charset=utf-8"
#define OPEN_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PLAIN "text/plain; charset=utf-8"

/* The server's thread owns the list of them; there is room for each that MHD lets in. */
struct visitor {
	struct visitor *next; /* from the oldest to the youngest */
	int fd;
};

struct http {
	struct http_options options;
	struct MHD_Daemon *daemon;
	int port;
	struct visitor *visitors;
	unsigned int count;
};

struct reply {
	unsigned int status;
	const char *type;
	struct text text;
};

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	if (reply->text.cut) { /* half of it would be a lie */
		text_clear(&reply->text);
		reply->text.cut = false;
		reply->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		reply->type = PLAIN;
		text_add_string(&reply->text, "there is no memory for the answer\n");
	}
	response = MHD_create_response_from_buffer(reply->text.length, reply->text.data,
						   MHD_RESPMEM_MUST_COPY);
	text_done(&reply->text);
	if (!response)
		return MHD_NO;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				    reply->type) == MHD_YES &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				    "no-store") == MHD_YES &&
	    (reply->status != MHD_HTTP_METHOD_NOT_ALLOWED ||
	     MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") ==
		     MHD_YES))
		result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_line(struct MHD_Connection *connection, unsigned int status,
				 const char *line)
{
	struct reply reply = { status, PLAIN, TEXT_INIT(PROBE_BYTES_MAX) };

	text_add_string(&reply.text, line);
	return send_reply(connection, &reply);
}

static bool wants_open_metrics(struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);

	return accept && strstr(accept, "application/openmetrics-text");
}

static enum MHD_Result send_metrics(struct http *http, struct MHD_Connection *connection)
{
	struct metrics_text text = {
		.text = TEXT_INIT(PAGE_BYTES_MAX),
		.open_metrics = wants_open_metrics(connection),
	};
	struct metrics_page page = { .calls = http->options.calls };
	struct process_stats process;
	struct health_report health;
	struct reply reply;

	page.snapshot = metrics_board_get(http->options.board, &page.age_ms);
	health_read(http->options.health, health_now_ms(), &health);
	page.health = &health;
	if (!process_stats_read(&process))
		page.process = &process;
	metrics_page_write(&text, &page);
	reply = (struct reply){ MHD_HTTP_OK, text.open_metrics ? OPEN_METRICS : CLASSIC,
				text.text };
	return send_reply(connection, &reply);
}

static enum MHD_Result send_ready(struct http *http, struct MHD_Connection *connection)
{
	struct reply reply = { MHD_HTTP_OK, PLAIN, TEXT_INIT(PROBE_BYTES_MAX) };
	struct health_report health;

	health_read(http->options.health, health_now_ms(), &health);
	if (!health.serving)
		reply.status = MHD_HTTP_SERVICE_UNAVAILABLE;
	text_add_string(&reply.text, health.serving ? "ready\n" : "not ready\n");
	for (int i = 0; i < HEALTH_PROBLEMS; i++) {
		if (!health.has[i])
			continue;
		text_add_string(&reply.text, health_problem_name((enum health_problem)i));
		text_add_string(&reply.text, ": ");
		text_add_string(&reply.text, health.text[i]);
		text_add_string(&reply.text, "\n");
	}
	return send_reply(connection, &reply);
}

static enum MHD_Result send_alive(struct http *http, struct MHD_Connection *connection)
{
	struct health_report health;

	health_read(http->options.health, health_now_ms(), &health);
	return health.alive
		       ? send_line(connection, MHD_HTTP_OK, "alive\n")
		       : send_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "not alive: the main thread does not come round\n");
}

/* What the client would send with its request is not read: the answer ends the connection. */
static enum MHD_Result answer(void *userdata, struct MHD_Connection *connection,
			      const char *url, const char *method, const char *version,
			      const char *upload, size_t *upload_size, void **state)
{
	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return send_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				 "only GET and HEAD are known\n");
	if (!strcmp(url, "/metrics"))
		return send_metrics(userdata, connection);
	if (!strcmp(url, "/healthz"))
		return send_alive(userdata, connection);
	if (!strcmp(url, "/readyz"))
		return send_ready(userdata, connection);
	return send_line(connection, MHD_HTTP_NOT_FOUND,
			 "there are /metrics, /healthz and /readyz\n");
}

/* A client that says nothing, or says it slowly, must not keep others out. */
static void close_oldest(const struct http *http)
{
	if (http->count > HTTP_CONNECTIONS)
		shutdown(http->visitors->fd, SHUT_RDWR);
}

static void come(struct http *http, struct MHD_Connection *connection, void **state)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	struct visitor **link = &http->visitors;

	*state = visitor;
	if (!visitor || !info)
		return;
	visitor->fd = info->connect_fd;
	while (*link)
		link = &(*link)->next;
	*link = visitor;
	http->count++;
	close_oldest(http);
}

static void leave(struct http *http, struct visitor *visitor)
{
	struct visitor **link = &http->visitors;

	while (*link && *link != visitor)
		link = &(*link)->next;
	if (*link) {
		*link = visitor->next;
		http->count--;
	}
	free(visitor);
}

static void notice(void *userdata, struct MHD_Connection *connection, void **state,
		   enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		come(userdata, connection, state);
	else
		leave(userdata, *state);
}

/*
 * MHD has much to say of clients, which is of no interest. But where there are no fds for a
 * client it would try again without a pause.
 */
format_like_printf(2, 0) static void take_log(void *userdata, const char *format,
					      va_list values)
{
	(void)userdata;
	(void)values;
	if (strstr(format, "resource limit"))
		poll(NULL, 0, NO_FDS_MS);
}

static int listen_on(const union http_address *address)
{
	socklen_t size = address->any.sa_family == AF_INET6 ? sizeof(address->in6)
							    : sizeof(address->in);
	autoclose int fd = socket(address->any.sa_family,
				  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    (address->any.sa_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes))) ||
	    bind(fd, &address->any, size) || listen(fd, HTTP_CONNECTIONS))
		return -errno;
	return util_steal_fd(&fd);
}

static int port_of(int fd)
{
	union http_address address;
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size))
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port
						       : address.in.sin_port);
}

static int start(struct http *http, int fd)
{
	/* One more than there shall be, so that the next one can push the oldest out. */
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG |
			MHD_USE_ITC,
		0, NULL, NULL, answer, http, MHD_OPTION_EXTERNAL_LOGGER, take_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		HTTP_CONNECTIONS + 16, MHD_OPTION_CONNECTION_TIMEOUT,
		HTTP_TIMEOUT_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, notice, http,
		MHD_OPTION_END);
	return http->daemon ? 0 : errno ? -errno : -ENOMEM;
}

int http_create(struct http **ret, const struct http_options *options)
{
	union http_address address;
	autoclose int fd = -1;
	struct http *http;
	int error = http_parse_address(&address, options->address);

	if (error)
		return error;
	fd = listen_on(&address);
	if (fd < 0)
		return fd;
	http = calloc(1, sizeof(*http));
	if (!http)
		return -ENOMEM;
	http->options = *options;
	http->port = port_of(fd);
	errno = 0;
	error = start(http, fd);
	if (error) {
		free(http);
		return error;
	}
	util_steal_fd(&fd); /* MHD closes it */
	*ret = http;
	return 0;
}

void http_destroy(struct http *http)
{
	if (!http)
		return;
	MHD_stop_daemon(http->daemon);
	free(http);
}

int http_get_port(const struct http *http)
{
	return http->port;
}
