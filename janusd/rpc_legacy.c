// SPDX-License-Identifier: MIT
/*
 * janus.Janusd: the contract with the controllers in the field. Requests are checked on
 * the gRPC thread, carried out on the main thread (the functions named run_...), and
 * answered on the gRPC thread; a struct request belongs to one of the two at a time, see
 * jobs.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "guards.h"
#include "janus.pb-c.h"
#include "jobs.h"
#include "legacy.h"
#include "log.h"
#include "rpc.h"
#include "settings.h"
#include "text.h"
#include "util.h"

#define PAGE_SIZE 64

/* One guard as GetGuardState tells it. */
struct handle {
	char *node;
	char *pod;
	int32_t *pids;
	size_t pid_count;
};

/* A part of the state: a slow reader costs this much, however many guards there are. */
struct page {
	struct handle handles[PAGE_SIZE];
	size_t count;
	size_t sent;
	uint64_t after; /* the last guard's serial */
};

struct request {
	struct job job;
	struct rpc_call *call;
	struct status status;
	struct guard_config *config;  /* CreateGuard, until the registry has it */
	struct codec_message message; /* DestroyGuard */
	const char *own_node;         /* DestroyGuard */
	struct page page;             /* CreateGuard: one handle; GetGuardState */
	uint64_t skipped;
	char skipped_first[512];
};

static void handle_done(struct handle *handle)
{
	free(handle->node);
	free(handle->pod);
	free(handle->pids);
	memset(handle, 0, sizeof(*handle));
}

static void page_clear(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		handle_done(&page->handles[i]);
	page->count = 0;
	page->sent = 0;
}

static void tell(struct job *job)
{
	rpc_call_tell(((struct request *)(void *)job)->call);
}

/* Return: NULL: the call is finished. */
static struct request *request_create(struct rpc_call *call)
{
	const struct status no_memory = { STATUS_RESOURCE_EXHAUSTED,
					  "request: no memory" };
	struct request *request = calloc(1, sizeof(*request));

	if (!request) {
		rpc_call_finish(call, NULL, &no_memory);
		return NULL;
	}
	request->call = call;
	request->job.finished = tell;
	rpc_call_set_state(call, request);
	return request;
}

static void request_freed(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);

	if (!request)
		return;
	guard_config_destroy(request->config);
	codec_done(&request->message);
	page_clear(&request->page);
	free(request);
}

static void request_cancelled(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);

	if (request)
		jobs_cancel(rpc_call_service(call)->jobs, &request->job);
}

static void request_put(struct request *request)
{
	const struct status busy = {
		STATUS_RESOURCE_EXHAUSTED,
		"request: too many requests are waiting; try again"
	};
	struct rpc_call *call = request->call;

	rpc_call_expect(call);
	if (!jobs_put(rpc_call_service(call)->jobs, &request->job))
		return;
	rpc_call_unexpect(call);
	rpc_call_finish(call, NULL, &busy);
}

static int copy_handle(struct handle *ret, const struct guard *guard)
{
	struct handle handle = { 0 };

	handle.node = strdup(guard->config->node);
	handle.pod = strdup(guard->config->pod);
	handle.pids = calloc(guard->target_count + 1, sizeof(*handle.pids));
	if (!handle.node || !handle.pod || !handle.pids) {
		handle_done(&handle);
		return -1;
	}
	for (size_t i = 0; i < guard->target_count; i++)
		handle.pids[handle.pid_count++] = guard->targets[i].pid;
	*ret = handle;
	return 0;
}

/*
 * processEventfd stays empty: the fds of the daemon mean nothing in another process, and
 * clients that sent them back could only name the wrong one.
 */
static Janus__JanusdHandle message_of(const struct handle *handle)
{
	Janus__JanusdHandle message = JANUS__JANUSD_HANDLE__INIT;

	message.nodename = handle->node;
	message.podname = handle->pod;
	message.n_pid = handle->pid_count;
	message.pid = handle->pids;
	return message;
}

static void run_create(struct job *job, struct guards *guards)
{
	struct request *request = (struct request *)(void *)job;
	struct guard_outcome outcome;

	guards_apply(guards, request->config, &outcome);
	request->config = NULL;
	request->status = outcome.status;
	if (outcome.status.code)
		return;
	guard_log_outcome(&outcome);
	request->skipped = outcome.skipped;
	text_ascii(request->skipped_first, sizeof(request->skipped_first),
		   outcome.skipped_first);
	if (copy_handle(&request->page.handles[0], outcome.guard))
		status_set(&request->status, STATUS_RESOURCE_EXHAUSTED,
			   "request: no memory for the answer; the guard is in force");
	else
		request->page.count = 1;
}

static void refuse_create(struct request *request)
{
	log_warning("CreateGuard was refused: %s", request->status.message);
	rpc_call_finish(request->call, NULL, &request->status);
}

