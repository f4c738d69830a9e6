// SPDX-License-Identifier: MIT
/*
 * Owns the channel, its credentials and the queue. One call at a time, and for each of its
 * batches one wait: the call's deadline ends all of them.
 */
#include "client.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pem.h"
#include "target.h"
#include "util.h"

struct client {
	grpc_channel *channel;
	grpc_completion_queue *queue;
};

/* What the batches of a call write to, and is freed after the last one has ended. */
struct exchange {
	grpc_call *call;
	grpc_byte_buffer *request;
	grpc_byte_buffer *message;
	grpc_metadata_array initial;
	grpc_metadata_array trailing;
	grpc_status_code code;
	grpc_slice details;
};

/*
 * The first error that gRPC tells, from any of its threads. Most failures of connections are
 * told by the status of the call; why a certificate cannot be used is told here alone.
 */
static struct {
	pthread_mutex_t mutex;
	char text[256];
} first_log = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void keep_log(gpr_log_func_args *args)
{
	if (args->severity != GPR_LOG_SEVERITY_ERROR)
		return;
	pthread_mutex_lock(&first_log.mutex);
	if (!first_log.text[0])
		snprintf(first_log.text, sizeof(first_log.text), "%s", args->message);
	pthread_mutex_unlock(&first_log.mutex);
}

/* The message of a call's status, with what else is known of it. NULL: no memory. */
static char *make_message(const struct exchange *exchange)
{
	int length = (int)GRPC_SLICE_LENGTH(exchange->details);
	const char *details = (const char *)GRPC_SLICE_START_PTR(exchange->details);
	char *message;

	pthread_mutex_lock(&first_log.mutex);
	if (exchange->code != GRPC_STATUS_UNAVAILABLE || !first_log.text[0])
		message = strndup(details, (size_t)length);
	else if (asprintf(&message, "%.*s (%s)", length, details, first_log.text) < 0)
		message = NULL;
	pthread_mutex_unlock(&first_log.mutex);
	return message;
}

static grpc_channel_credentials *make_credentials(const struct client_options *options,
						  char *error)
{
	grpc_ssl_pem_key_cert_pair pair = { NULL, NULL };
	grpc_channel_credentials *credentials = NULL;
	bool has_pair = options->tls_cert_file != NULL;
	char *ca = NULL, *cert = NULL, *key = NULL;

	if (!options->tls_ca_file)
		return grpc_insecure_credentials_create();
	if (pem_read(options->tls_ca_file, &ca, error, CLIENT_ERROR_SIZE))
		return NULL;
	if (!has_pair ||
	    (!pem_read(options->tls_cert_file, &cert, error, CLIENT_ERROR_SIZE) &&
	     !pem_read(options->tls_key_file, &key, error, CLIENT_ERROR_SIZE))) {
		pair.cert_chain = cert;
		pair.private_key = key;
		credentials = grpc_ssl_credentials_create(ca, has_pair ? &pair : NULL,
							  NULL, NULL);
		if (!credentials)
			snprintf(error, CLIENT_ERROR_SIZE,
				 "the TLS files cannot be used");
	}
	pem_free(ca);
	pem_free(cert);
	pem_free(key);
	return credentials;
}

static grpc_channel *make_channel(const struct client_options *options, char *error)
{
	/* Neither a proxy of the environment nor a DNS record has a say in who is janusd. */
	grpc_arg args[] = {
		{ .type = GRPC_ARG_INTEGER, .key = (char *)GRPC_ARG_ENABLE_HTTP_PROXY },
		{ .type = GRPC_ARG_INTEGER,
		  .key = (char *)GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION,
		  .value.integer = 1 },
	};
	grpc_channel_args list = { ARRAY_COUNT(args), args };
	autofree char *target = target_create(options->address);
	grpc_channel_credentials *credentials;
	grpc_channel *channel;

	if (!target) {
		snprintf(error, CLIENT_ERROR_SIZE, "no memory for the address");
		return NULL;
	}
	credentials = make_credentials(options, error);
	if (!credentials)
		return NULL;
	channel = grpc_channel_create(target, credentials, &list);
	grpc_channel_credentials_release(credentials);
	if (!channel)
		snprintf(error, CLIENT_ERROR_SIZE,
			 "gRPC makes no channel of the address");
	return channel;
}

int client_create(struct client **ret, const struct client_options *options,
		  char error[CLIENT_ERROR_SIZE])
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client) {
		snprintf(error, CLIENT_ERROR_SIZE, "no memory for the client");
		return -1;
	}
	gpr_set_log_function(keep_log);
	/* As other programs find hosts: by nsswitch.conf. The user's word goes before ours. */
	setenv("GRPC_DNS_RESOLVER", "native", 0);
	grpc_init();
	client->channel = make_channel(options, error);
	if (!client->channel) {
		client_destroy(client);
		return -1;
	}
	client->queue = grpc_completion_queue_create_for_pluck(NULL);
	*ret = client;
	return 0;
}

void client_destroy(struct client *client)
{
	if (!client)
		return;
	if (client->channel)
		grpc_channel_destroy(client->channel);
	if (client->queue) {
		grpc_completion_queue_shutdown(client->queue);
		grpc_completion_queue_destroy(client->queue);
	}
	grpc_shutdown_blocking();
	free(client);
}

