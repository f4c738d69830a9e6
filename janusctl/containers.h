/* SPDX-License-Identifier: MIT */
/*
 * containers and pids: what runs on this node, by the library's own look at it.
 */
#ifndef JANUSCTL_CONTAINERS_H
#define JANUSCTL_CONTAINERS_H

#include "cmdline.h"

/* Return: the exit status: 0, or 1 and told. */
int containers_list(const struct cmdline *cmdline);

/* The processes of the container cmdline->container, a line each. */
int containers_pids(const struct cmdline *cmdline);

#endif
