/* SPDX-License-Identifier: MIT */
/*
 * Runs a case in a process of its own, which is ended when it hangs, on a tmpfs and among
 * processes that only this program sees, so that each run makes the same calls.
 */
#ifndef JANUS_TESTS_RUNNER_H
#define JANUS_TESTS_RUNNER_H

/* The tmpfs; ends the program, with 77 where the rights are missing. */
const char *runner_begin(void);

/* 0: @fn returned 0 there; what it says otherwise comes with @name. */
int runner_run(const char *name, int (*fn)(void *userdata), void *userdata);

/* Unmount. */
void runner_end(void);

#endif
