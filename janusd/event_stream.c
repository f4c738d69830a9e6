// SPDX-License-Identifier: MIT
#include "event_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "janus/v1/guard_service.pb-c.h"
#include "text.h"

/*
 * A piece of the history has 16 bytes in front of each event, a response 6 at most; behind the
 * events it has some 100.
 */
#define RESPONSE_BYTES (HISTORY_CHUNK_BYTES + 256)
#define KEY_EVENTS 0x0a /* field 1, bytes */

int event_scratch_init(struct event_scratch *scratch)
{
	*scratch = (struct event_scratch){ .chunk.room = HISTORY_CHUNK_BYTES };
	scratch->chunk.bytes = malloc(HISTORY_CHUNK_BYTES);
	scratch->response = malloc(RESPONSE_BYTES);
	if (scratch->chunk.bytes && scratch->response)
		return 0;
	event_scratch_done(scratch);
	return -ENOMEM;
}

void event_scratch_done(struct event_scratch *scratch)
{
	free(scratch->chunk.bytes);
	free(scratch->response);
	*scratch = (struct event_scratch){ 0 };
}

static int resume(struct event_stream *stream,
		  const Janus__V1__StreamEventsRequest *request,
		  const struct history_cursor *end, struct status *status)
{
	if (strcmp(request->instance, history_instance(stream->history)) != 0) {
		stream->gap = true;
		stream->unknown = true;
		return 0;
	}
	if (request->after_sequence >= end->sequence)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "after_sequence: %" PRIu64
				  " has not been yet; the last one is %" PRIu64,
				  request->after_sequence, end->sequence - 1);
	/* Looked for from the oldest on. */
	stream->at.sequence = request->after_sequence + 1;
	return 0;
}

static int find_begin(struct event_stream *stream, struct status *status)
{
	const Janus__V1__StreamEventsRequest *request = stream->filter.request;
	struct history_cursor end;

	history_bounds(stream->history, &stream->at, &end);
	if (*request->instance && request->from_oldest)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "from_oldest: does not go together with instance");
	if (*request->instance)
		return resume(stream, request, &end, status);
	if (request->after_sequence)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "instance: is empty, and after_sequence needs it");
	if (!request->from_oldest)
		stream->at = end;
	return 0;
}

int event_stream_init(struct event_stream *stream, struct history *history,
		      struct wire_bytes request, struct status *status)
{
	memset(stream, 0, sizeof(*stream));
	stream->history = history;
	if (event_filter_init(&stream->filter, request, status))
		return -1;
	return find_begin(stream, status);
}

void event_stream_done(struct event_stream *stream)
{
	event_filter_done(&stream->filter);
}

static void put_event(struct event_scratch *scratch, struct wire_bytes event)
{
	uint8_t *at = scratch->response + scratch->used;
	size_t size = event.size;

	*at++ = KEY_EVENTS;
	for (; size >= 0x80; size >>= 7)
		*at++ = (uint8_t)(size | 0x80);
	*at++ = (uint8_t)size;
	memcpy(at, event.data, event.size);
	scratch->used = (size_t)(at - scratch->response) + event.size;
}

/* From where the stream is to @sequence there is nothing. */
static void take_hole(struct event_stream *stream, uint64_t sequence)
{
	if (sequence <= stream->at.sequence)
		return;
	stream->gap = true;
	stream->lost += sequence - stream->at.sequence;
	stream->at.sequence = sequence;
}

/* A gap stands before the events of its response: those that were before it go first. */
static bool comes_behind_gap(const struct event_stream *stream,
			     const struct history_piece *piece)
{
	return piece->unknown || piece->sequence > stream->at.sequence;
}

static void take_piece(struct event_stream *stream, struct event_scratch *scratch,
		       const struct history_piece *piece)
{
	if (piece->sequence < stream->at.sequence) {
		stream->at.offset = piece->end; /* the client has it already */
		return;
	}
	take_hole(stream, piece->sequence);
	stream->at.sequence++;
	stream->at.offset = piece->end;
	if (piece->unknown) {
		stream->gap = true;
		stream->unknown = true;
	} else if (event_filter_passes(&stream->filter, piece->bytes)) {
		put_event(scratch, piece->bytes);
	} else {
		stream->skipped++;
	}
}

/* Return: whether everything that there is was looked at. */
static bool take_chunk(struct event_stream *stream, struct event_scratch *scratch)
{
	struct history_chunk *chunk = &scratch->chunk;
	struct history_piece piece;

	scratch->used = 0;
	history_read(stream->history, &stream->at, chunk);
	while (history_chunk_next(chunk, &piece)) {
		if (scratch->used && comes_behind_gap(stream, &piece))
			return false;
		take_piece(stream, scratch, &piece);
	}
	if (!chunk->at_end)
		return false;
	if (scratch->used && chunk->next > stream->at.sequence)
		return false;
	take_hole(stream, chunk->next);
	return true;
}

static struct wire_bytes make_response(struct event_stream *stream,
				       struct event_scratch *scratch)
{
	Janus__V1__StreamEventsResponse rest = JANUS__V1__STREAM_EVENTS_RESPONSE__INIT;
	Janus__V1__Gap gap = JANUS__V1__GAP__INIT;

	gap.lost = stream->unknown ? 0 : stream->lost;
	if (stream->gap)
		rest.gap = &gap;
	/* Packing only reads. */
	rest.instance = (char *)history_instance(stream->history);
	rest.last_sequence = stream->at.sequence - 1;
	scratch->used += janus__v1__stream_events_response__pack(
		&rest, scratch->response + scratch->used);
	return (struct wire_bytes){ scratch->response, scratch->used };
}

/* Whether it is time to tell how far the client is, without any event. */
static bool is_progress_due(const struct event_stream *stream, int64_t now_ms)
{
	if (!stream->begun || stream->gap)
		return true;
	return stream->skipped && (stream->skipped >= EVENT_STREAM_SKIPPED_MAX ||
				   now_ms - stream->told_ms >= EVENT_STREAM_SKIPPED_MS);
}

enum event_step event_stream_next(struct event_stream *stream,
				  struct event_scratch *scratch, int64_t now_ms,
				  struct wire_bytes *ret)
{
	bool was_all = take_chunk(stream, scratch);

	if (!scratch->used && !is_progress_due(stream, now_ms))
		return was_all ? EVENT_STEP_WAIT : EVENT_STEP_AGAIN;
	*ret = make_response(stream, scratch);
	stream->begun = true;
	stream->gap = false;
	stream->unknown = false;
	stream->lost = 0;
	stream->skipped = 0;
	stream->told_ms = now_ms;
	return EVENT_STEP_SEND;
}
