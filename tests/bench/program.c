// SPDX-License-Identifier: MIT
/*
 * Owns the other program's process and the pipe from it.
 */
#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclosure.h"
#include "kernel/harness.h"
#include "lanes.h"

/* Covering a large tree takes a while. */
#define READY_MS 120000

bool program_exists(const char *name)
{
	const char *path = getenv("PATH");
	char copy[4096], file[4096 + 256];
	char *rest = NULL;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	snprintf(copy, sizeof(copy), "%s", path ? path : "/usr/bin:/bin");
	for (char *folder = strtok_r(copy, ":", &rest); folder;
	     folder = strtok_r(NULL, ":", &rest)) {
		snprintf(file, sizeof(file), "%s/%s", folder, name);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

void program_start(struct program *program, const char *const *arguments)
{
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC));
	program->pid = fork_child();
	if (program->pid == 0) {
		int null = (int)MUST(open("/dev/null", O_RDWR | O_CLOEXEC));

		take_cpus(false);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execvp(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	close(fds[1]);
	program->errors = fds[0];
}

void program_wait_for(struct program *program, const char *text)
{
	struct pollfd readable = { .fd = program->errors, .events = POLLIN };
	char said[8192] = "";
	size_t length = 0;

	while (!strstr(said, text)) {
		ssize_t count;

		if (poll(&readable, 1, READY_MS) != 1)
			harness_fail(__FILE__, __LINE__, "it did not get ready: %s",
				     said);
		count = read(program->errors, said + length, sizeof(said) - 1 - length);
		if (count <= 0)
			harness_fail(__FILE__, __LINE__, "it ended: %s", said);
		length += (size_t)count;
		said[length] = '\0';
	}
}

void program_fail(const struct program *program, const char *what)
{
	char said[8192] = "";

	if (fcntl(program->errors, F_SETFL, O_NONBLOCK) == 0 &&
	    read(program->errors, said, sizeof(said) - 1) < 0)
		said[0] = '\0';
	harness_fail(__FILE__, __LINE__, "%s: %s", what, said);
}

uint64_t program_writes(const struct program *program)
{
	unsigned long long writes = 0;
	char path[64], line[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/io", program->pid);
	file = fopen(path, "re");
	CHECK(file);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "syscw: %llu", &writes) == 1;
	fclose(file);
	CHECK(found);
	return writes;
}

void program_end(struct program *program)
{
	MUST(kill(program->pid, SIGTERM));
	MUST(waitpid(program->pid, NULL, 0));
	close(program->errors);
}
