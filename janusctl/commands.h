/* SPDX-License-Identifier: MIT */
/*
 * What each command asks janusd, and what it makes of the answer.
 */
#ifndef JANUSCTL_COMMANDS_H
#define JANUSCTL_COMMANDS_H

#include "client.h"
#include "cmdline.h"

/* Return: the exit status; 3: see events.h, else 0 or 1. What failed was told. */
int commands_run(struct client *client, const struct cmdline *cmdline);

#endif
