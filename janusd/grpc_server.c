// SPDX-License-Identifier: MIT
#include "grpc_server.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmdline.h"
#include "grpc_log.h"
#include "health.h"
#include "jobs.h"
#include "listen.h"
#include "log.h"
#include "rpc_call.h"
#include "rpc_counts.h"
#include "rpc_events.h"
#include "text.h"
#include "tls.h"
#include "util.h"

#define CALLS_MAX 512
#define DRAIN_SECONDS 3

/* How long last answers have to get out, before connections that stay open are cut. */
#define FAREWELL_MS 100

/* Whoever watches hears of a change within that time. */
#define HEALTH_LOOK_MS 500

struct server {
	struct rpc_service service;
	grpc_server *server;
	grpc_completion_queue *queue;
	/*
	 * A call that leads nowhere: an empty batch on it wakes the thread from outside.
	 */
	grpc_channel *nowhere;
	grpc_call *wake_call;
	struct rpc_tag wake_tag;
	struct rpc_tag shutdown_tag;
	struct tls *tls[LISTEN_MAX];
	const struct cmdline *cmdline;
	pthread_t thread;
	atomic_bool deaf;
	/* The thread's own from here on. */
	struct rpc_counts *counts;
	struct rpc_call *calls;
	size_t call_count;
	gpr_timespec deadline; /* of the draining */
	bool idle;             /* draining, and the last call is over */
	bool shut_down;
};

static grpc_arg int_arg(const char *key, int value)
{
	grpc_arg arg = { .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key };

	arg.value.integer = value;
	return arg;
}

/*
 * The limits of the contract. Without them one client fills the memory or keeps a
 * connection for ever, and a second daemon shares the port in silence. Messages are taken
 * uncompressed only: gRPC measures them before it unpacks them.
 */
static grpc_server *create_server(const struct limit_settings *limits)
{
	grpc_arg args[] = {
		int_arg(GRPC_ARG_ALLOW_REUSEPORT, 0),
		int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)limits->request_bytes),
		int_arg(GRPC_ARG_MAX_METADATA_SIZE, 16 << 10),
		int_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100),
		int_arg(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5000),
		int_arg(GRPC_ARG_KEEPALIVE_TIME_MS, 60000),
		int_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000),
		int_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		int_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10000),
		int_arg(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2),
		int_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
		int_arg(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET,
			1 << GRPC_COMPRESS_NONE),
	};
	const grpc_channel_args all = { ARRAY_COUNT(args), args };

	return grpc_server_create(&all, NULL);
}

static grpc_server_credentials *
credentials_of(struct server *server, const struct server_options *options, size_t index)
{
	const struct cmdline *cmdline = options->cmdline;

	if (!options->listeners->items[index].tls)
		return grpc_insecure_server_credentials_create();
	if (tls_create(&server->tls[index], cmdline->tls_ca_file, cmdline->tls_cert_file,
		       cmdline->tls_key_file))
		return NULL;
	return tls_credentials(server->tls[index]);
}

/* gRPC tells its own log at length; the one line that counts is this. */
static void tell_bind_failure(const struct listener *listener,
			      const struct cmdline *cmdline)
{
	struct text_quote ca, cert, key;
	char name[LISTEN_TEXT_SIZE];
	int error = listen_probe(listener);

	listen_name(listener, 0, name);
	if (error)
		log_error("cannot listen on %s: %s", name, strerror(-error));
	else if (listener->tls)
		log_error("cannot listen on %s: TLS files: '%s' is not the certificate"
			  " of the key '%s', or one of them or '%s' is damaged",
			  name, text_quote(&cert, cmdline->tls_cert_file),
			  text_quote(&key, cmdline->tls_key_file),
			  text_quote(&ca, cmdline->tls_ca_file));
	else
		log_error("cannot listen on %s: gRPC refused the address", name);
}

static int add_listener(struct server *server, const struct server_options *options,
			size_t index)
{
	struct listener *listener = &options->listeners->items[index];
	grpc_server_credentials *credentials = credentials_of(server, options, index);
	char text[LISTEN_TEXT_SIZE];
	mode_t old_mask;
	int port;

	if (!credentials)
		return -1;
	listen_set_port(listener, options->ports[index]);
	/* A unix socket is for root alone, from its first moment on. */
	old_mask = umask(0177);
	port = grpc_server_add_http2_port(server->server, listen_target(listener, text),
					  credentials);
	umask(old_mask);
	grpc_server_credentials_release(credentials);
	if (!port) {
		tell_bind_failure(listener, options->cmdline);
		return -1;
	}
	if (!listen_is_unix(listener))
		options->ports[index] = (uint16_t)port;
	log_notice("listening on %s (%s)", listen_name(listener, port, text),
		   listener->tls ? "mtls" : "plaintext");
	return 0;
}

static int add_listeners(struct server *server, const struct server_options *options)
{
	for (size_t i = 0; i < options->listeners->count; i++)
		if (!options->listeners->items[i].left_out &&
		    add_listener(server, options, i))
			return -1;
	return 0;
}

