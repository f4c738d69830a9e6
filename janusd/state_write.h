/* SPDX-License-Identifier: MIT */
/*
 * Bytes into a file that is there as a whole at every moment, the old one or the new one, also
 * when the power fails: beside it, onto the disk, into its place, and the folder onto the disk.
 * Waits for the disk; on whichever thread can afford that.
 */
#ifndef JANUSD_STATE_WRITE_H
#define JANUSD_STATE_WRITE_H

#include "wire.h"

/* What is beside the file while it is written; what a killed process left there is removed. */
#define STATE_WRITE_SUFFIX ".new"

/* Return: 0, or a negative errno with what could not be done in @step, a constant. */
int state_write(const char *path, struct wire_bytes bytes, const char **step);

#endif
