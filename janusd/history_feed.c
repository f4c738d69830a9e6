// SPDX-License-Identifier: MIT
#include "history_feed.h"

#include <janus/event.h>

#include <errno.h>
#include <stdlib.h>

#include "event_message.h"
#include "history.h"
#include "labels.h"

struct history_feed {
	struct history *history;
	struct event_message *message;
};

struct history_feed *history_feed_create(struct history *history)
{
	struct history_feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return NULL;
	feed->history = history;
	feed->message = event_message_create();
	if (feed->message)
		return feed;
	free(feed);
	return NULL;
}

void history_feed_destroy(struct history_feed *feed)
{
	if (!feed)
		return;
	event_message_destroy(feed->message);
	free(feed);
}

/* The others tell what could not be covered: nothing that was recorded is missing. */
static void put_gap(struct history *history, const struct janus_event *event)
{
	int32_t error = janus_event_get_error(event);

	if (error == -ENOBUFS)
		history_skip(history, janus_event_get_lost_count(event));
	else if (error == -EOVERFLOW)
		history_skip_unknown(history);
}

void history_feed_put(struct history_feed *feed, const struct labels *labels,
		      const struct janus_event *event)
{
	struct history *history = feed->history;
	struct wire_bytes bytes;

	if (janus_event_get_kind(event) == JANUS_EVENT_GAP) {
		put_gap(history, event);
		return;
	}
	bytes = event_message_pack(feed->message, event,
				   labels_find(labels, janus_event_get_cookie(event)),
				   history_next(history));
	if (bytes.size)
		history_add(history, bytes);
	else
		history_skip(history, 1);
}
