/* SPDX-License-Identifier: MIT */
/*
 * The program that this process was started from, by its path: what lies there by now may be
 * another version of it.
 */
#ifndef JANUSD_PROGRAM_H
#define JANUSD_PROGRAM_H

#include <limits.h>
#include <signal.h>
#include <sys/types.h>

struct program {
	char path[PATH_MAX]; /* absolute; "": it could not be found out */
	char **argv;         /* the caller's */
};

/* To be called before the working directory changes. */
void program_find(struct program *ret, char **argv);

/*
 * Start it, to say with its exit status whether it takes our command line, and what we would
 * hand over to it: 0. The process ends with this one. @mask: of its signals.
 * Return: its pid, or a negative errno.
 */
pid_t program_check(const struct program *program, const sigset_t *mask);

/* In the place of this one. Returns only on failure: a negative errno. */
int program_execute(const struct program *program);

#endif
