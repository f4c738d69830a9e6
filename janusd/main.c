// SPDX-License-Identifier: MIT
/*
 * janusd(8): guards files of containers for controllers that ask over gRPC.
 */
#include <janus/version.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients.h"
#include "cmdline.h"
#include "config.h"
#include "handover_ask.h"
#include "keeper.h"
#include "listen.h"
#include "manifests.h"
#include "state_load.h"

#define EXIT_USAGE 2

static int fail_usage(const char *error)
{
	fprintf(stderr, "janusd: error: %s\njanusd: try --help\n", error);
	return EXIT_USAGE;
}

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What is closed would be opened again as something else, and be logged into. */
static void keep_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void tell_fault(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "janusd: error: %s\n", line);
}

static int load(struct config *config, struct cmdline *cmdline)
{
	struct faults faults = FAULTS_INIT;
	int result = config_find(config, cmdline, &faults);

	if (result)
		faults_tell(&faults, tell_fault, NULL);
	faults_done(&faults);
	return result;
}

/* What would be wrong at the start, too. */
static int check_files(const struct cmdline *cmdline)
{
	const struct settings *settings = &cmdline->settings;
	struct faults faults = FAULTS_INIT;
	struct manifests manifests = { 0 };
	int result = 0;

	if (settings->guards_folder)
		result = manifests_read(&manifests, settings->guards_folder, &faults);
	if (settings->state_file && state_load(settings->state_file, -1, &faults))
		result = -1;
	if (result)
		faults_tell(&faults, tell_fault, NULL);
	manifests_done(&manifests);
	faults_done(&faults);
	return result ? EXIT_FAILURE : print("OK\n");
}

static int check_clients(const struct cmdline *cmdline, char *error)
{
	const struct client_settings *entry = clients_cannot_serve(&cmdline->settings,
								   geteuid());

	if (!entry)
		return 0;
	snprintf(error, CMDLINE_ERROR_SIZE,
		 "clients: %s %ju: the socket has mode 0600, only user %ju can connect to"
		 " it; list that one, or names over TLS",
		 entry->by_gid ? "gid" : "uid",
		 (uintmax_t)(entry->by_gid ? entry->gid : entry->uid),
		 (uintmax_t)geteuid());
	return -1;
}

static int run(struct cmdline *cmdline, struct config *config, int argc, char **argv)
{
	const bool check = cmdline->action == CMDLINE_CHECK_CONFIG;
	char error[CMDLINE_ERROR_SIZE];
	struct listeners listeners;

	if (load(config, cmdline))
		return EXIT_FAILURE;
	if (cmdline_parse(cmdline, argc, argv, error) ||
	    listen_plan(&listeners, cmdline, error) || check_clients(cmdline, error)) {
		int status = fail_usage(error);

		return check ? EXIT_FAILURE : status;
	}
	if (check)
		return check_files(cmdline);
	if (cmdline->action == CMDLINE_CHECK)
		return EXIT_SUCCESS;
	if (cmdline->action == CMDLINE_HANDOVER)
		return handover_ask(&listeners) ? EXIT_FAILURE : EXIT_SUCCESS;
	return keeper_run(cmdline, &listeners, argv);
}

int main(int argc, char **argv)
{
	struct config config = { 0 };
	char error[CMDLINE_ERROR_SIZE];
	struct cmdline cmdline;
	int status;

	keep_standard_fds();
	if (cmdline_begin(&cmdline, argc, argv, error))
		return fail_usage(error);
	if (cmdline.action == CMDLINE_HELP)
		return print(cmdline_help);
	if (cmdline.action == CMDLINE_VERSION)
		return print("janusd " JANUS_VERSION_STRING "\n");
	status = run(&cmdline, &config, argc, argv);
	config_done(&config);
	return status;
}
