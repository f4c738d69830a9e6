/* SPDX-License-Identifier: MIT */
/*
 * What scenarios look at.
 */
#ifndef JANUS_TESTS_CHECKS_H
#define JANUS_TESTS_CHECKS_H

#include <stdint.h>

int64_t checks_now_ns(void);

/* How many fds this process has; of use in a comparison only. */
int checks_count_fds(void);

#endif
