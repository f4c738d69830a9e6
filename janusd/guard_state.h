/* SPDX-License-Identifier: MIT */
/*
 * What has to outlive the worker: values by rising numbers, in a file that has no name and
 * that the next worker inherits. Who is killed in the middle of a change leaves what was there
 * before it. Nothing that is read is believed. What a value says is not known here.
 *
 * Belongs to the main thread, but for guard_state_copy(). One process at a time.
 */
#ifndef JANUSD_GUARD_STATE_H
#define JANUSD_GUARD_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct guard_state;

#define GUARD_STATE_VALUE_MAX ((size_t)4 << 20)
#define GUARD_STATE_ID_MAX ((uint64_t)1 << 62)
/* A log this long is written anew when half of it is of no use. */
#define GUARD_STATE_COMPACT_BYTES ((uint64_t)1 << 20)

/*
 * Read what is in @fd, which stays the caller's; an empty file becomes an empty state. What
 * cannot be read is logged and lost, the rest is there. Return: 0, or a negative errno.
 */
int guard_state_open(struct guard_state **ret, int fd);

/* NULL: nothing happens. */
void guard_state_close(struct guard_state *state);

/*
 * The value of @id, 1 to GUARD_STATE_ID_MAX, in place of an earlier one. Return: 0, or a
 * negative errno.
 */
int guard_state_put(struct guard_state *state, uint64_t id, struct wire_bytes value);

/* Return: 0, also where there is none of that number, or a negative errno. */
int guard_state_remove(struct guard_state *state, uint64_t id);

size_t guard_state_count(const struct guard_state *state);

/* Another number after each change. */
uint64_t guard_state_version(const struct guard_state *state);

/*
 * From another thread, which shares nothing with the state but its @fd, and does not hold it up:
 * what is valid at some moment during the call, as a file of its own. Return: that file's fd, the
 * caller's, or a negative errno; -EAGAIN: it changes too fast.
 */
int guard_state_copy(int fd);

/* @value is borrowed for the call, in which @id may be put or removed. */
typedef void guard_state_fn(void *userdata, uint64_t id, struct wire_bytes value);

/* All of them by rising number. */
void guard_state_each(struct guard_state *state, guard_state_fn *fn, void *userdata);

#endif
