/* SPDX-License-Identifier: MIT */
/*
 * Events into the history, gaps included. Belongs to the main thread.
 */
#ifndef JANUSD_HISTORY_FEED_H
#define JANUSD_HISTORY_FEED_H

struct history;
struct history_feed;
struct janus_event;
struct labels;

/* Return: NULL if there is no memory. @history stays the caller's. */
struct history_feed *history_feed_create(struct history *history);
void history_feed_destroy(struct history_feed *feed);

void history_feed_put(struct history_feed *feed, const struct labels *labels,
		      const struct janus_event *event);

#endif