/* One call is always asked for: without it an unknown method would hang. */
static void request_call(struct server *server)
{
	struct rpc_call *call = rpc_call_create(&server->service);
	grpc_call_error error;

	if (!call)
		abort(); /* as gRPC itself does where there is no memory */
	error = grpc_server_request_call(server->server, &call->call, &call->details,
					 &call->metadata, server->queue, server->queue,
					 &call->tags[RPC_NEW]);
	if (!error)
		return;
	log_error("grpc: no more calls can be taken: %s",
		  grpc_call_error_to_string(error));
	rpc_call_free(call);
}

static const struct rpc_method *find_method(grpc_slice path)
{
	static const struct rpc_method *const tables[] = {
		rpc_legacy_methods, rpc_health_methods,    rpc_reflection_methods,
		rpc_v1_methods,     rpc_v1_reload_methods, rpc_v1_stream_methods,
	};

	for (size_t i = 0; i < ARRAY_COUNT(tables); i++)
		for (const struct rpc_method *method = tables[i]; method->path; method++)
			if (!grpc_slice_str_cmp(path, method->path))
				return method;
	return NULL;
}

static void refuse_method(struct rpc_call *call)
{
	cleanup(text_done) struct text path = TEXT_INIT(256);
	struct status status;

	text_escape(&path, (const char *)GRPC_SLICE_START_PTR(call->details.method),
		    GRPC_SLICE_LENGTH(call->details.method));
	status_set(&status, STATUS_UNIMPLEMENTED, "method: '%s' is unknown",
		   path.data ? path.data : "");
	rpc_call_refuse(call, &status);
}

static void take_call(struct server *server, struct rpc_call *call)
{
	const struct rpc_method *method = find_method(call->details.method);
	const struct status full = { STATUS_RESOURCE_EXHAUSTED,
				     "request: too many calls at once; try again" };

	call->link = &server->calls;
	call->next = server->calls;
	if (call->next)
		call->next->link = &call->next;
	server->calls = call;
	if (++server->call_count > CALLS_MAX)
		rpc_call_refuse(call, &full);
	else if (!method)
		refuse_method(call);
	else if (rpc_admit(call, method, &server->cmdline->settings))
		rpc_call_begin(call, method);
}

static void on_new(struct server *server, struct rpc_call *call, bool ok)
{
	if (!ok) { /* the server shuts down */
		rpc_call_free(call);
		return;
	}
	request_call(server);
	take_call(server, call);
}

/* What server_stop() asked for. */
static void drain(struct server *server)
{
	struct rpc_call *call, *next;

	server->service.draining = true;
	server->deadline =
		gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
			     gpr_time_from_seconds(DRAIN_SECONDS, GPR_TIMESPAN));
	for (call = server->calls; call; call = next) {
		next = call->next;
		if (call->method && call->method->draining)
			call->method->draining(call);
	}
	grpc_server_shutdown_and_notify(server->server, server->queue,
					&server->shutdown_tag);
}

/* Without this a client that stays connected and says nothing would hold the exit. */
static void cancel_all(struct server *server)
{
	server->deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	if (server->call_count)
		log_warning("%zu calls did not end in %d seconds and are cancelled",
			    server->call_count, DRAIN_SECONDS);
	grpc_server_cancel_all_calls(server->server);
}

static void check_idle(struct server *server)
{
	if (!server->service.draining || server->calls || server->idle)
		return;
	server->idle = true;
	server->deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
					gpr_time_from_millis(FAREWELL_MS, GPR_TIMESPAN));
}

static void count_call(const struct server *server, const struct rpc_call *call)
{
	rpc_counts_add(server->counts, call->method ? call->method->path : NULL,
		       call->finished ? call->code : GRPC_STATUS_CANCELLED);
}

static void look_at_health(struct server *server)
{
	struct rpc_service *service = &server->service;
	bool serving = health_is_serving(service->health);
	struct rpc_call *call, *next;

	if (serving == service->serving)
		return;
	service->serving = serving;
	for (call = server->calls; call; call = next) {
		next = call->next;
		if (call->method && call->method->health_changed)
			call->method->health_changed(call);
	}
}

static void on_tag(struct server *server, struct rpc_tag *tag, bool ok)
{
	struct rpc_call *call = tag->call;

	if (tag == &server->wake_tag) {
		drain(server);
	} else if (tag == &server->shutdown_tag) {
		server->shut_down = true;
	} else if (tag->step == RPC_NEW) {
		on_new(server, call, ok);
	} else if (rpc_call_step(call, tag->step, ok)) {
		server->call_count--;
		count_call(server, call);
		rpc_call_free(call);
	}
}

static bool is_over(gpr_timespec deadline)
{
	return gpr_time_cmp(deadline, gpr_now(GPR_CLOCK_MONOTONIC)) <= 0;
}

