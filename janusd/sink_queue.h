/* SPDX-License-Identifier: MIT */
/*
 * A sink of records: a bounded queue, and a thread that writes what waits there. Whoever puts
 * something in never waits for the other end. What finds no room is dropped and counted; so is
 * what came too fast. It is told in the sink itself as soon as there is room again, once a second
 * at most, and in the daemon's log every ten seconds at most.
 *
 * Where writing fails the queue keeps what it has and tries again, so that a sink which comes
 * back soon has lost nothing.
 */
#ifndef JANUSD_SINK_QUEUE_H
#define JANUSD_SINK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "record_format.h"
#include "sink_stats.h"

/* How long a writer may wait before it gives the queue a chance to end. */
#define SINK_TICK_MS 200

/*
 * The other end. All of it is called on the sink's own thread, which is the only one that opens,
 * renames or closes anything; but destroy also by whoever could not create the queue.
 */
struct sink_writer_ops {
	/*
	 * @bytes: one item, or with takes_many as many as there are, each with its line feed.
	 * Return: how much of it, in whole items, is written; 0: nothing for now, to be called
	 * again at once; -EMSGSIZE: the first item can never be; or another negative errno.
	 */
	ssize_t (*write)(void *writer, const char *bytes, size_t length);
	/* Begin anew with the next item. NULL: there is nothing to do. */
	void (*reopen)(void *writer);
	/* What went wrong beside writing since the last call: an errno, or 0. NULL: nothing can. */
	int (*trouble)(void *writer);
	void (*destroy)(void *writer);
	bool takes_many;
};

struct sink_queue;

struct sink_queue_options {
	const char *name; /* for log and stats; copied */
	const char *node; /* copied */
	size_t room;      /* bytes that may wait */
	const struct sink_writer_ops *ops;
	void *writer; /* taken over, also on failure */
	/* What the sink itself says of a loss. */
	void (*tell)(const struct record_loss *loss, struct text *out);
};

/* Starts a thread: signals must be blocked by then. Return: 0, or a negative errno. */
int sink_queue_create(struct sink_queue **ret, const struct sink_queue_options *options);

/* One item. */
void sink_queue_put(struct sink_queue *queue, const char *bytes, size_t length);

/* One item that is not put: it is above the rate, or @error: it could not be made. */
void sink_queue_drop(struct sink_queue *queue, bool error);

/* Files are opened again before anything else is written. */
void sink_queue_reopen(struct sink_queue *queue);

/* The filtered and folded ones are not the queue's to know. */
void sink_queue_get_stats(struct sink_queue *queue, struct sink_stats *ret);

/* Wait until everything is written, until @end_ns at most (CLOCK_MONOTONIC). */
bool sink_queue_flush(struct sink_queue *queue, int64_t end_ns);

/*
 * Flush, then free. What cannot be written by then is lost, which is logged. A writer that does
 * not come back from the kernel keeps its memory and is left to the end of the process.
 */
void sink_queue_destroy(struct sink_queue *queue, int64_t end_ns);

#endif
