/* SPDX-License-Identifier: MIT */
/*
 * The options that only watch has.
 */
#ifndef JANUSCTL_CMDLINE_WATCH_H
#define JANUSCTL_CMDLINE_WATCH_H

#include "cmdline.h"

/* @key is one of enum cmdline_key. NULL, or what is wrong with the value. */
const char *cmdline_watch_take(struct cmdline_watch *watch, int key, const char *value);

void cmdline_watch_done(struct cmdline_watch *watch);

#endif
