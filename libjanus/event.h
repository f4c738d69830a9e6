/* SPDX-License-Identifier: MIT */
/*
 * Events on the caller's side: a record out of the ring, its path, and the spec it speaks of.
 */
#ifndef JANUS_INTERNAL_EVENT_H
#define JANUS_INTERNAL_EVENT_H

#include <janus/event.h>

#include "ring.h"

/* Forget the events of a buffer. */
void janus__event_buffer_clear(struct janus_event_buffer *buffer);

/*
 * Append a record with its texts; the record's reference becomes the buffer's. False: the
 * buffer is full, and nothing was taken. An empty buffer takes any record.
 */
bool janus__event_buffer_append(struct janus_event_buffer *buffer,
				const struct janus__record *record,
				const struct janus__texts *texts);

/* Of one who waits for the program's answer; 0: nobody does. */
uint64_t janus__event_ticket(const struct janus_event *event);

#endif
