// SPDX-License-Identifier: MIT
#include "codec.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/*
 * Our messages nest four deep; a deeper one would be a recursive type, which is not for
 * us.
 */
#define DEPTH_MAX 8
#define FIELDS_MAX 32

/* Where the check is: "subject[3].tags[0].key" is a chain of these. */
struct place {
	const struct place *parent;
	const ProtobufCFieldDescriptor *field;
	size_t index;
	unsigned int depth;
};

static void print_place(struct text *text, const struct place *place)
{
	char index[32];

	if (!place->field)
		return;
	print_place(text, place->parent);
	if (text->length)
		text_add_string(text, ".");
	text_add_string(text, place->field->name);
	if (place->field->label != PROTOBUF_C_LABEL_REPEATED)
		return;
	snprintf(index, sizeof(index), "[%zu]", place->index);
	text_add_string(text, index);
}

static int refuse(struct status *status, const struct place *place, const char *cause)
{
	cleanup(text_done) struct text name = TEXT_INIT(256);

	print_place(&name, place);
	return status_set(status, STATUS_INVALID_ARGUMENT, "%s: %s",
			  name.data ? name.data : "request", cause);
}

static int check_string(struct wire_bytes bytes, const struct place *place,
			struct status *status)
{
	const char *at = (const char *)bytes.data;
	uint32_t point;

	for (size_t i = 0, taken; i < bytes.size; i += taken) {
		taken = text_utf8_next(at + i, bytes.size - i, &point);
		if (!taken)
			return refuse(status, place, "the text is not UTF-8");
		if (!point)
			return refuse(status, place, "the text holds a NUL byte");
	}
	return 0;
}

static int check_message(const ProtobufCMessageDescriptor *descriptor,
			 struct wire_bytes bytes, const struct place *parent,
			 struct status *status);

static int check_field(const struct wire_field *field, const struct place *place,
		       struct status *status)
{
	const ProtobufCFieldDescriptor *known = place->field;

	if (known->type == PROTOBUF_C_TYPE_STRING) {
		if (field->type != WIRE_BYTES)
			return refuse(status, place, "the bytes are no text");
		return check_string(field->bytes, place, status);
	}
	if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
		if (field->type != WIRE_BYTES)
			return refuse(status, place, "the bytes are no message");
		return check_message(known->descriptor, field->bytes, place, status);
	}
	return 0;
}

static int check_message(const ProtobufCMessageDescriptor *descriptor,
			 struct wire_bytes bytes, const struct place *parent,
			 struct status *status)
{
	size_t counts[FIELDS_MAX] = { 0 };
	struct wire_field field;
	int more;

	if (parent->depth == DEPTH_MAX || descriptor->n_fields > FIELDS_MAX)
		return refuse(status, parent, "the message nests too deep");
	while ((more = wire_next(&bytes, &field)) > 0) {
		const ProtobufCFieldDescriptor *known =
			protobuf_c_message_descriptor_get_field(descriptor, field.number);
		struct place place = { parent, known, 0, parent->depth + 1 };

		if (!known)
			continue;
		place.index = counts[known - descriptor->fields]++;
		if (check_field(&field, &place, status))
			return -1;
	}
	return more ? refuse(status, parent, "the bytes are no protobuf message") : 0;
}

int codec_check(const ProtobufCMessageDescriptor *descriptor, struct wire_bytes bytes,
		struct status *status)
{
	const struct place top = { 0 };

	return check_message(descriptor, bytes, &top, status);
}

/* Each piece carries its size in front, at a distance that keeps what follows aligned. */
#define HEADER_SIZE _Alignof(max_align_t)

static void *take_memory(void *data, size_t size)
{
	struct codec_message *message = data;
	char *piece;

	if (size > message->budget_bytes - message->used_bytes) {
		message->exceeded = true;
		return NULL;
	}
	piece = malloc(HEADER_SIZE + size);
	if (!piece)
		return NULL;
	memcpy(piece, &size, sizeof(size));
	message->used_bytes += size;
	return piece + HEADER_SIZE;
}

static void give_memory(void *data, void *memory)
{
	struct codec_message *message = data;
	char *piece = memory;
	size_t size;

	if (!piece)
		return;
	piece -= HEADER_SIZE;
	memcpy(&size, piece, sizeof(size));
	message->used_bytes -= size;
	free(piece);
}

int codec_unpack(struct codec_message *ret, const ProtobufCMessageDescriptor *descriptor,
		 struct wire_bytes bytes, struct status *status)
{
	if (codec_check(descriptor, bytes, status))
		return -1;
	ret->used_bytes = 0;
	ret->exceeded = false;
	ret->allocator.alloc = take_memory;
	ret->allocator.free = give_memory;
	ret->allocator.allocator_data = ret;
	ret->message = protobuf_c_message_unpack(descriptor, &ret->allocator, bytes.size,
						 bytes.data);
	if (ret->message)
		return 0;
	if (ret->exceeded)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: unpacked it takes more than %zu bytes",
				  ret->budget_bytes);
	return status_set(status, STATUS_INVALID_ARGUMENT,
			  "request: the bytes are no message %s", descriptor->name);
}

void codec_done(struct codec_message *message)
{
	if (message->message)
		protobuf_c_message_free_unpacked(message->message, &message->allocator);
	message->message = NULL;
}

uint8_t *codec_pack(const ProtobufCMessage *message, size_t *ret_size)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(size ? size : 1);

	if (bytes)
		*ret_size = protobuf_c_message_pack(message, bytes);
	return bytes;
}
