/* SPDX-License-Identifier: MIT */
/*
 * The names of guards that have ended with their containers. Their controller, which sees the
 * pod go a moment later, destroys them all the same, and must not be told that it is wrong.
 *
 * Belongs to the main thread.
 */
#ifndef JANUSD_ENDED_H
#define JANUSD_ENDED_H

#include <stddef.h>

struct guard_config;
struct guard_match;

/* The last so many. */
#define ENDED_MAX 1024

struct ended {
	struct ended_guard {
		char *name; /* NULL: nothing */
		char *node; /* these two lie behind it */
		char *pod;
	} last[ENDED_MAX];
	size_t next;
};

/* Without memory it is forgotten at once. */
void ended_add(struct ended *ended, const struct guard_config *config);

/* Forget those that are meant. Return: how many there were. */
size_t ended_remove(struct ended *ended, const struct guard_match *match);

void ended_done(struct ended *ended);

#endif
