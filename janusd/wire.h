/* SPDX-License-Identifier: MIT */
/*
 * The protobuf wire format, one field at a time. Knows no message. Pure.
 */
#ifndef JANUSD_WIRE_H
#define JANUSD_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes. */
struct wire_bytes {
	const uint8_t *data;
	size_t size;
};

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

struct wire_field {
	uint32_t number;
	uint32_t type;           /* a value of enum wire_type */
	uint64_t value;          /* of WIRE_VARINT */
	struct wire_bytes bytes; /* of WIRE_BYTES; points into what was read */
};

/*
 * Read the field at the start of @rest and move @rest behind it. Return: 1, 0 at the end,
 * or -EBADMSG: cut off, field number 0, a group, a length that leads out of @rest.
 */
int wire_next(struct wire_bytes *rest, struct wire_field *ret);

#endif
