/* SPDX-License-Identifier: MIT */
/*
 * The command watch: what happens to files, as lines on standard output. No daemon is asked.
 */
#ifndef JANUSCTL_WATCH_H
#define JANUSCTL_WATCH_H

#include "cmdline.h"

/*
 * Return: the exit status: 0 if the events asked for came, the time was over, a signal ended
 * it or nobody reads any more; 1 if something failed, which was told; 3 if the time was over
 * before as many events had come as were asked for.
 */
int watch_run(const struct cmdline *cmdline);

#endif
