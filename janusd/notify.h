/* SPDX-License-Identifier: MIT */
/*
 * What whoever has started us wants to know, by the protocol of sd_notify(3): states, and fds to
 * be held for the next one. It is waited for a moment at most. Without NOTIFY_SOCKET nothing
 * happens.
 *
 * The protocol is spoken here, for libsystemd costs the two processes 1.2 MB (of 20) by being
 * loaded, with four libraries behind it, and this is one datagram.
 */
#ifndef JANUSD_NOTIFY_H
#define JANUSD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* Somebody wants to know. */
bool notify_is_wanted(void);

/* Assignments, one a line. What cannot be told is logged. */
format_like_printf(1, 2) void notify_say(const char *format, ...);

/* Have @fd held under @name beyond our end. It stays the caller's. Return: 0, or -1. */
int notify_store(const char *name, int fd);

/* Have all of that name closed. */
void notify_drop(const char *name);

/* How often we have to be heard of, at least; 0: never. */
int64_t notify_watchdog_ns(void);

#endif
