/* SPDX-License-Identifier: MIT */
/*
 * Guards out of the state file, before anything is guarded: by the keeper of a janusd that has none
 * from the one before it, so that no worker has to know whether another one was there already; and
 * by --check-config. The file stays as it is, whatever is found in it.
 */
#ifndef JANUSD_STATE_LOAD_H
#define JANUSD_STATE_LOAD_H

#include "faults.h"

/*
 * What @path has, into the state in @state_fd, an empty file; -1: it is only looked at. A file
 * that is not there has nothing. Return: 0, or -1 with a fault that says how to go on.
 */
int state_load(const char *path, int state_fd, struct faults *faults);

/* The text of the running boot's id; empty: it cannot be read. */
#define STATE_BOOT_SIZE 37
void state_boot(char ret[STATE_BOOT_SIZE]);

#endif
