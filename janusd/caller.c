// SPDX-License-Identifier: MIT
#include "caller.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Of a hostile certificate; a SPIFFE id has 2,048 at most. */
#define NAME_MAX_BYTES 2048

/* The first of them is who a log line names. */
static const struct {
	const char *property;
	const char *kind;
} sources[] = {
	{ GRPC_PEER_URI_PROPERTY_NAME, "URI:" },
	{ GRPC_PEER_DNS_PROPERTY_NAME, "DNS:" },
	{ GRPC_X509_CN_PROPERTY_NAME, "CN:" },
};

/* Escaped, so that what is compared is what an operator has seen in the log. */
int caller_add_name(struct caller *caller, const char *kind, const char *value,
		    size_t length)
{
	struct text text = TEXT_INIT(4 * NAME_MAX_BYTES + 8);

	if (!length || length > NAME_MAX_BYTES || memchr(value, '\0', length))
		return 0;
	if (caller->name_count == CALLER_NAMES_MAX) {
		caller->has_more = true;
		return 0;
	}
	text_add_string(&text, kind);
	text_escape(&text, value, length);
	if (text.cut) {
		text_done(&text);
		return -1;
	}
	caller->names[caller->name_count++] = text.data;
	return 0;
}

static int read_names(struct caller *caller, const grpc_auth_context *context)
{
	for (size_t i = 0; i < ARRAY_COUNT(sources); i++) {
		grpc_auth_property_iterator each =
			grpc_auth_context_find_properties_by_name(context,
								  sources[i].property);
		const grpc_auth_property *property;

		while ((property = grpc_auth_property_iterator_next(&each)))
			if (caller_add_name(caller, sources[i].kind, property->value,
					    property->value_length))
				return -1;
	}
	return 0;
}

/* The scheme of gRPC's is left out where there is more than that. */
static void read_address(struct caller *caller, grpc_call *call)
{
	char *peer = grpc_call_get_peer(call);
	const char *text = peer ? peer : "";

	caller->is_local = !strncmp(text, "unix:", 5);
	if (!strncmp(text, "ipv4:", 5) || !strncmp(text, "ipv6:", 5))
		text += 5;
	text_quote(&caller->address, text);
	gpr_free(peer);
}

int caller_read(struct caller *ret, grpc_call *call)
{
	grpc_auth_context *context;
	int error = 0;

	memset(ret, 0, sizeof(*ret));
	read_address(ret, call);
	context = grpc_call_auth_context(call);
	if (context && grpc_auth_context_peer_is_authenticated(context))
		error = read_names(ret, context);
	grpc_auth_context_release(context);
	return error;
}

void caller_done(struct caller *caller)
{
	for (size_t i = 0; i < caller->name_count; i++)
		free(caller->names[i]);
	caller->name_count = 0;
}

const char *caller_text(const struct caller *caller, bool all, char buf[CALLER_TEXT_SIZE])
{
	size_t count = all ? caller->name_count : caller->name_count != 0;
	cleanup(text_done) struct text text = TEXT_INIT(CALLER_TEXT_SIZE - 1);

	for (size_t i = 0; i < count; i++) {
		struct text_quote cut;

		/* What is escaped already is escaped no more. */
		text_ascii(cut.text, sizeof(cut.text), caller->names[i]);
		if (i)
			text_add_string(&text, ",");
		text_add_string(&text, cut.text);
	}
	if (count)
		text_add_string(&text, "@");
	text_add_string(&text, caller->address.text);
	snprintf(buf, CALLER_TEXT_SIZE, "%s", text.data ? text.data : "");
	return buf;
}
