/* SPDX-License-Identifier: MIT */
/*
 * Another program that watches, such as inotifywait: its output goes to /dev/null, what it
 * says on standard error tells when it is ready.
 */
#ifndef TESTS_BENCH_PROGRAM_H
#define TESTS_BENCH_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct program {
	pid_t pid;
	int errors; /* its standard error */
};

/* Whether a command can be found. */
bool program_exists(const char *name);

/* @arguments ends with NULL; the first one is the command. On the CPUs of who answers. */
void program_start(struct program *program, const char *const *arguments);

/* Read its standard error until a line says so. Fails when it ends without. */
void program_wait_for(struct program *program, const char *text);

/* Fails, with what it said on standard error since. */
_Noreturn void program_fail(const struct program *program, const char *what);

/* Its calls of write(2) so far: inotifywait needs one for each event. */
uint64_t program_writes(const struct program *program);

/* SIGTERM, and wait until it is gone. */
void program_end(struct program *program);

#endif
