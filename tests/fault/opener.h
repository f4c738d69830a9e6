/* SPDX-License-Identifier: MIT */
/*
 * A process that opens files when it is told to, for the one that guards them is let through.
 * Owns its process and one end of a socket; the other end is in the process.
 */
#ifndef JANUS_TESTS_OPENER_H
#define JANUS_TESTS_OPENER_H

#include <sys/types.h>

struct opener {
	pid_t pid;
	int socket;
};

/* Fork it, before there are threads. Ends the program on failure. */
struct opener opener_start(void);

/* Open and close @path there: 0, the errno it got, or -1 if it is stuck. */
int opener_open(struct opener *opener, const char *path);

void opener_stop(struct opener *opener);

#endif
