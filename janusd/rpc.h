/* SPDX-License-Identifier: MIT */
/*
 * A call and what its method does with it. rpc_call.c owns the batches of gRPC; a method
 * sees messages only. Everything here belongs to the gRPC thread, but for
 * rpc_call_tell().
 */
#ifndef JANUSD_RPC_H
#define JANUSD_RPC_H

#include <protobuf-c/protobuf-c.h>

#include <stdbool.h>
#include <stdint.h>

#include "status.h"
#include "wire.h"

struct health;
struct event_streams;
struct jobs;
struct limit_settings;
struct node_name;
struct reload;
struct rpc_call;

struct worker_note;

/* What there is to say of this worker. Never changes, but for what the keeper notes. */
struct rpc_facts {
	const char *instance; /* another one with each worker */
	int64_t start_time_ns;
	uint64_t deadline_ms;
	bool deny_on_failure;
	const struct worker_note *note;
};

/* What all methods know of the server. */
struct rpc_service {
	struct jobs *jobs;
	const struct node_name *node;
	const struct limit_settings *limits;
	const struct rpc_facts *facts;
	struct reload *reload; /* the main thread's: for its jobs only */
	struct health *health;
	bool serving; /* what health said last */
	struct event_streams *event_streams;
	bool draining; /* the daemon is about to end */
};

/* NULL: nothing to do. None is called after freed. */
struct rpc_method {
	const char *path; /* "/package.Service/Method"; NULL ends an array */
	/* Who may call it, enum rpc_class; 0: as RPC_CLASS_WRITE. Only those are audited. */
	uint32_t rpc_class;
	/* A message is there; borrowed. The next one comes after rpc_call_receive(). */
	void (*received)(struct rpc_call *call, struct wire_bytes message);
	/* The client has sent its last message. */
	void (*half_closed)(struct rpc_call *call);
	/* What rpc_call_send() sent is on its way. */
	void (*sent)(struct rpc_call *call);
	/* The main thread is done with the job: rpc_call_tell() was called. */
	void (*worked)(struct rpc_call *call);
	/* The daemon is about to end: finish what would go on for ever. */
	void (*draining)(struct rpc_call *call);
	/* What health says has changed. */
	void (*health_changed)(struct rpc_call *call);
	/* The client is gone, or its deadline is over: nothing can be sent any more. */
	void (*cancelled)(struct rpc_call *call);
	/* The last one: free the state. */
	void (*freed)(struct rpc_call *call);
};

extern const struct rpc_method rpc_legacy_methods[];
extern const struct rpc_method rpc_health_methods[];
extern const struct rpc_method rpc_reflection_methods[];
extern const struct rpc_method rpc_v1_methods[];
extern const struct rpc_method rpc_v1_reload_methods[];
extern const struct rpc_method rpc_v1_stream_methods[];

const struct rpc_service *rpc_call_service(const struct rpc_call *call);

/* The method's own; NULL at the beginning. */
void *rpc_call_state(const struct rpc_call *call);
void rpc_call_set_state(struct rpc_call *call, void *state);

/* For the audit line of a method that changes something; copied. NULL: not known. */
void rpc_call_concerns(struct rpc_call *call, const char *guard, const char *pod);

/* Whether anything can still be sent. */
bool rpc_call_is_open(const struct rpc_call *call);

/* Whether rpc_call_send() is under way, and sent() will be called. */
bool rpc_call_is_sending(const struct rpc_call *call);

/* Ask for the next message. */
void rpc_call_receive(struct rpc_call *call);

/* One message of a stream; the next one not before sent() was called. */
void rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message);

/* The same, of one that is packed already. */
void rpc_call_send_bytes(struct rpc_call *call, struct wire_bytes message);

/* A piece of trailing metadata for rpc_call_finish(); printable ASCII. Two at most. */
void rpc_call_add_trailer(struct rpc_call *call, const char *key, const char *value);

/*
 * The end, with a last message where @message is not NULL. Nothing happens on a dead
 * call.
 */
void rpc_call_finish(struct rpc_call *call, const ProtobufCMessage *message,
		     const struct status *status);

/* The same, with a last message that is packed already; its data NULL: none. */
void rpc_call_finish_bytes(struct rpc_call *call, struct wire_bytes message,
			   const struct status *status);

/* A job of this call goes to the main thread: the call lives until it comes back. */
void rpc_call_expect(struct rpc_call *call);

/* The job did not go after all. */
void rpc_call_unexpect(struct rpc_call *call);

/* From the main thread: the job is done. Leads to worked(). */
void rpc_call_tell(struct rpc_call *call);

#endif
