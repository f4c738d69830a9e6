/* SPDX-License-Identifier: MIT */
/*
 * janusd --handover: the running janusd is found by the lock of its socket, asked to execute its
 * program anew, and waited for.
 */
#ifndef JANUSD_HANDOVER_ASK_H
#define JANUSD_HANDOVER_ASK_H

struct listeners;

/* Says on standard output what was done, and on standard error what fails. Return: 0, or -1. */
int handover_ask(const struct listeners *listeners);

#endif
