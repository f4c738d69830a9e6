/* SPDX-License-Identifier: MIT */
/*
 * A tiny harness for tests against the real kernel. Each case runs in a process of its own,
 * with a deadline, in a private mount namespace, on a fresh tmpfs at WORK. Plain C and no
 * framework, because these programs also run under ThreadSanitizer.
 *
 * Exit status of a program: 0, 1 when a case failed, 77 when one could not run here.
 */
#ifndef TESTS_KERNEL_HARNESS_H
#define TESTS_KERNEL_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

/* Where a case's own tmpfs is mounted. */
#define WORK "/mnt"

/* How long anything may take that a test waits for. No test asserts a duration. */
#define BOUND_MS 20000
#define BOUND_NS (BOUND_MS * 1000000ll)

struct test_case {
	const char *name;
	void (*run)(void);
};

#define CASE(function)                                                                   \
	{                                                                                \
#function, function                                                      \
	}

/* Run the cases that the arguments name, or all. Returns the exit status. */
int harness_main(char **argv, const struct test_case *cases, size_t count);

#define HARNESS_MAIN(cases)                                                              \
	int main(int argc, char **argv)                                                  \
	{                                                                                \
		(void)argc;                                                              \
		return harness_main(argv, cases, sizeof(cases) / sizeof(cases[0]));      \
	}

/* End the case. */
_Noreturn void harness_skip(const char *reason);
_Noreturn void harness_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void harness_check_int(const char *file, int line, const char *what,
		       const long long values[2]);
void harness_check_text(const char *file, int line, const char *what,
			const char *const values[2]);

#define CHECK(condition)                                                                 \
	do {                                                                             \
		if (!(condition))                                                        \
			harness_fail(__FILE__, __LINE__, "not true: %s", #condition);    \
	} while (0)

#define CHECK_INT(actual, expected)                                                      \
	harness_check_int(                                                               \
		__FILE__, __LINE__, #actual,                                             \
		(const long long[]){ (long long)(actual), (long long)(expected) })

#define CHECK_TEXT(actual, expected)                                                     \
	harness_check_text(__FILE__, __LINE__, #actual,                                  \
			   (const char *const[]){ actual, expected })

/* A system call that has to succeed; its result. */
#define MUST(call) harness_must(__FILE__, __LINE__, #call, (long long)(call))
long long harness_must(const char *file, int line, const char *what, long long result);

/* Ask again until it is true; a case in which it does not become true fails. */
#define WAIT_UNTIL(condition, argument)                                                  \
	harness_wait(__FILE__, __LINE__, #condition,                                     \
		     &(struct harness_wait){ condition, argument })

struct harness_wait {
	bool (*condition)(void *argument);
	void *argument;
};

void harness_wait(const char *file, int line, const char *what,
		  const struct harness_wait *wait);

/* Files of the case. Each fails the case where it cannot do its work. */
void make_file(const char *path); /* some text in it */
void make_directory(const char *path);
void mount_tmpfs(const char *path);    /* makes the directory, too */
void mount_stalling(const char *path); /* an autofs that never answers; makes it, too */

/* Entries of /proc/self/NAME, without "." and ".."; those whose link is @target, or all. */
size_t count_own(const char *name, const char *target);

#endif
