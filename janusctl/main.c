// SPDX-License-Identifier: MIT
/*
 * janusctl: one request to janusd, and its answer; or a watch or a look without it. Owns the
 * order in which things are made; nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <janus/version.h>

#include "client.h"
#include "cmdline.h"
#include "commands.h"
#include "containers.h"
#include "output.h"
#include "util.h"
#include "watch.h"

enum exit_status {
	EXIT_SERVED = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* What is closed would be opened again as something else, and be written to as such. */
static void keep_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static int run(const struct cmdline *cmdline)
{
	struct client_options options = {
		.address = cmdline->address,
		.tls_ca_file = cmdline->tls_ca_file,
		.tls_cert_file = cmdline->tls_cert_file,
		.tls_key_file = cmdline->tls_key_file,
	};
	char error[CLIENT_ERROR_SIZE];
	struct client *client;
	int status;

	if (client_create(&client, &options, error)) {
		output_message("no connection", error);
		return EXIT_FAILED;
	}
	status = commands_run(client, cmdline);
	client_destroy(client);
	return status;
}

int main(int argc, char **argv)
{
	cleanup(cmdline_done) struct cmdline cmdline = { .command = CMDLINE_NONE };
	char error[CMDLINE_ERROR_SIZE];

	keep_standard_fds();
	if (cmdline_parse(&cmdline, argc, argv, error)) {
		fprintf(stderr, "janusctl: %s\nTry 'janusctl --help'.\n", error);
		return EXIT_USAGE;
	}
	if (cmdline.command == CMDLINE_HELP)
		fputs(cmdline_help, stdout);
	else if (cmdline.command == CMDLINE_VERSION)
		puts("janusctl " JANUS_VERSION_STRING);
	else if (cmdline.command == CMDLINE_WATCH)
		return watch_run(&cmdline);
	else if (cmdline.command == CMDLINE_CONTAINERS)
		return containers_list(&cmdline);
	else if (cmdline.command == CMDLINE_PIDS)
		return containers_pids(&cmdline);
	else
		return run(&cmdline);
	return output_finish() ? EXIT_FAILED : EXIT_SERVED;
}
