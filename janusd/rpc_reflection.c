// SPDX-License-Identifier: MIT
/*
 * grpc.reflection.v1 and v1alpha: tells clients what this server speaks, out of the
 * descriptor set that the build put in. Both versions are the same bytes on the wire.
 * None of our files imports another one, so one file is always the whole answer; and
 * there are no extensions.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "descriptor_set.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc.h"
#include "settings.h"
#include "text.h"

/* Field numbers of google/protobuf/descriptor.proto. */
enum descriptor_field {
	SET_FILE = 1,
	NAME = 1, /* of a file, message, field, enum, value, service, method */
	FILE_PACKAGE = 2,
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	MESSAGE_ONEOF = 8,
	ENUM_VALUE = 2,
	SERVICE_METHOD = 2,
};

#define SERVICES_MAX 8
#define NAME_SIZE 128

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;

#define REQUEST_CASE(name)                                                               \
	GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define RESPONSE_CASE(name)                                                              \
	GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

/* The next field @number in @rest. Return: whether there is one. */
static bool next_part(struct wire_bytes *rest, uint32_t number, struct wire_bytes *ret)
{
	struct wire_field field;

	while (wire_next(rest, &field) > 0)
		if (field.number == number && field.type == WIRE_BYTES) {
			*ret = field.bytes;
			return true;
		}
	return false;
}

static struct wire_bytes part_of(struct wire_bytes bytes, uint32_t number)
{
	struct wire_bytes part = { (const uint8_t *)"", 0 };

	next_part(&bytes, number, &part);
	return part;
}

/*
 * If the dotted @symbol begins with @name: what comes behind, "" at the end. NULL: it
 * does not.
 */
static const char *behind(const char *symbol, struct wire_bytes name)
{
	if (!symbol || strncmp(symbol, (const char *)name.data, name.size) != 0)
		return NULL;
	symbol += name.size;
	if (*symbol && *symbol != '.')
		return NULL;
	return *symbol ? symbol + 1 : symbol;
}

/* Whether a part @number of @bytes is called exactly @symbol. */
static bool has_leaf(struct wire_bytes bytes, uint32_t number, const char *symbol)
{
	struct wire_bytes part;

	while (next_part(&bytes, number, &part)) {
		const char *rest = behind(symbol, part_of(part, NAME));

		if (rest && !*rest)
			return true;
	}
	return false;
}

/* Values of an enum stand beside it, not in it. */
static bool has_enum(struct wire_bytes bytes, uint32_t number, const char *symbol)
{
	struct wire_bytes part;

	if (has_leaf(bytes, number, symbol))
		return true;
	while (next_part(&bytes, number, &part))
		if (has_leaf(part, ENUM_VALUE, symbol))
			return true;
	return false;
}

static bool has_service(struct wire_bytes file, const char *symbol)
{
	struct wire_bytes part;

	while (next_part(&file, FILE_SERVICE, &part)) {
		const char *rest = behind(symbol, part_of(part, NAME));

		if (rest && (!*rest || has_leaf(part, SERVICE_METHOD, rest)))
			return true;
	}
	return false;
}

/* As deep as our own descriptors nest, whatever the symbol says. */
static bool has_message(struct wire_bytes bytes, uint32_t number, const char *symbol)
{
	struct wire_bytes part;

	while (next_part(&bytes, number, &part)) {
		const char *rest = behind(symbol, part_of(part, NAME));

		if (!rest)
			continue;
		if (!*rest || has_leaf(part, MESSAGE_FIELD, rest) ||
		    has_leaf(part, MESSAGE_ONEOF, rest) ||
		    has_enum(part, MESSAGE_ENUM, rest) ||
		    has_message(part, MESSAGE_NESTED, rest))
			return true;
	}
	return false;
}

static bool has_symbol(struct wire_bytes file, const char *symbol)
{
	const char *rest = behind(symbol, part_of(file, FILE_PACKAGE));

	return rest && *rest &&
	       (has_message(file, FILE_MESSAGE, rest) ||
		has_enum(file, FILE_ENUM, rest) || has_service(file, rest));
}

static bool has_name(struct wire_bytes file, const char *name)
{
	struct wire_bytes own = part_of(file, NAME);

	return own.size == strlen(name) && !memcmp(own.data, name, own.size);
}

static bool find_file(bool (*fits)(struct wire_bytes, const char *), const char *word,
		      struct wire_bytes *ret)
{
	struct wire_bytes rest = { descriptor_set, descriptor_set_size };

	while (next_part(&rest, SET_FILE, ret))
		if (fits(*ret, word))
			return true;
	return false;
}

/* What an answer points to. */
struct parts {
	Grpc__Reflection__V1__FileDescriptorResponse file;
	ProtobufCBinaryData bytes;
	Grpc__Reflection__V1__ExtensionNumberResponse numbers;
	Grpc__Reflection__V1__ListServiceResponse list;
	Grpc__Reflection__V1__ServiceResponse services[SERVICES_MAX];
	Grpc__Reflection__V1__ServiceResponse *service_list[SERVICES_MAX];
	char names[SERVICES_MAX][NAME_SIZE];
	Grpc__Reflection__V1__ErrorResponse error;
	char message[TEXT_QUOTE_SIZE + 32];
};

static void answer_error(reflection_response *response, struct parts *parts,
			 const char *what, const char *word)
{
	struct text_quote quote;

	snprintf(parts->message, sizeof(parts->message), "%s '%s' is unknown", what,
		 text_quote(&quote, word));
	grpc__reflection__v1__error_response__init(&parts->error);
	parts->error.error_code = STATUS_NOT_FOUND;
	parts->error.error_message = parts->message;
	response->message_response_case = RESPONSE_CASE(ERROR_RESPONSE);
	response->error_response = &parts->error;
}

