/* SPDX-License-Identifier: MIT */
/*
 * Counts and fails the allocations of a program. Works in programs linked with
 * janus_wrap_allocations() only; calls from within libc are not seen.
 */
#ifndef JANUS_TESTS_ALLOCATIONS_H
#define JANUS_TESTS_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* From now on the @nth allocation fails, once; 1: the next one; 0: none. Starts to count. */
void allocations_fail(size_t nth);

/* How many there were since, and whether the one that had to fail did. */
size_t allocations_count(void);
bool allocations_failed(void);

/* How many blocks are allocated and not freed. */
long allocations_live(void);

/* Call @fn once, at the next allocation, before it is made. NULL: do not. */
void allocations_interrupt(void (*fn)(void));

#endif
