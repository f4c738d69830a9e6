/* SPDX-License-Identifier: MIT */
/*
 * What the methods of janus.v1.GuardService share (rpc_v1.c): a request is unpacked and checked
 * on the gRPC thread, carried out on the main thread, which packs the answer, and answered on
 * the gRPC thread. A struct v1_call belongs to one of the two at a time, see jobs.h.
 */
#ifndef JANUSD_RPC_V1_H
#define JANUSD_RPC_V1_H

#include "codec.h"
#include "guards.h"
#include "jobs.h"
#include "rpc.h"

struct v1_call;

/* One method. */
struct v1_method {
	const ProtobufCMessageDescriptor *request;
	/* On the gRPC thread; NULL: nothing to check. Return: 0, or -1 with call->status. */
	int (*check)(struct v1_call *call);
	/* On the main thread: call->status, or an answer. */
	void (*run)(struct v1_call *call, struct guards *guards);
	size_t answer_bytes;     /* that it may take, beside what every answer takes */
	const char *log_refusal; /* of requests for a change: its name, else NULL */
};

struct v1_call {
	struct job job;
	struct rpc_call *call;
	const struct v1_method *method;
	const struct rpc_service *service; /* what of it never changes */
	struct codec_message message;
	struct guard_config *config; /* ApplyGuard, until the registry has it */
	struct status status;
	struct wire_bytes answer; /* packed; freed with the call */
};

/* On the main thread: @message becomes the answer. Without memory the status says so. */
void v1_answer(struct v1_call *call, const ProtobufCMessage *message);

/* rpc_v1_guards.c */
extern const struct v1_method v1_apply_guard;
extern const struct v1_method v1_delete_guard;
extern const struct v1_method v1_get_guard;

/* rpc_v1_list.c */
extern const struct v1_method v1_list_guards;

/* rpc_v1_status.c */
extern const struct v1_method v1_get_status;

/* rpc_v1_lookup.c */
extern const struct v1_method v1_lookup_container;

#endif
