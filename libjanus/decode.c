// SPDX-License-Identifier: MIT
#include "decode.h"

#include <errno.h>
#include <string.h>

#include <janus/types.h>

#include "kernel.h"
#include "util.h"

static const struct {
	uint64_t mask;
	uint32_t kind;
} kinds[] = {
	/* The rarer first: an event with several bits is told as the most telling one. */
	{ FAN_OPEN_EXEC_PERM, JANUS_EVENT_EXEC },
	{ FAN_OPEN_PERM, JANUS_EVENT_OPEN },
	{ FAN_ACCESS_PERM, JANUS_EVENT_ACCESS },
};

long janus__decode(const void *bytes, size_t length, struct janus__kernel_event *ret)
{
	struct fanotify_event_metadata metadata;

	if (length == 0)
		return 0;
	if (length < sizeof(metadata))
		return -EBADMSG;
	memcpy(&metadata, bytes, sizeof(metadata));
	if (metadata.vers != FANOTIFY_METADATA_VERSION)
		return -EPROTO;
	if (metadata.event_len < sizeof(metadata) || metadata.event_len > length ||
	    metadata.metadata_len != sizeof(metadata))
		return -EBADMSG;
	*ret = (struct janus__kernel_event){
		.fd = metadata.fd,
		.pid = metadata.pid,
		.mask = metadata.mask,
	};
	return (long)metadata.event_len;
}

uint32_t janus__decode_kind(uint64_t mask)
{
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(kinds); i++)
		if (mask & kinds[i].mask)
			return kinds[i].kind;
	return 0;
}

uint64_t janus__encode_kinds(uint32_t wanted)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(kinds); i++)
		if (wanted & kinds[i].kind)
			mask |= kinds[i].mask;
	return mask;
}
