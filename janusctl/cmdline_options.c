// SPDX-License-Identifier: MIT
#include "cmdline_options.h"

#include "util.h"

const char cmdline_short_options[] = "-:rv";

const struct option cmdline_long_options[] = {
	{ "address", required_argument, NULL, CMDLINE_KEY_ADDRESS },
	{ "timeout", required_argument, NULL, CMDLINE_KEY_TIMEOUT },
	{ "tls-ca", required_argument, NULL, CMDLINE_KEY_TLS_CA },
	{ "tls-cert", required_argument, NULL, CMDLINE_KEY_TLS_CERT },
	{ "tls-key", required_argument, NULL, CMDLINE_KEY_TLS_KEY },
	{ "json", no_argument, NULL, CMDLINE_KEY_JSON },
	{ "help", no_argument, NULL, CMDLINE_KEY_HELP },
	{ "version", no_argument, NULL, CMDLINE_KEY_VERSION },
	{ "name", required_argument, NULL, CMDLINE_KEY_NAME },
	{ "node", required_argument, NULL, CMDLINE_KEY_NODE },
	{ "pod", required_argument, NULL, CMDLINE_KEY_POD },
	{ "pid", required_argument, NULL, CMDLINE_KEY_PID },
	{ "cid", required_argument, NULL, CMDLINE_KEY_CID },
	{ "log-format", required_argument, NULL, CMDLINE_KEY_LOG_FORMAT },
	{ "allow", required_argument, NULL, CMDLINE_KEY_ALLOW },
	{ "deny", required_argument, NULL, CMDLINE_KEY_DENY },
	{ "event", required_argument, NULL, CMDLINE_KEY_EVENT },
	{ "only-dir", no_argument, NULL, CMDLINE_KEY_ONLY_DIR },
	{ "auto-allow-owner", no_argument, NULL, CMDLINE_KEY_AUTO_ALLOW_OWNER },
	{ "audit", no_argument, NULL, CMDLINE_KEY_AUDIT },
	{ "tag", required_argument, NULL, CMDLINE_KEY_TAG },
	{ "subject", no_argument, NULL, CMDLINE_KEY_SUBJECT },
	{ "recursive", no_argument, NULL, CMDLINE_KEY_RECURSIVE },
	{ "depth", required_argument, NULL, CMDLINE_KEY_DEPTH },
	{ "ignore", required_argument, NULL, CMDLINE_KEY_IGNORE },
	{ "events", required_argument, NULL, CMDLINE_KEY_EVENTS },
	{ "count", required_argument, NULL, CMDLINE_KEY_COUNT },
	{ "one-filesystem", no_argument, NULL, CMDLINE_KEY_ONE_FILESYSTEM },
	{ "include-stalling", no_argument, NULL, CMDLINE_KEY_INCLUDE_STALLING },
	{ "wait", no_argument, NULL, CMDLINE_KEY_WAIT },
	{ "glob", no_argument, NULL, CMDLINE_KEY_GLOB },
	{ "verbose", no_argument, NULL, CMDLINE_KEY_VERBOSE },
	{ "guard", required_argument, NULL, CMDLINE_KEY_GUARD },
	{ "verdict", required_argument, NULL, CMDLINE_KEY_VERDICT },
	{ "path", required_argument, NULL, CMDLINE_KEY_PATH },
	{ "from-oldest", no_argument, NULL, CMDLINE_KEY_FROM_OLDEST },
	{ NULL, 0, NULL, 0 },
};

#define BIT(command) (1u << (command))
#define EVERYBODY (~0u)
#define CREATE BIT(CMDLINE_GUARD_CREATE)
#define GUARD (CREATE | BIT(CMDLINE_GUARD_DESTROY))
#define EVENTS BIT(CMDLINE_EVENTS)
#define JANUSD (GUARD | BIT(CMDLINE_GUARD_LIST) | BIT(CMDLINE_HEALTH) | EVENTS)
#define WATCH BIT(CMDLINE_WATCH)
#define LOOK (BIT(CMDLINE_CONTAINERS) | BIT(CMDLINE_PIDS))

/* Who takes what is of no subject and not of watch alone. */
static const unsigned int takers[] = {
	[CMDLINE_KEY_ADDRESS - CMDLINE_KEY_FIRST] = JANUSD,
	[CMDLINE_KEY_TIMEOUT - CMDLINE_KEY_FIRST] = EVERYBODY & ~LOOK,
	[CMDLINE_KEY_TLS_CA - CMDLINE_KEY_FIRST] = JANUSD,
	[CMDLINE_KEY_TLS_CERT - CMDLINE_KEY_FIRST] = JANUSD,
	[CMDLINE_KEY_TLS_KEY - CMDLINE_KEY_FIRST] = JANUSD,
	[CMDLINE_KEY_JSON - CMDLINE_KEY_FIRST] = EVERYBODY,
	[CMDLINE_KEY_HELP - CMDLINE_KEY_FIRST] = EVERYBODY,
	[CMDLINE_KEY_VERSION - CMDLINE_KEY_FIRST] = EVERYBODY,
	[CMDLINE_KEY_NAME - CMDLINE_KEY_FIRST] = GUARD,
	[CMDLINE_KEY_NODE - CMDLINE_KEY_FIRST] = GUARD,
	[CMDLINE_KEY_POD - CMDLINE_KEY_FIRST] = GUARD | EVENTS,
	[CMDLINE_KEY_PID - CMDLINE_KEY_FIRST] = GUARD | WATCH,
	[CMDLINE_KEY_CID - CMDLINE_KEY_FIRST] = CREATE | WATCH,
	[CMDLINE_KEY_LOG_FORMAT - CMDLINE_KEY_FIRST] = CREATE,
};

const char *cmdline_option_name(int key)
{
	for (size_t i = 0; cmdline_long_options[i].name; i++)
		if (cmdline_long_options[i].val == key)
			return cmdline_long_options[i].name;
	return "";
}

bool cmdline_takes(enum cmdline_command command, int key)
{
	unsigned int who = WATCH; /* also the options of one letter */

	if (key >= CMDLINE_KEY_FIRST && key < CMDLINE_KEY_FIRST_OF_SUBJECT)
		who = takers[key - CMDLINE_KEY_FIRST];
	else if (key == CMDLINE_KEY_EVENT)
		who = CREATE | EVENTS;
	else if (key >= CMDLINE_KEY_FIRST_OF_SUBJECT && key < CMDLINE_KEY_FIRST_OF_WATCH)
		who = CREATE;
	else if (key == CMDLINE_KEY_COUNT)
		who = WATCH | EVENTS;
	else if (key >= CMDLINE_KEY_FIRST_OF_EVENTS)
		who = EVENTS;
	return who & BIT(command);
}
