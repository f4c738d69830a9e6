/* SPDX-License-Identifier: MIT */
/*
 * The thread that keeps the state file up to date. It takes its own copy of the state
 * (guard_state_copy()), so that the main thread neither waits for it nor shares anything with it
 * but a flag. Changes that come together become one write; one that fails is told once for each
 * cause, and tried again.
 */
#ifndef JANUSD_STATE_WRITER_H
#define JANUSD_STATE_WRITER_H

#include <stdint.h>

struct state_writer;

/*
 * @path is copied, @state_fd stays the caller's. It writes when it is told of a first version.
 * Return: 0, or a negative errno.
 */
int state_writer_create(struct state_writer **ret, const char *path, int state_fd);

/* What guard_state_version() is by now. @writer: NULL: nothing happens. */
void state_writer_note(struct state_writer *writer, uint64_t version);

/*
 * Write what has changed, and wait for that, but not for longer than @wait_ns: then it is told,
 * and the thread is left alone.
 */
void state_writer_destroy(struct state_writer *writer, int64_t wait_ns);

#endif
