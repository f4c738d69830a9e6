/* SPDX-License-Identifier: MIT */
/*
 * Names of system calls, for seccomp_filter.c; NULL ends an array. What a machine does not have is
 * passed over.
 */
#ifndef JANUSD_SECCOMP_CALLS_H
#define JANUSD_SECCOMP_CALLS_H

/* Whatever happens to janusd, it does not do that. */
extern const char *const seccomp_calls_of_nobody[];

/* Only the keeper does that: it starts the worker, and executes a newer program. */
extern const char *const seccomp_calls_of_keeper[];

/* All that libjanus, gRPC, libmicrohttpd, libc and the worker use, without conditions. */
extern const char *const seccomp_calls_of_worker[];

#endif
