/* SPDX-License-Identifier: MIT */
/*
 * From events to lines: finds the label of an event's guard, fills in the template and
 * hands the line to the sink. Belongs to the main thread.
 */
#ifndef JANUSD_RECORDS_H
#define JANUSD_RECORDS_H

struct janus_event;
struct labels;
struct records;
struct sink;

/* Return: NULL if there is no memory. @sink stays the caller's. */
struct records *records_create(struct sink *sink);
void records_destroy(struct records *records);

void records_write(struct records *records, const struct labels *labels,
		   const struct janus_event *event);

#endif
