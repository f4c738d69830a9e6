// SPDX-License-Identifier: MIT
#include "wire.h"

#include <errno.h>

static int take_varint(struct wire_bytes *rest, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70 && rest->size; shift += 7) {
		uint8_t byte = *rest->data;

		rest->data++;
		rest->size--;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_bytes(struct wire_bytes *rest, uint64_t size, struct wire_bytes *ret)
{
	if (size > rest->size)
		return -EBADMSG;
	ret->data = rest->data;
	ret->size = (size_t)size;
	rest->data += size;
	rest->size -= (size_t)size;
	return 0;
}

static int take_value(struct wire_bytes *rest, struct wire_field *field)
{
	uint64_t value = 0;

	switch (field->type) {
	case WIRE_VARINT:
		return take_varint(rest, &field->value);
	case WIRE_FIXED64:
		return take_bytes(rest, 8, &field->bytes);
	case WIRE_FIXED32:
		return take_bytes(rest, 4, &field->bytes);
	case WIRE_BYTES:
		if (take_varint(rest, &value))
			return -EBADMSG;
		return take_bytes(rest, value, &field->bytes);
	default:
		return -EBADMSG;
	}
}

int wire_next(struct wire_bytes *rest, struct wire_field *ret)
{
	struct wire_field field = { 0 };
	uint64_t key;

	if (!rest->size)
		return 0;
	if (take_varint(rest, &key) || key >> 32 || !(key >> 3))
		return -EBADMSG;
	field.number = (uint32_t)(key >> 3);
	field.type = (uint32_t)(key & 7);
	if (take_value(rest, &field))
		return -EBADMSG;
	*ret = field;
	return 1;
}