static bool start(struct exchange *exchange, const grpc_op *ops, size_t count, void *tag)
{
	return grpc_call_start_batch(exchange->call, ops, count, tag, NULL) ==
	       GRPC_CALL_OK;
}

static bool wait_for(struct client *client, void *tag)
{
	grpc_event event = grpc_completion_queue_pluck(
		client->queue, tag, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

	return event.type == GRPC_OP_COMPLETE && event.success;
}

static int hand_over(const struct client_call *call, grpc_byte_buffer *message)
{
	grpc_byte_buffer_reader reader;
	grpc_slice slice;
	int result;

	if (!grpc_byte_buffer_reader_init(&reader, message))
		return -1;
	slice = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	result = call->take(call->userdata, GRPC_SLICE_START_PTR(slice),
			    GRPC_SLICE_LENGTH(slice));
	grpc_slice_unref(slice);
	return result;
}

static void give_up(struct exchange *exchange, int result)
{
	if (result > 0)
		grpc_call_cancel(exchange->call, NULL);
	else
		grpc_call_cancel_with_status(exchange->call, GRPC_STATUS_INTERNAL,
					     "the answer makes no sense", NULL);
}

/* Until the answer ends, or the call. */
static void receive(struct client *client, struct exchange *exchange,
		    const struct client_call *call)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	op.data.recv_message.recv_message = &exchange->message;
	while (start(exchange, &op, 1, &exchange->message)) {
		int result;

		if (!wait_for(client, &exchange->message) || !exchange->message)
			return;
		result = hand_over(call, exchange->message);
		grpc_byte_buffer_destroy(exchange->message);
		exchange->message = NULL;
		if (result) {
			give_up(exchange, result);
			return;
		}
	}
}

static void run(struct client *client, struct exchange *exchange,
		const struct client_call *call)
{
	grpc_op request[] = {
		{ .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_SEND_MESSAGE },
		{ .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT },
		{ .op = GRPC_OP_RECV_INITIAL_METADATA },
	};
	grpc_op status = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };

	request[1].data.send_message.send_message = exchange->request;
	request[3].data.recv_initial_metadata.recv_initial_metadata = &exchange->initial;
	status.data.recv_status_on_client.trailing_metadata = &exchange->trailing;
	status.data.recv_status_on_client.status = &exchange->code;
	status.data.recv_status_on_client.status_details = &exchange->details;
	if (!start(exchange, &status, 1, &exchange->code))
		return;
	if (start(exchange, request, ARRAY_COUNT(request), exchange)) {
		/* Where it fails the status tells why. */
		if (wait_for(client, exchange))
			receive(client, exchange, call);
	} else {
		grpc_call_cancel(exchange->call, NULL);
	}
	wait_for(client, &exchange->code);
}

static char *copy_slice(grpc_slice slice)
{
	return strndup((const char *)GRPC_SLICE_START_PTR(slice),
		       GRPC_SLICE_LENGTH(slice));
}

/* NULL: there is no such key, or no memory. */
static char *copy_metadata(const grpc_metadata_array *array, const char *key)
{
	for (size_t i = 0; i < array->count; i++)
		if (!grpc_slice_str_cmp(array->metadata[i].key, key))
			return copy_slice(array->metadata[i].value);
	return NULL;
}

static void exchange_done(struct exchange *exchange)
{
	grpc_byte_buffer_destroy(exchange->request);
	grpc_metadata_array_destroy(&exchange->initial);
	grpc_metadata_array_destroy(&exchange->trailing);
	grpc_slice_unref(exchange->details);
	grpc_call_unref(exchange->call);
}

static gpr_timespec deadline_of(const struct client_call *call)
{
	if (!call->timeout_ms)
		return gpr_inf_future(GPR_CLOCK_MONOTONIC);
	return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
			    gpr_time_from_millis(call->timeout_ms, GPR_TIMESPAN));
}

int client_call(struct client *client, const struct client_call *call,
		struct client_result *ret)
{
	gpr_timespec deadline = deadline_of(call);
	struct exchange exchange = { .code = GRPC_STATUS_INTERNAL,
				     .details = grpc_empty_slice() };
	grpc_slice request = grpc_slice_from_copied_buffer((const char *)call->request,
							   call->request_size);

	grpc_metadata_array_init(&exchange.initial);
	grpc_metadata_array_init(&exchange.trailing);
	exchange.request = grpc_raw_byte_buffer_create(&request, 1);
	grpc_slice_unref(request);
	exchange.call = grpc_channel_create_call(
		client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, client->queue,
		grpc_slice_from_static_string(call->method), NULL, deadline, NULL);
	run(client, &exchange, call);

	ret->code = exchange.code;
	ret->message = make_message(&exchange);
	ret->skipped = copy_metadata(&exchange.trailing, "janus-skipped");
	ret->skipped_first = copy_metadata(&exchange.trailing, "janus-skipped-first");
	exchange_done(&exchange);
	if (ret->message)
		return 0;
	client_result_done(ret);
	return -1;
}

void client_result_done(struct client_result *result)
{
	free(result->message);
	free(result->skipped);
	free(result->skipped_first);
	memset(result, 0, sizeof(*result));
}

const char *client_code_name(int code)
{
	static const char *const names[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	return code >= 0 && (size_t)code < ARRAY_COUNT(names) ? names[code] : "UNKNOWN";
}
