/* SPDX-License-Identifier: MIT */
/*
 * The daemon at work: one loop on the main thread over the library's events, the jobs of
 * the gRPC thread and the signals. Owns every object of the process and the order in
 * which they come and go.
 */
#ifndef JANUSD_WORKER_H
#define JANUSD_WORKER_H

struct cmdline;
struct listeners;

/* Return: the exit status of the process. */
int worker_run(const struct cmdline *cmdline, struct listeners *listeners);

#endif
