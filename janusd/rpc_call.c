// SPDX-License-Identifier: MIT
#include "rpc_call.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

#include <stdlib.h>
#include <string.h>

#include "log.h"

struct rpc_call *rpc_call_create(const struct rpc_service *service)
{
	struct rpc_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->service = service;
	for (int i = 0; i < RPC_STEP_COUNT; i++)
		call->tags[i] = (struct rpc_tag){ call, (enum rpc_step)i };
	grpc_call_details_init(&call->details);
	grpc_metadata_array_init(&call->metadata);
	return call;
}

void rpc_call_free(struct rpc_call *call)
{
	if (call->method && call->method->freed)
		call->method->freed(call);
	rpc_audit_free(call);
	if (call->link)
		*call->link = call->next;
	if (call->link && call->next)
		call->next->link = call->link;
	for (size_t i = 0; i < call->trailer_count; i++) {
		grpc_slice_unref(call->trailers[i].key);
		grpc_slice_unref(call->trailers[i].value);
	}
	grpc_byte_buffer_destroy(call->received);
	grpc_byte_buffer_destroy(call->outgoing);
	grpc_call_details_destroy(&call->details);
	grpc_metadata_array_destroy(&call->metadata);
	if (call->call)
		grpc_call_unref(call->call);
	free(call);
}

static void start(struct rpc_call *call, const grpc_op *ops, size_t count,
		  enum rpc_step step)
{
	grpc_call_error error = grpc_call_start_batch(call->call, ops, count,
						      &call->tags[step], NULL);

	if (error == GRPC_CALL_OK) {
		call->pending++;
		return;
	}
	/* A fault of ours: the call cannot go on, and its end is told by RPC_CLOSED. */
	log_error("grpc: %s on step %d of a call, which is cancelled",
		  grpc_call_error_to_string(error), (int)step);
	grpc_call_cancel(call->call, NULL);
}

static void watch_end(struct rpc_call *call)
{
	grpc_op op = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER };

	op.data.recv_close_on_server.cancelled = &call->was_cancelled;
	start(call, &op, 1, RPC_CLOSED);
}

void rpc_call_begin(struct rpc_call *call, const struct rpc_method *method)
{
	call->method = method;
	watch_end(call);
	rpc_call_receive(call);
}

void rpc_call_refuse(struct rpc_call *call, const struct status *status)
{
	watch_end(call);
	rpc_call_finish(call, NULL, status);
}

void rpc_call_receive(struct rpc_call *call)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	if (!rpc_call_is_open(call))
		return;
	op.data.recv_message.recv_message = &call->received;
	start(call, &op, 1, RPC_RECEIVED);
}

static grpc_byte_buffer *pack(const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	grpc_slice slice = grpc_slice_malloc(size);
	grpc_byte_buffer *buffer;

	protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
	buffer = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return buffer;
}

/* The ops that a batch begins with. Takes @buffer over. Return: how many. */
static size_t put_buffer(struct rpc_call *call, grpc_byte_buffer *buffer, grpc_op ops[2])
{
	size_t count = 0;

	if (!call->headers_sent)
		ops[count++].op = GRPC_OP_SEND_INITIAL_METADATA;
	call->headers_sent = true;
	if (!buffer)
		return count;
	grpc_byte_buffer_destroy(call->outgoing);
	call->outgoing = buffer;
	ops[count].op = GRPC_OP_SEND_MESSAGE;
	ops[count++].data.send_message.send_message = call->outgoing;
	return count;
}

static void send_buffer(struct rpc_call *call, grpc_byte_buffer *buffer)
{
	grpc_op ops[2] = { 0 };

	call->sending = true;
	start(call, ops, put_buffer(call, buffer, ops), RPC_SENT);
}

void rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message)
{
	if (rpc_call_is_open(call))
		send_buffer(call, pack(message));
}

static grpc_byte_buffer *buffer_of(struct wire_bytes message)
{
	grpc_slice slice = grpc_slice_from_copied_buffer((const char *)message.data,
							 message.size);
	grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

	grpc_slice_unref(slice);
	return buffer;
}

void rpc_call_send_bytes(struct rpc_call *call, struct wire_bytes message)
{
	if (rpc_call_is_open(call))
		send_buffer(call, buffer_of(message));
}

void rpc_call_add_trailer(struct rpc_call *call, const char *key, const char *value)
{
	grpc_metadata *trailer = &call->trailers[call->trailer_count];

	if (call->trailer_count == RPC_TRAILERS_MAX)
		return;
	trailer->key = grpc_slice_from_copied_string(key);
	trailer->value = grpc_slice_from_copied_string(value);
	call->trailer_count++;
}

