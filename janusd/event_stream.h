/* SPDX-License-Identifier: MIT */
/*
 * One client's way through the history: where it begins, what of it passes the client's filters,
 * and what is missing, as the bytes of one StreamEventsResponse after the other. Knows no gRPC;
 * belongs to the gRPC thread.
 */
#ifndef JANUSD_EVENT_STREAM_H
#define JANUSD_EVENT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "event_filter.h"
#include "history.h"
#include "status.h"
#include "wire.h"

/* A client is told how far it is after so many events that do not pass, */
#define EVENT_STREAM_SKIPPED_MAX 10000
/* or after so long, while there are any. */
#define EVENT_STREAM_SKIPPED_MS 1000

struct event_stream {
	struct history *history;
	struct event_filter filter;
	struct history_cursor at;
	bool begun;   /* the first response was made */
	bool gap;     /* to be told with the next one */
	bool unknown; /* and not of how many */
	uint64_t lost;
	uint64_t skipped; /* since the last response */
	int64_t told_ms;
};

/* What all streams share, for one of them at a time. */
struct event_scratch {
	struct history_chunk chunk;
	uint8_t *response;
	size_t used;
};

enum event_step {
	EVENT_STEP_SEND,  /* there is a response */
	EVENT_STEP_AGAIN, /* nothing yet, and more to look at; others first */
	EVENT_STEP_WAIT,  /* nothing, and that was all: history_wait() */
};

/* Return: 0, or -ENOMEM. */
int event_scratch_init(struct event_scratch *scratch);
void event_scratch_done(struct event_scratch *scratch);

/* Return: 0, or -1 with a status that names field, value and cause. */
int event_stream_init(struct event_stream *stream, struct history *history,
		      struct wire_bytes request, struct status *status);

/* Also after a failure. */
void event_stream_done(struct event_stream *stream);

/*
 * Look at the next part of the history, a bounded one. @ret: of EVENT_STEP_SEND, borrowed from
 * the scratch until it is used again.
 */
enum event_step event_stream_next(struct event_stream *stream,
				  struct event_scratch *scratch, int64_t now_ms,
				  struct wire_bytes *ret);

#endif
