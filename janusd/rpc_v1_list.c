// SPDX-License-Identifier: MIT
/*
 * ListGuards. The response is put together guard by guard, as bytes: a message of a thousand
 * guards need not be there at once. A token is the number of the last guard that was told.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_v1.h"
#include "text.h"
#include "util.h"
#include "v1_message.h"

#define PAGE_MAX 1000
/* A page ends with the guard that reaches this: clients take 4 MiB, if they are not told. */
#define PAGE_BYTES ((size_t)512 << 10)

#define TOKEN_PREFIX "g"
#define TOKEN_SIZE 24

/* Field numbers of the response, as tags of length-delimited fields. */
#define TAG_GUARDS 0x0a

struct page {
	uint8_t *data;
	size_t size;
	size_t room;
	uint32_t count;
};

static int parse_token(const char *token, uint64_t *ret)
{
	const size_t prefix = strlen(TOKEN_PREFIX);
	char *end;

	*ret = 0;
	if (!*token)
		return 0;
	if (strncmp(token, TOKEN_PREFIX, prefix) != 0 || strlen(token) != prefix + 16 ||
	    strspn(token + prefix, "0123456789abcdef") != 16)
		return -1;
	*ret = strtoull(token + prefix, &end, 16);
	return 0;
}

static int check_list(struct v1_call *call)
{
	const Janus__V1__ListGuardsRequest *request = (const void *)call->message.message;
	struct text_quote quote;
	uint64_t after;

	if (request->page_size > PAGE_MAX)
		return status_set(&call->status, STATUS_INVALID_ARGUMENT,
				  "page_size: %" PRIu32 " is more than %d",
				  request->page_size, PAGE_MAX);
	if (parse_token(request->page_token, &after))
		return status_set(&call->status, STATUS_INVALID_ARGUMENT,
				  "page_token: '%s' is none of ours",
				  text_quote(&quote, request->page_token));
	return 0;
}

static int make_room(struct page *page, size_t size)
{
	size_t room = page->room ? page->room : 4096;
	uint8_t *data;

	while (room - page->size < size)
		room *= 2;
	if (room == page->room)
		return 0;
	data = realloc(page->data, room);
	if (!data)
		return -1;
	page->data = data;
	page->room = room;
	return 0;
}

static void put_varint(struct page *page, size_t value)
{
	for (; value >= 0x80; value >>= 7)
		page->data[page->size++] = (uint8_t)(value | 0x80);
	page->data[page->size++] = (uint8_t)value;
}

static int put_message(struct page *page, const ProtobufCMessage *message)
{
	const size_t size = protobuf_c_message_get_packed_size(message);

	if (make_room(page, size + 16))
		return -1;
	page->data[page->size++] = TAG_GUARDS;
	put_varint(page, size);
	page->size += protobuf_c_message_pack(message, page->data + page->size);
	return 0;
}

static int put_guard(struct page *page, const struct guard *guard, bool status_only)
{
	cleanup(v1_status_done) struct v1_status status = { 0 };
	Janus__V1__ListedGuard listed = JANUS__V1__LISTED_GUARD__INIT;
	Janus__V1__GuardKey key = JANUS__V1__GUARD_KEY__INIT;
	const Janus__V1__Guard *message = guard->config->guard;

	if (v1_status_init(&status, guard))
		return -1;
	key.name = message->name;
	key.pod = message->pod;
	key.node = message->node;
	listed.key = &key;
	listed.guard = status_only ? NULL : (Janus__V1__Guard *)(uintptr_t)message;
	listed.status = &status.status;
	page->count++;
	return put_message(page, &listed.base);
}

/* Fields of one message may be packed one by one. */
static int put_token(struct page *page, uint64_t after)
{
	Janus__V1__ListGuardsResponse rest = JANUS__V1__LIST_GUARDS_RESPONSE__INIT;
	char token[TOKEN_SIZE];

	snprintf(token, sizeof(token), TOKEN_PREFIX "%016" PRIx64, after);
	rest.next_page_token = token;
	if (make_room(page, protobuf_c_message_get_packed_size(&rest.base)))
		return -1;
	page->size += protobuf_c_message_pack(&rest.base, page->data + page->size);
	return 0;
}

/* Return: the next guard after @serial that is meant; NULL: there is none. */
static const struct guard *next(const struct guards *guards, uint64_t serial,
				const char *pod)
{
	const struct guard *guard = guards_next(guards, serial);

	while (guard && *pod && strcmp(guard->config->pod, pod) != 0)
		guard = guards_next(guards, guard->serial);
	return guard;
}

static int fill(struct page *page, const Janus__V1__ListGuardsRequest *request,
		const struct guards *guards)
{
	const uint32_t most = request->page_size ? request->page_size : PAGE_MAX;
	const struct guard *guard;
	uint64_t after;

	if (parse_token(request->page_token, &after) || make_room(page, 1))
		return -1;
	while ((guard = next(guards, after, request->pod))) {
		if (page->count == most || page->size >= PAGE_BYTES)
			return put_token(page, after);
		if (put_guard(page, guard, request->status_only))
			return -1;
		after = guard->serial;
	}
	return 0;
}

static void run_list(struct v1_call *call, struct guards *guards)
{
	struct page page = { 0 };

	if (fill(&page, (const void *)call->message.message, guards)) {
		free(page.data);
		status_set(&call->status, STATUS_RESOURCE_EXHAUSTED,
			   "request: no memory for the answer");
		return;
	}
	call->answer = (struct wire_bytes){ page.data, page.size };
}

const struct v1_method v1_list_guards = {
	.request = &janus__v1__list_guards_request__descriptor,
	.check = check_list,
	.run = run_list,
	.answer_bytes = PAGE_BYTES,
};
