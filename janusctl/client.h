/* SPDX-License-Identifier: MIT */
/*
 * A channel to janusd and one call at a time over it. Owns gRPC from client_create() to
 * client_destroy(); knows nothing of what the bytes of a message mean.
 */
#ifndef JANUSCTL_CLIENT_H
#define JANUSCTL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#define CLIENT_ERROR_SIZE 512

struct client;

struct client_options {
	const char *address;
	const char *tls_ca_file;   /* NULL: no TLS */
	const char *tls_cert_file; /* NULL: no certificate is shown */
	const char *tls_key_file;
};

/* What a call came to. */
struct client_result {
	int code;            /* as grpc_status_code */
	char *message;       /* never NULL */
	char *skipped;       /* the metadata janus-skipped; NULL: none */
	char *skipped_first; /* janus-skipped-first, likewise */
};

struct client_call {
	const char *method; /* "/PACKAGE.SERVICE/METHOD" */
	const uint8_t *request;
	size_t request_size;
	int64_t timeout_ms; /* 0: none */

	/*
	 * Is given each message of the answer. Above 0: no more of them are wanted; below: it
	 * makes no sense. Both end the call.
	 */
	int (*take)(void *userdata, const uint8_t *message, size_t size);
	void *userdata;
};

/* Return: 0, or -1 with one line in @error. Does not connect yet. */
int client_create(struct client **ret, const struct client_options *options,
		  char error[CLIENT_ERROR_SIZE]);
void client_destroy(struct client *client);

/* Call and wait, at most for the timeout. Return: 0, or -1: no memory. */
int client_call(struct client *client, const struct client_call *call,
		struct client_result *ret);
void client_result_done(struct client_result *result);

/* "NOT_FOUND" and the like. */
const char *client_code_name(int code);

#endif