/* Takes @buffer over. */
static void finish(struct rpc_call *call, grpc_byte_buffer *buffer,
		   const struct status *status)
{
	grpc_slice text = grpc_slice_from_copied_string(status->message);
	grpc_op ops[3] = { 0 };
	size_t count = put_buffer(call, buffer, ops);

	ops[count].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	ops[count].data.send_status_from_server.status = (grpc_status_code)status->code;
	ops[count].data.send_status_from_server.status_details = &text;
	ops[count].data.send_status_from_server.trailing_metadata = call->trailers;
	ops[count].data.send_status_from_server.trailing_metadata_count =
		call->trailer_count;
	call->finished = true;
	call->code = status->code;
	start(call, ops, count + 1, RPC_FINISHED);
	grpc_slice_unref(text);
}

void rpc_call_finish(struct rpc_call *call, const ProtobufCMessage *message,
		     const struct status *status)
{
	rpc_audit_end(call, status->code);
	if (rpc_call_is_open(call))
		finish(call, message ? pack(message) : NULL, status);
}

void rpc_call_finish_bytes(struct rpc_call *call, struct wire_bytes message,
			   const struct status *status)
{
	rpc_audit_end(call, status->code);
	if (rpc_call_is_open(call))
		finish(call, message.data ? buffer_of(message) : NULL, status);
}

void rpc_call_expect(struct rpc_call *call)
{
	call->pending++;
}

void rpc_call_unexpect(struct rpc_call *call)
{
	call->pending--;
}

void rpc_call_tell(struct rpc_call *call)
{
	/*
	 * An empty batch does nothing but post its tag, also on a call that is over; and
	 * the queue is there as long as a call is.
	 */
	if (grpc_call_start_batch(call->call, NULL, 0, &call->tags[RPC_WORKED], NULL))
		log_error("grpc: a finished job could not be told to the gRPC thread");
}

const struct rpc_service *rpc_call_service(const struct rpc_call *call)
{
	return call->service;
}

void *rpc_call_state(const struct rpc_call *call)
{
	return call->state;
}

void rpc_call_set_state(struct rpc_call *call, void *state)
{
	call->state = state;
}

bool rpc_call_is_open(const struct rpc_call *call)
{
	return !call->closed && !call->finished;
}

bool rpc_call_is_sending(const struct rpc_call *call)
{
	return call->sending;
}

static void take_message(struct rpc_call *call, grpc_byte_buffer *buffer)
{
	const struct status compressed = { STATUS_UNIMPLEMENTED,
					   "request: compressed messages are not taken" };
	grpc_byte_buffer_reader reader;
	struct wire_bytes bytes;
	grpc_slice slice;

	if (buffer->type != GRPC_BB_RAW ||
	    buffer->data.raw.compression != GRPC_COMPRESS_NONE ||
	    !grpc_byte_buffer_reader_init(&reader, buffer)) {
		rpc_call_finish(call, NULL, &compressed);
		return;
	}
	slice = grpc_byte_buffer_reader_readall(&reader);
	bytes.data = GRPC_SLICE_START_PTR(slice);
	bytes.size = GRPC_SLICE_LENGTH(slice);
	call->method->received(call, bytes);
	grpc_slice_unref(slice);
	grpc_byte_buffer_reader_destroy(&reader);
}

static void on_received(struct rpc_call *call)
{
	const struct status nothing = { STATUS_INVALID_ARGUMENT,
					"request: the client sent no message" };
	grpc_byte_buffer *buffer = call->received;

	call->received = NULL;
	if (buffer && rpc_call_is_open(call))
		take_message(call, buffer);
	else if (grpc_call_failed_before_recv_message(call->call))
		; /* too long, or the client is gone: gRPC ends the call */
	else if (rpc_call_is_open(call) && call->method->half_closed)
		call->method->half_closed(call);
	else
		rpc_call_finish(call, NULL, &nothing);
	grpc_byte_buffer_destroy(buffer);
}

static void on_closed(struct rpc_call *call)
{
	bool was_open = rpc_call_is_open(call);

	call->closed = true;
	if (was_open && call->method && call->method->cancelled)
		call->method->cancelled(call);
}

bool rpc_call_step(struct rpc_call *call, enum rpc_step step, bool ok)
{
	call->pending--;
	switch (step) {
	case RPC_CLOSED:
		on_closed(call);
		break;
	case RPC_RECEIVED:
		on_received(call);
		break;
	case RPC_SENT:
		call->sending = false;
		if (ok && rpc_call_is_open(call) && call->method->sent)
			call->method->sent(call);
		break;
	case RPC_WORKED:
		if (call->method->worked)
			call->method->worked(call);
		break;
	default:
		break;
	}
	return !call->pending;
}
