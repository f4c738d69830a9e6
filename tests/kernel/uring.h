/* SPDX-License-Identifier: MIT */
/*
 * io_uring with raw system calls, for one request at a time.
 */
#ifndef TESTS_KERNEL_URING_H
#define TESTS_KERNEL_URING_H

#include "doer.h"

/* Open @path to read through io_uring, close it: 0 or a negative errno; -ENOSYS: no io_uring. */
int open_by_uring(const struct deed *deed);

#endif