static void answer_file(reflection_response *response, struct parts *parts,
			struct wire_bytes file)
{
	parts->bytes.data = (uint8_t *)(uintptr_t)file.data;
	parts->bytes.len = file.size;
	grpc__reflection__v1__file_descriptor_response__init(&parts->file);
	parts->file.n_file_descriptor_proto = 1;
	parts->file.file_descriptor_proto = &parts->bytes;
	response->message_response_case = RESPONSE_CASE(FILE_DESCRIPTOR_RESPONSE);
	response->file_descriptor_response = &parts->file;
}

static void answer_numbers(reflection_response *response, struct parts *parts, char *type)
{
	grpc__reflection__v1__extension_number_response__init(&parts->numbers);
	parts->numbers.base_type_name = type;
	response->message_response_case = RESPONSE_CASE(ALL_EXTENSION_NUMBERS_RESPONSE);
	response->all_extension_numbers_response = &parts->numbers;
}

static void add_services(struct parts *parts, struct wire_bytes file)
{
	struct wire_bytes package = part_of(file, FILE_PACKAGE);
	struct wire_bytes service;

	while (parts->list.n_service < SERVICES_MAX &&
	       next_part(&file, FILE_SERVICE, &service)) {
		size_t i = parts->list.n_service++;
		struct wire_bytes name = part_of(service, NAME);

		snprintf(parts->names[i], NAME_SIZE, "%.*s.%.*s", (int)package.size,
			 (const char *)package.data, (int)name.size,
			 (const char *)name.data);
		grpc__reflection__v1__service_response__init(&parts->services[i]);
		parts->services[i].name = parts->names[i];
		parts->service_list[i] = &parts->services[i];
	}
}

static void answer_services(reflection_response *response, struct parts *parts)
{
	struct wire_bytes rest = { descriptor_set, descriptor_set_size };
	struct wire_bytes file;

	grpc__reflection__v1__list_service_response__init(&parts->list);
	parts->list.service = parts->service_list;
	while (next_part(&rest, SET_FILE, &file))
		add_services(parts, file);
	response->message_response_case = RESPONSE_CASE(LIST_SERVICES_RESPONSE);
	response->list_services_response = &parts->list;
}

static void answer(const reflection_request *request, reflection_response *response,
		   struct parts *parts)
{
	struct wire_bytes file;

	switch ((int)request->message_request_case) {
	case REQUEST_CASE(FILE_BY_FILENAME):
		if (find_file(has_name, request->file_by_filename, &file))
			answer_file(response, parts, file);
		else
			answer_error(response, parts, "the file",
				     request->file_by_filename);
		break;
	case REQUEST_CASE(FILE_CONTAINING_SYMBOL):
		if (find_file(has_symbol, request->file_containing_symbol, &file))
			answer_file(response, parts, file);
		else
			answer_error(response, parts, "the symbol",
				     request->file_containing_symbol);
		break;
	case REQUEST_CASE(FILE_CONTAINING_EXTENSION):
		answer_error(response, parts, "an extension of",
			     request->file_containing_extension->containing_type);
		break;
	case REQUEST_CASE(ALL_EXTENSION_NUMBERS_OF_TYPE):
		if (find_file(has_symbol, request->all_extension_numbers_of_type, &file))
			answer_numbers(response, parts,
				       request->all_extension_numbers_of_type);
		else
			answer_error(response, parts, "the type",
				     request->all_extension_numbers_of_type);
		break;
	case REQUEST_CASE(LIST_SERVICES):
		answer_services(response, parts);
		break;
	default:
		answer_error(response, parts, "the kind of question", "");
		break;
	}
}

static void info_received(struct rpc_call *call, struct wire_bytes bytes)
{
	struct codec_message message = { .budget_bytes = CODEC_BUDGET_BYTES };
	reflection_response response =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	struct parts parts = { 0 };
	struct status status;

	if (codec_unpack(&message,
			 &grpc__reflection__v1__server_reflection_request__descriptor,
			 bytes, &status)) {
		rpc_call_finish(call, NULL, &status);
		return;
	}
	response.original_request = (reflection_request *)(void *)message.message;
	response.valid_host = response.original_request->host;
	answer(response.original_request, &response, &parts);
	rpc_call_send(call, &response.base);
	codec_done(&message);
}

static void info_half_closed(struct rpc_call *call)
{
	const struct status ok = { 0 };

	rpc_call_finish(call, NULL, &ok);
}

static void info_draining(struct rpc_call *call)
{
	const struct status ending = { STATUS_UNAVAILABLE, "janusd is about to end" };

	if (!rpc_call_is_sending(call))
		rpc_call_finish(call, NULL, &ending);
}

static void info_sent(struct rpc_call *call)
{
	if (rpc_call_service(call)->draining)
		info_draining(call);
	else
		rpc_call_receive(call);
}

const struct rpc_method rpc_reflection_methods[] = {
	{
		.path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		.rpc_class = RPC_CLASS_READ,
		.received = info_received,
		.half_closed = info_half_closed,
		.sent = info_sent,
		.draining = info_draining,
	},
	{
		.path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
		.rpc_class = RPC_CLASS_READ,
		.received = info_received,
		.half_closed = info_half_closed,
		.sent = info_sent,
		.draining = info_draining,
	},
	{ .path = NULL },
};
