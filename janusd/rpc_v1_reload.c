// SPDX-License-Identifier: MIT
/*
 * janus.v1: Reload. The main thread has the files read, and the call waits for what comes of it.
 */
#include <stddef.h>
#include <stdlib.h>

#include "codec.h"
#include "janus/v1/guard_service.pb-c.h"
#include "jobs.h"
#include "reload.h"
#include "rpc.h"
#include "settings.h"

struct request {
	struct job job;
	struct reload_waiter waiter;
	struct rpc_call *call;
	struct jobs *jobs;
	struct reload *reload;
};

static struct request *of_waiter(struct reload_waiter *waiter)
{
	return (struct request *)(void *)((char *)waiter -
					  offsetof(struct request, waiter));
}

static void tell(struct job *job)
{
	rpc_call_tell(((struct request *)(void *)job)->call);
}

static void done(struct reload_waiter *waiter)
{
	struct request *request = of_waiter(waiter);

	jobs_finish(request->jobs, &request->job);
}

static void run(struct job *job, struct guards *guards)
{
	struct request *request = (struct request *)(void *)job;

	(void)guards;
	job->later = true;
	reload_ask(request->reload, &request->waiter);
}

static void put(struct request *request)
{
	const struct status busy = {
		STATUS_RESOURCE_EXHAUSTED,
		"request: too many requests are waiting; try again"
	};
	struct rpc_call *call = request->call;

	rpc_call_expect(call);
	if (!jobs_put(request->jobs, &request->job))
		return;
	rpc_call_unexpect(call);
	rpc_call_finish(call, NULL, &busy);
}

static void received(struct rpc_call *call, struct wire_bytes bytes)
{
	const struct rpc_service *service = rpc_call_service(call);
	struct request *request = calloc(1, sizeof(*request));
	struct status status = { STATUS_RESOURCE_EXHAUSTED, "request: no memory" };

	if (!request) {
		rpc_call_finish(call, NULL, &status);
		return;
	}
	rpc_call_set_state(call, request);
	request->call = call;
	request->jobs = service->jobs;
	request->reload = service->reload;
	request->job.run = run;
	request->job.finished = tell;
	request->waiter.done = done;
	if (codec_check(&janus__v1__reload_request__descriptor, bytes, &status))
		rpc_call_finish(call, NULL, &status);
	else
		put(request);
}

static void worked(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);
	Janus__V1__ReloadResponse message = JANUS__V1__RELOAD_RESPONSE__INIT;
	char *names[CONFIG_KEYS_MAX];

	jobs_take(request->jobs, &request->job);
	if (!request->job.ran)
		return; /* the client has gone: there is nobody to answer */
	if (request->waiter.status.code) {
		rpc_call_finish(call, NULL, &request->waiter.status);
		return;
	}
	while (request->waiter.needs_restart[message.n_needs_restart]) {
		const char *name = request->waiter.needs_restart[message.n_needs_restart];

		names[message.n_needs_restart++] = (char *)(uintptr_t)name;
	}
	message.needs_restart = names;
	message.generation = request->waiter.generation;
	message.guards = request->waiter.guards;
	rpc_call_finish(call, &message.base, &request->waiter.status);
}

static void cancelled(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);

	if (request)
		jobs_cancel(request->jobs, &request->job);
}

static void freed(struct rpc_call *call)
{
	free(rpc_call_state(call));
}

const struct rpc_method rpc_v1_reload_methods[] = {
	{
		.path = "/janus.v1.GuardService/Reload",
		.rpc_class = RPC_CLASS_WRITE,
		.received = received,
		.worked = worked,
		.cancelled = cancelled,
		.freed = freed,
	},
	{ .path = NULL },
};