static void create_received(struct rpc_call *call, struct wire_bytes bytes)
{
	struct request *request = request_create(call);
	const struct rpc_service *service = rpc_call_service(call);
	const struct guard_config_options options = { service->node, service->limits,
						      GUARD_SOURCE_LEGACY };

	if (!request)
		return;
	if (legacy_config_create(&request->config, bytes, &options, &request->status)) {
		refuse_create(request);
		return;
	}
	rpc_call_concerns(call, request->config->name, request->config->pod);
	request->job.run = run_create;
	request->job.bytes = request->config->bytes;
	request_put(request);
}

static void create_worked(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);
	Janus__JanusdHandle message;
	char count[32];

	jobs_take(rpc_call_service(call)->jobs, &request->job);
	if (!request->job.ran)
		return; /* the client has gone: there is nobody to answer */
	if (request->status.code) {
		refuse_create(request);
		return;
	}
	if (request->skipped) {
		snprintf(count, sizeof(count), "%" PRIu64, request->skipped);
		rpc_call_add_trailer(call, "janus-skipped", count);
		rpc_call_add_trailer(call, "janus-skipped-first", request->skipped_first);
	}
	message = message_of(&request->page.handles[0]);
	rpc_call_finish(call, &message.base, &request->status);
}

static void run_destroy(struct job *job, struct guards *guards)
{
	struct request *request = (struct request *)(void *)job;
	const Janus__JanusdConfig *message = (const void *)request->message.message;
	struct guard_match match = {
		.name = message->name,
		.node = message->nodename,
		.pod = message->podname,
		.pids = message->pid,
		.pid_count = message->n_pid,
	};

	if (!*match.node)
		match.node = request->own_node;
	guards_remove(guards, &match, &request->status);
}

static void destroy_received(struct rpc_call *call, struct wire_bytes bytes)
{
	struct request *request = request_create(call);
	const Janus__JanusdConfig *message;

	if (!request)
		return;
	request->own_node = rpc_call_service(call)->node->name;
	request->message.budget_bytes = CODEC_BUDGET_BYTES;
	if (codec_unpack(&request->message, &janus__janusd_config__descriptor, bytes,
			 &request->status)) {
		rpc_call_finish(call, NULL, &request->status);
		return;
	}
	message = (const void *)request->message.message;
	rpc_call_concerns(call, message->name, message->podname);
	request->job.run = run_destroy;
	request->job.bytes = request->message.used_bytes;
	request_put(request);
}

static void destroy_worked(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);
	const Janus__Empty empty = JANUS__EMPTY__INIT;

	jobs_take(rpc_call_service(call)->jobs, &request->job);
	rpc_call_finish(call, request->status.code ? NULL : &empty.base,
			&request->status);
}

/*
 * The next guards after the last one that was sent. A guard that is there all the time is
 * told exactly once; one that comes or goes meanwhile may be told or not.
 */
static void run_page(struct job *job, struct guards *guards)
{
	struct request *request = (struct request *)(void *)job;
	struct page *page = &request->page;
	const struct guard *guard;

	while (page->count < PAGE_SIZE && (guard = guards_next(guards, page->after))) {
		if (copy_handle(&page->handles[page->count], guard)) {
			status_set(&request->status, STATUS_RESOURCE_EXHAUSTED,
				   "request: no memory for the answer");
			return;
		}
		page->count++;
		page->after = guard->serial;
	}
}

static void state_received(struct rpc_call *call, struct wire_bytes bytes)
{
	struct request *request = request_create(call);

	if (!request)
		return;
	if (codec_check(&janus__empty__descriptor, bytes, &request->status)) {
		rpc_call_finish(call, NULL, &request->status);
		return;
	}
	request->job.run = run_page;
	request_put(request);
}

static void state_send(struct rpc_call *call, struct request *request)
{
	Janus__JanusdHandle message;

	if (request->page.sent == request->page.count) {
		page_clear(&request->page);
		request_put(request);
		return;
	}
	message = message_of(&request->page.handles[request->page.sent++]);
	rpc_call_send(call, &message.base);
}

static void state_sent(struct rpc_call *call)
{
	state_send(call, rpc_call_state(call));
}

static void state_worked(struct rpc_call *call)
{
	struct request *request = rpc_call_state(call);

	jobs_take(rpc_call_service(call)->jobs, &request->job);
	if (request->status.code || !request->page.count)
		rpc_call_finish(call, NULL, &request->status);
	else
		state_send(call, request);
}

const struct rpc_method rpc_legacy_methods[] = {
	{
		.path = "/janus.Janusd/CreateGuard",
		.rpc_class = RPC_CLASS_WRITE,
		.received = create_received,
		.worked = create_worked,
		.cancelled = request_cancelled,
		.freed = request_freed,
	},
	{
		.path = "/janus.Janusd/DestroyGuard",
		.rpc_class = RPC_CLASS_WRITE,
		.received = destroy_received,
		.worked = destroy_worked,
		.cancelled = request_cancelled,
		.freed = request_freed,
	},
	{
		.path = "/janus.Janusd/GetGuardState",
		.rpc_class = RPC_CLASS_READ,
		.received = state_received,
		.sent = state_sent,
		.worked = state_worked,
		.cancelled = request_cancelled,
		.freed = request_freed,
	},
	{ .path = NULL },
};
