/* SPDX-License-Identifier: MIT */
/*
 * Which system calls the two processes may use. The keeper's filter names what nobody of janusd
 * ever needs; it is inherited by each worker, and by the program that a handover executes, of
 * which nobody knows yet what it needs. The worker's, on top of it, names all that it does need:
 * no new process, no program. Called while the process has one thread; there is no way back.
 */
#ifndef JANUSD_SECCOMP_FILTER_H
#define JANUSD_SECCOMP_FILTER_H

/* Once, however many handovers there were. Return: 0, or a negative errno. */
int seccomp_filter_keeper(void);

/* Before the first thread. Return: 0, or a negative errno. */
int seccomp_filter_worker(void);

#endif
