/* SPDX-License-Identifier: MIT */
/*
 * Mutual TLS: the three files, read again at each handshake, so that new certificates
 * count without a restart. Bad files leave the last good ones in force. One for each
 * listener, for each of them has to be told of new files.
 */
#ifndef JANUSD_TLS_H
#define JANUSD_TLS_H

#include <grpc/grpc_security.h>

#include <stdint.h>

struct tls;

/*
 * Reads the files once, so that a missing one is told at the start. Strings are not
 * copied. Return: 0, or -1: logged.
 */
int tls_create(struct tls **ret, const char *ca_file, const char *cert_file,
	       const char *key_file);

/*
 * When the certificate of this server ends, which is in use, or about to be at the next handshake;
 * seconds since 1970, 0: not known. From any thread.
 */
int64_t tls_expiry(const struct tls *tls);

/* After the listener that uses its credentials is gone. */
void tls_destroy(struct tls *tls);

/* Ownership: the caller releases them; they refer to @tls. NULL: gRPC refused. */
grpc_server_credentials *tls_credentials(struct tls *tls);

#endif
