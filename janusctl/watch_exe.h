/* SPDX-License-Identifier: MIT */
/*
 * Which program a pid runs, as /proc tells. Remembered for one batch of events, so that a
 * process that does much is looked at once, and no pid is mistaken for a later one's.
 */
#ifndef JANUSCTL_WATCH_EXE_H
#define JANUSCTL_WATCH_EXE_H

#include <limits.h>
#include <stdint.h>

#define WATCH_EXE_SLOTS 16

struct watch_exe {
	uint64_t batch; /* number of the present one, from 1 */
	struct {
		uint64_t batch; /* when it was looked at; 0: never */
		int32_t pid;
		char path[PATH_MAX]; /* "": not to be read */
	} slots[WATCH_EXE_SLOTS];
};

/* NULL: it is gone, or not ours to look at. The next call may overwrite the text. */
const char *watch_exe_of(struct watch_exe *exe, int32_t pid);

#endif
