// SPDX-License-Identifier: MIT
/*
 * janus.v1.GuardService/StreamEvents. A stream has one message under way, or waits in the history
 * to be woken by the main thread, or looks at the next part of it once others had their turn.
 * The main thread holds a call only while it wakes it; the call expects that.
 */
#include "rpc_events.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "event_stream.h"
#include "history.h"
#include "rpc.h"
#include "settings.h"

struct event_streams {
	struct history *history;
	uint32_t limit;
	uint32_t count;
	struct event_scratch scratch;
};

/* One call. */
struct event_call {
	struct history_waiter waiter;
	struct rpc_call *call;
	struct event_streams *streams;
	struct event_stream stream;
};

static const struct status ending = { STATUS_UNAVAILABLE, "janusd is about to end" };

struct event_streams *event_streams_create(struct history *history, uint32_t limit)
{
	struct event_streams *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return NULL;
	streams->history = history;
	streams->limit = limit;
	if (!event_scratch_init(&streams->scratch))
		return streams;
	free(streams);
	return NULL;
}

void event_streams_destroy(struct event_streams *streams)
{
	if (!streams)
		return;
	event_scratch_done(&streams->scratch);
	free(streams);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* On the main thread. */
static void wake(void *call)
{
	rpc_call_tell(call);
}

static void stop_waiting(struct event_call *self)
{
	if (history_unwait(self->streams->history, &self->waiter))
		rpc_call_unexpect(self->call);
}

/* Once, whatever there is: the other calls of this thread have their turn in between. */
static void go_on(struct event_call *self)
{
	struct event_scratch *scratch = &self->streams->scratch;
	struct wire_bytes response;
	enum event_step step;

	step = event_stream_next(&self->stream, scratch, now_ms(), &response);
	if (step == EVENT_STEP_SEND) {
		rpc_call_send_bytes(self->call, response);
		return;
	}
	rpc_call_expect(self->call);
	if (step == EVENT_STEP_WAIT &&
	    history_wait(self->streams->history, &self->stream.at, &self->waiter))
		return;
	rpc_call_tell(self->call);
}

/* Return: NULL: the call is finished. */
static struct event_call *event_call_create(struct rpc_call *call)
{
	struct event_streams *streams = rpc_call_service(call)->event_streams;
	struct event_call *self = NULL;
	struct status status;

	if (streams->count >= streams->limit) {
		status_set(&status, STATUS_RESOURCE_EXHAUSTED,
			   "request: %" PRIu32
			   " streams of events are open, and the limit"
			   " is %" PRIu32 "; try again when one has ended",
			   streams->count, streams->limit);
		rpc_call_finish(call, NULL, &status);
		return NULL;
	}
	self = calloc(1, sizeof(*self));
	if (!self) {
		status_set(&status, STATUS_RESOURCE_EXHAUSTED, "request: no memory");
		rpc_call_finish(call, NULL, &status);
		return NULL;
	}
	self->waiter.wake = wake;
	self->waiter.userdata = call;
	self->call = call;
	self->streams = streams;
	streams->count++;
	rpc_call_set_state(call, self);
	return self;
}

static void events_received(struct rpc_call *call, struct wire_bytes request)
{
	struct event_call *self;
	struct status status;

	if (rpc_call_service(call)->draining) {
		rpc_call_finish(call, NULL, &ending);
		return;
	}
	self = event_call_create(call);
	if (!self)
		return;
	if (event_stream_init(&self->stream, self->streams->history, request, &status)) {
		rpc_call_finish(call, NULL, &status);
		return;
	}
	go_on(self);
}

static void events_sent(struct rpc_call *call)
{
	if (rpc_call_service(call)->draining)
		rpc_call_finish(call, NULL, &ending);
	else
		go_on(rpc_call_state(call));
}

static void events_worked(struct rpc_call *call)
{
	if (rpc_call_is_open(call))
		go_on(rpc_call_state(call));
}

/* What is under way may still arrive; a client that does not read is cut off later. */
static void events_draining(struct rpc_call *call)
{
	struct event_call *self = rpc_call_state(call);

	if (rpc_call_is_sending(call))
		return;
	if (self)
		stop_waiting(self);
	rpc_call_finish(call, NULL, &ending);
}

static void events_cancelled(struct rpc_call *call)
{
	struct event_call *self = rpc_call_state(call);

	if (self)
		stop_waiting(self);
}

static void events_freed(struct rpc_call *call)
{
	struct event_call *self = rpc_call_state(call);

	if (!self)
		return;
	self->streams->count--;
	event_stream_done(&self->stream);
	free(self);
}

const struct rpc_method rpc_v1_stream_methods[] = {
	{
		.path = "/janus.v1.GuardService/StreamEvents",
		.rpc_class = RPC_CLASS_READ,
		.received = events_received,
		.sent = events_sent,
		.worked = events_worked,
		.draining = events_draining,
		.cancelled = events_cancelled,
		.freed = events_freed,
	},
	{ .path = NULL },
};
