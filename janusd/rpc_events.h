/* SPDX-License-Identifier: MIT */
/*
 * What all calls of StreamEvents share: the history, how many there may be, and memory that each
 * uses in its turn. Owns that memory. Belongs to the gRPC thread, but for creation and end.
 */
#ifndef JANUSD_RPC_EVENTS_H
#define JANUSD_RPC_EVENTS_H

#include <stdint.h>

struct event_streams;
struct history;

/* Return: NULL if there is no memory. @history stays the caller's. */
struct event_streams *event_streams_create(struct history *history, uint32_t limit);
void event_streams_destroy(struct event_streams *streams);

#endif
