/* SPDX-License-Identifier: MIT */
/*
 * What scenarios look at.
 */
#ifndef JANUS_TESTS_CHECKS_H
#define JANUS_TESTS_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

int64_t checks_now_ns(void);

/* What is not as it has to be is told, and remembered in @failed. */
__attribute__((format(printf, 3, 4))) void checks_expect(bool *failed, bool condition,
							 const char *format, ...);

/* How many fds this process has; of use in a comparison only. */
int checks_count_fds(void);

#endif
