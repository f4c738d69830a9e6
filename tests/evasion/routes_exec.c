// SPDX-License-Identifier: MIT
/*
 * Programs. Two kinds of guard: JANUS_EVENT_EXEC refuses what the kernel opens to execute it,
 * a program, a script or its interpreter; JANUS_EVENT_OPEN refuses that, too, and what some
 * other program opens to read it, such as a script that is handed to an interpreter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <janus/types.h>

#include "harness.h"
#include "routes.h"

/* Exit status of a shell or loader that cannot open what it was given. */
static int is_failure_to_open(int status)
{
	return status == 2 || status == 126 || status == 127;
}

static int wait_for(pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, 0));
	if (!WIFEXITED(status))
		return -EPROTO;
	return -WEXITSTATUS(status);
}

/* 0, or what execve(2) said. */
static int run(const char *path)
{
	pid_t pid = (pid_t)MUST(fork());

	if (pid == 0) {
		execl(path, path, (char *)NULL);
		_exit(errno);
	}
	return wait_for(pid);
}

/* An allowed program opens @path itself: its complaint counts as EPERM. */
static int run_with(const char *program, const char *path)
{
	pid_t pid = (pid_t)MUST(fork());
	int result;

	if (pid == 0) {
		close(STDERR_FILENO);
		execl(program, program, path, (char *)NULL);
		_exit(1);
	}
	result = wait_for(pid);
	return is_failure_to_open(-result) ? -EPERM : result;
}

static int run_tool(void)
{
	return run(at("/tree/tool"));
}

static int run_script(void)
{
	return run(at("/tree/script"));
}

static int run_script_of_denied_interpreter(void)
{
	return run(at("/out/foreign"));
}

static int hand_script_to_interpreter(void)
{
	return run_with("/bin/sh", at("/tree/script"));
}

static int hand_tool_to_loader(void)
{
	return run_with("/lib64/ld-linux-x86-64.so.2", at("/tree/tool"));
}

static int run_linked_tool(void)
{
	MUST(link(at("/tree/tool"), at("/out/tool")));
	return run(at("/out/tool"));
}

static int run_moved_tool(void)
{
	MUST(rename(at("/tree/tool"), at("/out/tool")));
	return run(at("/out/tool"));
}

static int run_held_tool(void)
{
	int fd = (int)MUST(open(at("/tree/tool"), O_PATH | O_CLOEXEC));
	char *const nothing[] = { (char *)"tool", NULL };
	pid_t pid = (pid_t)MUST(fork());

	if (pid == 0) {
		syscall(SYS_execveat, fd, "", nothing, nothing, AT_EMPTY_PATH);
		_exit(errno);
	}
	return wait_for(pid);
}

static int run_new_tool(void)
{
	copy_program("/usr/bin/true", at("/out/new"));
	MUST(rename(at("/out/new"), at("/tree/a/new")));
	return run(at("/tree/a/new"));
}

static const struct route routes[] = {
	{ "exec", NULL, run_tool, JANUS_EVENT_EXEC, 0 },
	{ "exec where open is denied", NULL, run_tool, JANUS_EVENT_OPEN, 0 },
	{ "exec of a script", NULL, run_script, JANUS_EVENT_EXEC, 0 },
	{ "exec of a script where open is denied", NULL, run_script, JANUS_EVENT_OPEN,
	  0 },
	{ "exec by a denied interpreter", NULL, run_script_of_denied_interpreter,
	  JANUS_EVENT_EXEC, 0 },
	{ "script handed to an interpreter", NULL, hand_script_to_interpreter,
	  JANUS_EVENT_OPEN, 0 },
	{ "program handed to the loader", NULL, hand_tool_to_loader, JANUS_EVENT_OPEN,
	  0 },
	{ "exec of a hard link", NULL, run_linked_tool, JANUS_EVENT_EXEC, 0 },
	{ "exec of a moved program", NULL, run_moved_tool, JANUS_EVENT_EXEC, 0 },
	{ "execveat of an O_PATH fd", NULL, run_held_tool, JANUS_EVENT_EXEC, 0 },
	{ "exec of a program moved in", NULL, run_new_tool, JANUS_EVENT_EXEC, 0 },
};

const struct route_table exec_routes = ROUTE_TABLE(routes);
