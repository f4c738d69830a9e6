/* SPDX-License-Identifier: MIT */
/*
 * The inside of a watch, for its context.
 */
#ifndef JANUS_INTERNAL_WATCH_H
#define JANUS_INTERNAL_WATCH_H

struct janus_context;

/* Free all watches of a context whose group is closed: there are no marks left to remove. */
void janus__watches_free(struct janus_context *context);

#endif
