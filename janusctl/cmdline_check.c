// SPDX-License-Identifier: MIT
/*
 * Owns what a command needs. Only what would be no request at all is refused here: the rest is
 * for janusd to judge, who may be of another version.
 */
#include "cmdline_check.h"

#include <stdio.h>
#include <string.h>

#include "cmdline_events.h"
#include "escape.h"

static int fail(char *error, const char *cause)
{
	snprintf(error, CMDLINE_ERROR_SIZE, "%s", cause);
	return -1;
}

/* unix:/PATH, HOST:PORT or [IPV6]:PORT. */
static bool is_address(const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t host, digits;

	if (strncmp(address, "unix:", strlen("unix:")) == 0)
		return address[strlen("unix:")] == '/';
	if (!colon)
		return false;
	digits = strlen(colon + 1);
	if (digits < 1 || digits > 5 || strspn(colon + 1, "0123456789") != digits)
		return false;
	host = (size_t)(colon - address);
	if (address[0] == '[')
		return host > 2 && colon[-1] == ']' &&
		       strspn(address + 1, "0123456789abcdefABCDEF:.%") == host - 2;
	return host > 0 && strcspn(address, ":/[]%?#") == host;
}

static int check_connection(const struct cmdline *cmdline, char *error)
{
	char escaped[256];

	if (!is_address(cmdline->address)) {
		snprintf(error, CMDLINE_ERROR_SIZE,
			 "'%s': --address: none of unix:/PATH, HOST:PORT, [IPV6]:PORT",
			 escape(escaped, sizeof(escaped), cmdline->address));
		return -1;
	}
	if (!cmdline->tls_cert_file != !cmdline->tls_key_file)
		return fail(error, "--tls-cert and --tls-key: one without the other");
	if (cmdline->tls_cert_file && !cmdline->tls_ca_file)
		return fail(error, "--tls-cert: TLS needs --tls-ca");
	return 0;
}

static int check_subject(const struct cmdline_subject *subject, size_t index, char *error)
{
	const char *missing = NULL;

	if (!subject->allow.count && !subject->deny.count)
		missing = "--allow or --deny";
	else if (!subject->events.count)
		missing = "--event";
	if (!missing)
		return 0;
	snprintf(error, CMDLINE_ERROR_SIZE, "subject %zu: %s is missing", index + 1,
		 missing);
	return -1;
}

static int check_create(const struct cmdline *cmdline, char *error)
{
	if (!cmdline->name)
		return fail(error, "guard create: --name is missing");
	if (!cmdline->cids.count && !cmdline->pid_count)
		return fail(error, "guard create: --cid or --pid is missing");
	if (cmdline->cids.count && !cmdline->pod)
		return fail(error, "guard create: --pod is missing, and --cid needs it");
	if (!cmdline->subject_count)
		return fail(error, "guard create: --allow or --deny is missing");
	for (size_t i = 0; i < cmdline->subject_count; i++)
		if (check_subject(&cmdline->subjects[i], i, error))
			return -1;
	return 0;
}

static int check_destroy(const struct cmdline *cmdline, char *error)
{
	if (!cmdline->pod && !cmdline->name && !cmdline->pid_count)
		return fail(error, "guard destroy: --pod is missing");
	if (cmdline->pod && cmdline->pid_count)
		return fail(error,
			    "guard destroy: --pid does not go together with --pod");
	return 0;
}

/* What only makes sense in a tree. */
static const char *tree_option_of(const struct cmdline_watch *watch)
{
	if (watch->depth)
		return "--depth";
	if (watch->ignore.count)
		return "--ignore";
	return watch->one_filesystem ? "--one-filesystem" : NULL;
}

static int check_watch_paths(const struct cmdline *cmdline, char *error)
{
	const struct cmdline_list *paths = &cmdline->watch.paths;
	bool inside = cmdline->cids.count || cmdline->pid_count;
	char escaped[256];

	if (!paths->count)
		return fail(error, "watch: a path is missing");
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];

		if (path[0] && (path[0] == '/' || !inside))
			continue;
		snprintf(error, CMDLINE_ERROR_SIZE, "'%s': %s",
			 escape(escaped, sizeof(escaped), path),
			 path[0] ? "not absolute, and --cid or --pid needs it to be"
				 : "the path is empty");
		return -1;
	}
	return 0;
}

static int check_watch(const struct cmdline *cmdline, char *error)
{
	const char *tree_option = tree_option_of(&cmdline->watch);

	if (tree_option && !cmdline->watch.recursive) {
		snprintf(error, CMDLINE_ERROR_SIZE,
			 "watch: %s is for trees: --recursive is missing", tree_option);
		return -1;
	}
	if (cmdline->cids.count + cmdline->pid_count > 1)
		return fail(error, "watch: more than one --cid or --pid");
	return check_watch_paths(cmdline, error);
}

static int check_events(const struct cmdline *cmdline, char *error)
{
	char escaped[256];
	const char *word, *cause = cmdline_events_check(&cmdline->events, &word);

	if (!cause)
		return 0;
	snprintf(error, CMDLINE_ERROR_SIZE, "'%s': %s",
		 escape(escaped, sizeof(escaped), word), cause);
	return -1;
}

int cmdline_check(const struct cmdline *cmdline, char *error)
{
	if (check_connection(cmdline, error))
		return -1;
	if (cmdline->command == CMDLINE_GUARD_CREATE)
		return check_create(cmdline, error);
	if (cmdline->command == CMDLINE_GUARD_DESTROY)
		return check_destroy(cmdline, error);
	if (cmdline->command == CMDLINE_EVENTS)
		return check_events(cmdline, error);
	if (cmdline->command == CMDLINE_WATCH)
		return check_watch(cmdline, error);
	return 0;
}
