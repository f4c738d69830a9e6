// SPDX-License-Identifier: MIT
#include "rpc_v1.h"

#include <stdlib.h>

#include "log.h"
#include "settings.h"

static const struct status no_memory = { STATUS_RESOURCE_EXHAUSTED,
					 "request: no memory" };

void v1_answer(struct v1_call *call, const ProtobufCMessage *message)
{
	size_t size;
	uint8_t *data = codec_pack(message, &size);

	if (data)
		call->answer = (struct wire_bytes){ data, size };
	else
		call->status = no_memory;
}

static void run(struct job *job, struct guards *guards)
{
	struct v1_call *call = (struct v1_call *)(void *)job;

	call->method->run(call, guards);
}

static void tell(struct job *job)
{
	rpc_call_tell(((struct v1_call *)(void *)job)->call);
}

/* Return: NULL: the call is finished. */
static struct v1_call *create(struct rpc_call *call, const struct v1_method *method)
{
	struct v1_call *self = calloc(1, sizeof(*self));

	if (!self) {
		rpc_call_finish(call, NULL, &no_memory);
		return NULL;
	}
	self->call = call;
	self->method = method;
	self->service = rpc_call_service(call);
	self->job.run = run;
	self->job.finished = tell;
	self->message.budget_bytes = CODEC_BUDGET_BYTES;
	rpc_call_set_state(call, self);
	return self;
}

static void freed(struct rpc_call *call)
{
	struct v1_call *self = rpc_call_state(call);

	if (!self)
		return;
	guard_config_destroy(self->config);
	codec_done(&self->message);
	free((void *)(uintptr_t)self->answer.data);
	free(self);
}

static void cancelled(struct rpc_call *call)
{
	struct v1_call *self = rpc_call_state(call);

	if (self)
		jobs_cancel(rpc_call_service(call)->jobs, &self->job);
}

static void refuse(struct v1_call *self)
{
	if (self->method->log_refusal)
		log_warning("%s was refused: %s", self->method->log_refusal,
			    self->status.message);
	rpc_call_finish(self->call, NULL, &self->status);
}

static void put(struct v1_call *self)
{
	const struct status busy = {
		STATUS_RESOURCE_EXHAUSTED,
		"request: too many requests are waiting; try again"
	};

	self->job.bytes = self->message.used_bytes + self->method->answer_bytes;
	if (self->config)
		self->job.bytes += self->config->bytes;
	rpc_call_expect(self->call);
	if (!jobs_put(self->service->jobs, &self->job))
		return;
	rpc_call_unexpect(self->call);
	rpc_call_finish(self->call, NULL, &busy);
}

static void received(struct rpc_call *call, struct wire_bytes bytes,
		     const struct v1_method *method)
{
	struct v1_call *self = create(call, method);

	if (!self)
		return;
	if (codec_unpack(&self->message, method->request, bytes, &self->status) ||
	    (method->check && method->check(self)))
		refuse(self);
	else
		put(self);
}

static void worked(struct rpc_call *call)
{
	struct v1_call *self = rpc_call_state(call);

	jobs_take(self->service->jobs, &self->job);
	if (!self->job.ran)
		return; /* the client has gone: there is nobody to answer */
	if (self->status.code)
		refuse(self);
	else
		rpc_call_finish_bytes(call, self->answer, &self->status);
}

static void apply_received(struct rpc_call *call, struct wire_bytes bytes)
{
	received(call, bytes, &v1_apply_guard);
}

static void delete_received(struct rpc_call *call, struct wire_bytes bytes)
{
	received(call, bytes, &v1_delete_guard);
}

static void get_received(struct rpc_call *call, struct wire_bytes bytes)
{
	received(call, bytes, &v1_get_guard);
}

static void list_received(struct rpc_call *call, struct wire_bytes bytes)
{
	received(call, bytes, &v1_list_guards);
}

static void status_received(struct rpc_call *call, struct wire_bytes bytes)
{
	received(call, bytes, &v1_get_status);
}

static void lookup_received(struct rpc_call *call, struct wire_bytes bytes)
{
	received(call, bytes, &v1_lookup_container);
}

const struct rpc_method rpc_v1_methods[] = {
	{
		.path = "/janus.v1.GuardService/ApplyGuard",
		.rpc_class = RPC_CLASS_WRITE,
		.received = apply_received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{
		.path = "/janus.v1.GuardService/DeleteGuard",
		.rpc_class = RPC_CLASS_WRITE,
		.received = delete_received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{
		.path = "/janus.v1.GuardService/GetGuard",
		.rpc_class = RPC_CLASS_READ,
		.received = get_received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{
		.path = "/janus.v1.GuardService/ListGuards",
		.rpc_class = RPC_CLASS_READ,
		.received = list_received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{
		.path = "/janus.v1.GuardService/GetStatus",
		.rpc_class = RPC_CLASS_READ,
		.received = status_received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{
		.path = "/janus.v1.GuardService/LookupContainer",
		.rpc_class = RPC_CLASS_READ,
		.received = lookup_received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{ .path = NULL },
};
