/* SPDX-License-Identifier: MIT */
/*
 * One event of janus.v1 as one line, for people or as JSON; its words are those of watch_line.h.
 * Pure, but for the time zone.
 */
#ifndef JANUSCTL_EVENT_LINE_H
#define JANUSCTL_EVENT_LINE_H

#include <stddef.h>

#include "janus/v1/guard_service.pb-c.h"
#include "watch_line.h"

/* The room that the line can need at most. */
size_t event_line_bound(const Janus__V1__Event *event);

/* Write the line with its line feed to @at. Return: the end; NULL: no memory. */
char *event_line_put(struct watch_format *format, char *at,
		     const Janus__V1__Event *event);

#endif
