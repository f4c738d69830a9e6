/* SPDX-License-Identifier: MIT */
/*
 * The command events: what the guards of a janusd record, as it comes.
 */
#ifndef JANUSCTL_EVENTS_H
#define JANUSCTL_EVENTS_H

#include "client.h"
#include "cmdline.h"

/* Return: the exit status; 3: --timeout came before the events of --count. Failures are told. */
int events_run(struct client *client, const struct cmdline *cmdline);

#endif
