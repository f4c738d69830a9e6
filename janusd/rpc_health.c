// SPDX-License-Identifier: MIT
/*
 * grpc.health.v1.Health: Check and Watch, for the whole server ("") and for janus.Janusd.
 * What makes the daemon healthy is decided elsewhere; here it is told.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "grpc/health/v1/health.pb-c.h"
#include "health.h"
#include "rpc.h"
#include "settings.h"
#include "text.h"

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define UNKNOWN_SERVICE                                                                  \
	GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

/* A client that watches. */
struct watcher {
	bool known;
	bool ending;     /* was told that the daemon is about to end */
	uint32_t status; /* that was told last */
};

static bool is_known(const char *service)
{
	return !*service || !strcmp(service, "janus.Janusd");
}

static bool is_serving(const struct rpc_call *call)
{
	const struct rpc_service *service = rpc_call_service(call);

	return !service->draining && health_is_serving(service->health);
}

static Grpc__Health__V1__HealthCheckResponse answer(const struct rpc_call *call,
						    bool known)
{
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	response.status = is_serving(call) ? SERVING : NOT_SERVING;
	if (!known)
		response.status = UNKNOWN_SERVICE;
	return response;
}

/* Return: 0 with *known, or -1: the call is finished. */
static int read_request(struct rpc_call *call, struct wire_bytes bytes, bool must_exist,
			bool *known)
{
	struct codec_message message = { .budget_bytes = CODEC_BUDGET_BYTES };
	const Grpc__Health__V1__HealthCheckRequest *request;
	struct text_quote quote;
	struct status status;

	if (codec_unpack(&message, &grpc__health__v1__health_check_request__descriptor,
			 bytes, &status)) {
		rpc_call_finish(call, NULL, &status);
		return -1;
	}
	request = (const void *)message.message;
	*known = is_known(request->service);
	status_set(&status, STATUS_NOT_FOUND,
		   "service: '%s' is unknown; janus.Janusd and the empty name are known",
		   text_quote(&quote, request->service));
	codec_done(&message);
	if (*known || !must_exist)
		return 0;
	rpc_call_finish(call, NULL, &status);
	return -1;
}

static void check_received(struct rpc_call *call, struct wire_bytes bytes)
{
	Grpc__Health__V1__HealthCheckResponse response;
	const struct status ok = { 0 };
	bool known;

	if (read_request(call, bytes, true, &known))
		return;
	response = answer(call, known);
	rpc_call_finish(call, &response.base, &ok);
}

static void watch_send(struct rpc_call *call)
{
	struct watcher *watcher = rpc_call_state(call);
	Grpc__Health__V1__HealthCheckResponse response = answer(call, watcher->known);

	watcher->ending = rpc_call_service(call)->draining;
	watcher->status = response.status;
	rpc_call_send(call, &response.base);
}

static void watch_received(struct rpc_call *call, struct wire_bytes bytes)
{
	const struct status no_memory = { STATUS_RESOURCE_EXHAUSTED,
					  "request: no memory" };
	struct watcher *watcher;
	bool known;

	if (read_request(call, bytes, false, &known))
		return;
	watcher = calloc(1, sizeof(*watcher));
	if (!watcher) {
		rpc_call_finish(call, NULL, &no_memory);
		return;
	}
	watcher->known = known;
	rpc_call_set_state(call, watcher);
	watch_send(call);
}

static void watch_end(struct rpc_call *call)
{
	const struct status ending = { STATUS_UNAVAILABLE, "janusd is about to end" };

	rpc_call_finish(call, NULL, &ending);
}

static bool has_news(const struct rpc_call *call)
{
	const struct watcher *watcher = rpc_call_state(call);

	return answer(call, watcher->known).status != watcher->status;
}

/* Each change is told, and the end as the last one. */
static void watch_sent(struct rpc_call *call)
{
	const struct watcher *watcher = rpc_call_state(call);

	if (watcher->ending)
		watch_end(call);
	else if (rpc_call_service(call)->draining || has_news(call))
		watch_send(call);
}

static void watch_health_changed(struct rpc_call *call)
{
	if (rpc_call_state(call) && !rpc_call_is_sending(call) && has_news(call))
		watch_send(call);
}

static void watch_draining(struct rpc_call *call)
{
	struct watcher *watcher = rpc_call_state(call);

	if (!watcher)
		watch_end(call);
	else if (!rpc_call_is_sending(call))
		watch_send(call);
}

static void watch_freed(struct rpc_call *call)
{
	free(rpc_call_state(call));
}

const struct rpc_method rpc_health_methods[] = {
	{
		.path = "/grpc.health.v1.Health/Check",
		.rpc_class = RPC_CLASS_READ,
		.received = check_received,
	},
	{
		.path = "/grpc.health.v1.Health/Watch",
		.rpc_class = RPC_CLASS_READ,
		.received = watch_received,
		.sent = watch_sent,
		.draining = watch_draining,
		.health_changed = watch_health_changed,
		.freed = watch_freed,
	},
	{ .path = NULL },
};
