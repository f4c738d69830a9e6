/* SPDX-License-Identifier: MIT */
/*
 * Bytes from the wire to messages that can be trusted, and back. protobuf-c cuts strings
 * at NUL, takes any bytes for text and allocates what it is told to; so every string is
 * checked in the bytes first, and unpacking has a budget. What fields mean is not known
 * here.
 */
#ifndef JANUSD_CODEC_H
#define JANUSD_CODEC_H

#include <protobuf-c/protobuf-c.h>

#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "wire.h"

/* What unpacking one message may take. The longest message allowed is 1 MiB. */
#define CODEC_BUDGET_BYTES ((size_t)8 << 20)

/* A message and what it was made of. Does not move while it is alive. */
struct codec_message {
	ProtobufCMessage *message; /* NULL: none */
	ProtobufCAllocator allocator;
	size_t used_bytes;
	size_t budget_bytes;
	int exceeded;
};

/*
 * Check @bytes against @descriptor: well-formed, strings are UTF-8 without NUL.
 * Return: 0, or -1 with a status that names the field.
 */
int codec_check(const ProtobufCMessageDescriptor *descriptor, struct wire_bytes bytes,
		struct status *status);

/*
 * Check, then unpack. @ret: budget_bytes is set by the caller, the rest here.
 * Return: 0, or -1 with a status.
 */
int codec_unpack(struct codec_message *ret, const ProtobufCMessageDescriptor *descriptor,
		 struct wire_bytes bytes, struct status *status);

/* Free what codec_unpack() made. Nothing happens where there is none. */
void codec_done(struct codec_message *message);

/* Return: the packed bytes, freed by the caller with free(); NULL: no memory. */
uint8_t *codec_pack(const ProtobufCMessage *message, size_t *ret_size);

#endif
