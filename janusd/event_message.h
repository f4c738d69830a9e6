/* SPDX-License-Identifier: MIT */
/*
 * An event of the library as the bytes of a janus.v1.Event. Owns the memory that this takes and
 * uses it again: nothing is allocated for an event as long as none was longer. Belongs to the
 * main thread.
 */
#ifndef JANUSD_EVENT_MESSAGE_H
#define JANUSD_EVENT_MESSAGE_H

#include <stdint.h>

#include "wire.h"

struct event_message;
struct janus_event;
struct label;

/* Return: NULL if there is no memory. */
struct event_message *event_message_create(void);
void event_message_destroy(struct event_message *message);

/*
 * @label: of the guard; NULL: it is long gone. The event is one of a file, no gap, start or end.
 * Return: the bytes, borrowed until the next call; none: there is no memory.
 */
struct wire_bytes event_message_pack(struct event_message *message,
				     const struct janus_event *event,
				     const struct label *label, uint64_t sequence);

#endif
