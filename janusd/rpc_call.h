/* SPDX-License-Identifier: MIT */
/*
 * The inside of a call: one object from the moment gRPC is asked for a call until the
 * last batch has come back. Its tags are part of it, so nothing is allocated for a batch.
 * Belongs to the gRPC thread.
 */
#ifndef JANUSD_RPC_CALL_H
#define JANUSD_RPC_CALL_H

#include <grpc/grpc.h>

#include "rpc.h"

struct settings;

enum rpc_step {
	RPC_NEW,      /* a call has come in, or the server shuts down */
	RPC_CLOSED,   /* the call is over, for whatever reason */
	RPC_RECEIVED, /* a message, or the end of them */
	RPC_SENT,
	RPC_FINISHED,
	RPC_WORKED, /* the main thread is done */
	RPC_STEP_COUNT,
};

/* What comes back from the completion queue. */
struct rpc_tag {
	struct rpc_call *call; /* NULL: a tag of the server's */
	enum rpc_step step;
};

#define RPC_TRAILERS_MAX 2

struct rpc_call {
	struct rpc_call *next, **link; /* in the server's list, once there is a method */
	const struct rpc_service *service;
	const struct rpc_method *method;
	void *state;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array metadata;
	struct rpc_tag tags[RPC_STEP_COUNT];
	unsigned int pending; /* tags that have to come back */
	int was_cancelled;
	bool closed;
	bool finished;
	uint32_t code; /* of one that is finished */
	bool headers_sent;
	bool sending;
	grpc_byte_buffer *received;
	grpc_byte_buffer *outgoing;
	grpc_metadata trailers[RPC_TRAILERS_MAX];
	size_t trailer_count;
	struct rpc_audit
		*audit; /* of a method that changes something, until it is told */
};

struct rpc_call *rpc_call_create(const struct rpc_service *service);

/* The call has come in: find out when it is over, and ask for its first message. */
void rpc_call_begin(struct rpc_call *call, const struct rpc_method *method);

/* The call has come in, and all it gets is @status. */
void rpc_call_refuse(struct rpc_call *call, const struct status *status);

/* A tag came back. Return: whether that was the last one; then the call must be freed. */
bool rpc_call_step(struct rpc_call *call, enum rpc_step step, bool ok);

void rpc_call_free(struct rpc_call *call);

/*
 * Whether whoever has called may call @method, rpc_admit.c. If so, rpc_call_begin() is next; if
 * not, the call has been refused.
 */
bool rpc_admit(struct rpc_call *call, const struct rpc_method *method,
	       const struct settings *settings);

/* The audit line, rpc_audit.c. */

/* @what: the method, static. @by: who has called, escaped; copied. */
void rpc_audit_begin(struct rpc_call *call, const char *what, const char *by);

/* Written once, with the first status. */
void rpc_audit_end(struct rpc_call *call, uint32_t code);

void rpc_audit_free(struct rpc_call *call);

#endif
