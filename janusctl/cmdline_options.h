/* SPDX-License-Identifier: MIT */
/*
 * The table of options: their names, and which command takes which. Pure.
 */
#ifndef JANUSCTL_CMDLINE_OPTIONS_H
#define JANUSCTL_CMDLINE_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "cmdline.h"

enum cmdline_key {
	CMDLINE_KEY_RECURSIVE = 'r',
	CMDLINE_KEY_VERBOSE = 'v',

	CMDLINE_KEY_FIRST = 256,
	CMDLINE_KEY_ADDRESS = CMDLINE_KEY_FIRST,
	CMDLINE_KEY_TIMEOUT,
	CMDLINE_KEY_TLS_CA,
	CMDLINE_KEY_TLS_CERT,
	CMDLINE_KEY_TLS_KEY,
	CMDLINE_KEY_JSON,
	CMDLINE_KEY_HELP,
	CMDLINE_KEY_VERSION,
	CMDLINE_KEY_NAME,
	CMDLINE_KEY_NODE,
	CMDLINE_KEY_POD,
	CMDLINE_KEY_PID,
	CMDLINE_KEY_CID,
	CMDLINE_KEY_LOG_FORMAT,

	CMDLINE_KEY_FIRST_OF_SUBJECT,
	CMDLINE_KEY_ALLOW = CMDLINE_KEY_FIRST_OF_SUBJECT,
	CMDLINE_KEY_DENY,
	CMDLINE_KEY_EVENT,
	CMDLINE_KEY_ONLY_DIR,
	CMDLINE_KEY_AUTO_ALLOW_OWNER,
	CMDLINE_KEY_AUDIT,
	CMDLINE_KEY_TAG,
	CMDLINE_KEY_SUBJECT,

	CMDLINE_KEY_FIRST_OF_WATCH,
	CMDLINE_KEY_DEPTH = CMDLINE_KEY_FIRST_OF_WATCH,
	CMDLINE_KEY_IGNORE,
	CMDLINE_KEY_EVENTS,
	CMDLINE_KEY_COUNT,
	CMDLINE_KEY_ONE_FILESYSTEM,
	CMDLINE_KEY_INCLUDE_STALLING,
	CMDLINE_KEY_WAIT,
	CMDLINE_KEY_GLOB,

	CMDLINE_KEY_FIRST_OF_EVENTS,
	CMDLINE_KEY_GUARD = CMDLINE_KEY_FIRST_OF_EVENTS,
	CMDLINE_KEY_VERDICT,
	CMDLINE_KEY_PATH,
	CMDLINE_KEY_FROM_OLDEST,
};

/* For getopt_long(3): anywhere among the words, and a missing value is told from a stranger. */
extern const char cmdline_short_options[];
extern const struct option cmdline_long_options[];

/* The long name of a key, "" for a stranger. */
const char *cmdline_option_name(int key);

/* Whether the command can do anything with the option. */
bool cmdline_takes(enum cmdline_command command, int key);

#endif
