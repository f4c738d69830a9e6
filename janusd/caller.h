/* SPDX-License-Identifier: MIT */
/*
 * Who has called, as far as gRPC knows: the names in the certificate, the address. Decides
 * nothing, see clients.h. What is kept is escaped, for all of it is printed. On the gRPC thread.
 */
#ifndef JANUSD_CALLER_H
#define JANUSD_CALLER_H

#include <grpc/grpc.h>

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define CALLER_NAMES_MAX 32

struct caller {
	bool is_local;                 /* on a unix socket */
	char *names[CALLER_NAMES_MAX]; /* "URI:...", "DNS:...", "CN:..." */
	size_t name_count;
	bool has_more; /* than can be kept: the others do not count */
	struct text_quote address;
};

/* Return: 0, or -1: no memory. In either case caller_done() follows. */
int caller_read(struct caller *ret, grpc_call *call);

/* Another name: @kind is "URI:", "DNS:" or "CN:". One with a NUL in it is nobody's. */
int caller_add_name(struct caller *caller, const char *kind, const char *value,
		    size_t length);

void caller_done(struct caller *caller);

#define CALLER_TEXT_SIZE 512

/* For people: NAME@ADDRESS, or all names of it where @all. */
const char *caller_text(const struct caller *caller, bool all,
			char buf[CALLER_TEXT_SIZE]);

#endif
