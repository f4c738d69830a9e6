// SPDX-License-Identifier: MIT
#include "program.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cmdline.h"
#include "util.h"

#define STATUS_CANNOT_EXECUTE 127

/*
 * As it was given to execve(2), so that a link which leads to the newest version still does.
 * Who was executed by an fd has no such path, but that of the file.
 */
void program_find(struct program *ret, char **argv)
{
	static const char by_fd[] = "/dev/fd/";
	const char *given = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char folder[PATH_MAX];
	ssize_t length;
	int used;

	ret->argv = argv;
	ret->path[0] = '\0';
	if (!given || !strncmp(given, by_fd, strlen(by_fd))) {
		length = readlink("/proc/self/exe", ret->path, sizeof(ret->path) - 1);
		ret->path[length > 0 ? length : 0] = '\0';
		return;
	}
	if (*given == '/')
		used = snprintf(ret->path, sizeof(ret->path), "%s", given);
	else if (getcwd(folder, sizeof(folder)))
		used = snprintf(ret->path, sizeof(ret->path), "%s/%s", folder, given);
	else
		return;
	if (used >= (int)sizeof(ret->path))
		ret->path[0] = '\0';
}

static size_t count_words(char **argv)
{
	size_t count = 0;

	while (argv[count])
		count++;
	return count;
}

pid_t program_check(const struct program *program, const sigset_t *mask)
{
	size_t count = count_words(program->argv);
	autofree char **argv = calloc(count + 2, sizeof(*argv));
	char option[32];
	pid_t self = getpid(), pid;

	if (!argv)
		return -ENOMEM;
	snprintf(option, sizeof(option), "--can-adopt=%d", CMDLINE_ADOPTS);
	argv[0] = program->argv[0];
	argv[1] = option;
	for (size_t i = 1; i < count; i++)
		argv[i + 1] = program->argv[i];
	pid = fork();
	if (pid)
		return pid > 0 ? pid : -errno;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != self)
		_exit(EXIT_FAILURE);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execve(program->path, argv, environ);
	_exit(STATUS_CANNOT_EXECUTE);
}

int program_execute(const struct program *program)
{
	execve(program->path, program->argv, environ);
	return -errno;
}