/* Or none for a while: the main thread may have nothing to say because it is stuck. */
static grpc_event next_event(const struct server *server)
{
	gpr_timespec soon =
		gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
			     gpr_time_from_millis(HEALTH_LOOK_MS, GPR_TIMESPAN));

	return grpc_completion_queue_next(server->queue,
					  gpr_time_min(soon, server->deadline), NULL);
}

static void *run_server(void *arg)
{
	struct server *server = arg;
	bool ending = false;

	request_call(server);
	for (;;) {
		grpc_event event = next_event(server);

		if (event.type == GRPC_QUEUE_SHUTDOWN)
			break;
		if (event.type == GRPC_OP_COMPLETE)
			on_tag(server, event.tag, event.success);
		else if (is_over(server->deadline))
			cancel_all(server);
		look_at_health(server);
		check_idle(server);
		/* A call may wait for the main thread longer than gRPC knows of it. */
		if (server->shut_down && !server->calls && !ending) {
			ending = true;
			grpc_completion_queue_shutdown(server->queue);
		}
	}
	jobs_close(server->service.jobs);
	return NULL;
}

static int create_wake_call(struct server *server)
{
	server->nowhere = grpc_lame_client_channel_create("wake", GRPC_STATUS_UNAVAILABLE,
							  "");
	if (!server->nowhere)
		return -1;
	server->wake_call =
		grpc_channel_create_call(server->nowhere, NULL, 0, server->queue,
					 grpc_slice_from_static_string("/wake"), NULL,
					 gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
	return server->wake_call ? 0 : -1;
}

/* On whichever thread has tried to accept. */
static void become_deaf(void *data)
{
	struct server *server = data;

	atomic_store(&server->deaf, true);
	jobs_wake(server->service.jobs);
}

bool server_is_deaf(const struct server *server)
{
	return atomic_load(&server->deaf);
}

int64_t server_tls_expiry(const struct server *server)
{
	int64_t first = 0;

	for (size_t i = 0; i < ARRAY_COUNT(server->tls); i++) {
		int64_t expiry = server->tls[i] ? tls_expiry(server->tls[i]) : 0;

		if (expiry && (!first || expiry < first))
			first = expiry;
	}
	return first;
}

/* The thread has ended or never was; the queue is empty. */
static void server_free(struct server *server)
{
	grpc_log_tell_deaf(NULL, NULL);
	if (server->wake_call)
		grpc_call_unref(server->wake_call);
	if (server->nowhere)
		grpc_channel_destroy(server->nowhere);
	if (server->server)
		grpc_server_destroy(server->server);
	if (server->queue)
		grpc_completion_queue_destroy(server->queue);
	for (size_t i = 0; i < ARRAY_COUNT(server->tls); i++)
		tls_destroy(server->tls[i]);
	event_streams_destroy(server->service.event_streams);
	free(server);
	grpc_shutdown();
}

/* A server that did not come to life must be shut down too before it may be freed. */
static void abandon(struct server *server)
{
	gpr_timespec forever = gpr_inf_future(GPR_CLOCK_MONOTONIC);

	if (server->server) {
		grpc_server_shutdown_and_notify(server->server, server->queue,
						&server->shutdown_tag);
		grpc_completion_queue_next(server->queue, forever, NULL);
	}
	if (server->queue) {
		grpc_completion_queue_shutdown(server->queue);
		while (grpc_completion_queue_next(server->queue, forever, NULL).type !=
		       GRPC_QUEUE_SHUTDOWN)
			continue;
	}
	server_free(server);
}

int server_create(struct server **ret, const struct server_options *options)
{
	struct server *server = calloc(1, sizeof(*server));
	int error;

	if (server)
		server->service.event_streams = event_streams_create(
			options->history, options->cmdline->settings.limits.streams);
	if (!server || !server->service.event_streams) {
		log_error("grpc: no memory");
		free(server);
		return -1;
	}
	grpc_log_init();
	grpc_init();
	server->service.jobs = options->jobs;
	server->service.node = options->node;
	server->service.facts = options->facts;
	server->service.limits = &options->cmdline->settings.limits;
	server->service.reload = options->reload;
	server->service.health = options->health;
	server->counts = options->calls;
	server->cmdline = options->cmdline;
	grpc_log_tell_deaf(become_deaf, server);
	server->deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);
	server->queue = grpc_completion_queue_create_for_next(NULL);
	server->server = create_server(&options->cmdline->settings.limits);
	grpc_server_register_completion_queue(server->server, server->queue, NULL);
	if (create_wake_call(server) || add_listeners(server, options)) {
		abandon(server);
		return -1;
	}
	grpc_server_start(server->server);
	error = pthread_create(&server->thread, NULL, run_server, server);
	if (error) {
		log_error("grpc: no thread could be started: %s", strerror(error));
		abandon(server);
		return -1;
	}
	*ret = server;
	return 0;
}

void server_stop(struct server *server)
{
	grpc_call_start_batch(server->wake_call, NULL, 0, &server->wake_tag, NULL);
}

void server_destroy(struct server *server)
{
	if (!server)
		return;
	pthread_join(server->thread, NULL);
	server_free(server);
}
