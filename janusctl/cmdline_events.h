/* SPDX-License-Identifier: MIT */
/*
 * The options that only events has, and what it makes of those it shares with others.
 */
#ifndef JANUSCTL_CMDLINE_EVENTS_H
#define JANUSCTL_CMDLINE_EVENTS_H

#include "cmdline.h"

/* @key is one of enum cmdline_key. NULL, or what is wrong with the value. */
const char *cmdline_events_take(struct cmdline_events *events, int key,
				const char *value);

/* Whether each kind is one that events can have. NULL, or what is wrong with *@ret_word. */
const char *cmdline_events_check(const struct cmdline_events *events,
				 const char **ret_word);

void cmdline_events_done(struct cmdline_events *events);

#endif
