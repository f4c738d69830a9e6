// SPDX-License-Identifier: MIT
/*
 * janusd(8): guards files of containers for controllers that ask over gRPC.
 */
#include <janus/version.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmdline.h"
#include "handover_ask.h"
#include "keeper.h"
#include "listen.h"

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

int main(int argc, char **argv)
{
	char error[CMDLINE_ERROR_SIZE];
	struct listeners listeners;
	struct cmdline cmdline;

	keep_standard_fds();
	if (cmdline_parse(&cmdline, argc, argv, error))
		return fail_usage(error);
	if (cmdline.action == CMDLINE_HELP)
		return print(cmdline_help);
	if (cmdline.action == CMDLINE_VERSION)
		return print("janusd " JANUS_VERSION_STRING "\n");
	if (listen_plan(&listeners, &cmdline, error))
		return fail_usage(error);
	if (cmdline.action == CMDLINE_CHECK)
		return EXIT_SUCCESS;
	if (cmdline.action == CMDLINE_HANDOVER)
		return handover_ask(&listeners) ? EXIT_FAILURE : EXIT_SUCCESS;
	return keeper_run(&cmdline, &listeners, argv);
}
