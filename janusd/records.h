/* SPDX-License-Identifier: MIT */
/*
 * From events to sinks: finds the label of an event's guard and hands the record to each sink that
 * wants it. Belongs to the main thread.
 */
#ifndef JANUSD_RECORDS_H
#define JANUSD_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "sink_stats.h"

struct janus_event;
struct labels;
struct records;
struct settings;
struct sink;

struct records_options {
	const struct settings *settings; /* needed for the creation only */
	struct sink *log; /* stays the caller's, and must outlive the records */
	const char *node; /* likewise */
};

/* Starts a thread for each sink. Return: 0, or a negative errno, which is logged. */
int records_create(struct records **ret, const struct records_options *options);

/* Everything is written until then, or lost. NULL: nothing happens. */
void records_destroy(struct records *records, int64_t timeout_ns);

void records_write(struct records *records, const struct labels *labels,
		   const struct janus_event *event);

/* Readable when records_tick() has something to do; borrowed. -1: it never has. */
int records_get_fd(const struct records *records);

/* Those that were kept as identical ones go on when their time is over. */
void records_tick(struct records *records);

/* Files are opened again. */
void records_reopen(struct records *records);

/* At the end: all that is kept goes on, and is written, if that is possible until then. */
void records_flush(struct records *records, int64_t timeout_ns);

/* Return: how many sinks there are; at most @most of them are told of in @ret. */
size_t records_get_stats(const struct records *records, struct sink_stats *ret,
			 size_t most);

#endif
