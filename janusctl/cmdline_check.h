/* SPDX-License-Identifier: MIT */
/*
 * Whether the parts of a command line go together. Pure.
 */
#ifndef JANUSCTL_CMDLINE_CHECK_H
#define JANUSCTL_CMDLINE_CHECK_H

#include "cmdline.h"

/* Return: 0, or -1 with one line in @error, of CMDLINE_ERROR_SIZE bytes. */
int cmdline_check(const struct cmdline *cmdline, char *error);

#endif
