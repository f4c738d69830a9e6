/* SPDX-License-Identifier: MIT */
/*
 * Which events a client wants: the filters of a StreamEventsRequest, checked once, and whether
 * a packed janus.v1.Event passes them. Owns the request. Pure.
 */
#ifndef JANUSD_EVENT_FILTER_H
#define JANUSD_EVENT_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "codec.h"
#include "status.h"
#include "wire.h"

/* So many guards, and so many pods, may be named. */
#define EVENT_FILTER_NAMES_MAX 256
/* What a request may take in memory as long as its stream lasts. */
#define EVENT_FILTER_BUDGET_BYTES ((size_t)256 << 10)

struct Janus__V1__StreamEventsRequest;

struct event_filter {
	struct codec_message message;
	const struct Janus__V1__StreamEventsRequest *request; /* of the message */
	uint32_t verdicts; /* masks, by value; 0: all */
	uint32_t kinds;
	bool passes_all;
};

/* Return: 0, or -1 with a status that names field, value and cause. */
int event_filter_init(struct event_filter *filter, struct wire_bytes request,
		      struct status *status);

/* Also after a failure. */
void event_filter_done(struct event_filter *filter);

bool event_filter_passes(const struct event_filter *filter, struct wire_bytes event);

#endif
