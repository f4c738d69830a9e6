/* SPDX-License-Identifier: MIT */
/*
 * How many fds this process may have. Containers, connections, and openers who wait all take some.
 */
#ifndef JANUSD_FDS_H
#define JANUSD_FDS_H

#include <stdbool.h>
#include <stddef.h>

/* As many as the hard limit lets it have. */
void fds_raise_limit(void);

/* Whether there are @count left; without taking them, since who waits for an answer needs them. */
bool fds_left(size_t count);

#endif
