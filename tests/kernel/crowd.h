/* SPDX-License-Identifier: MIT */
/*
 * The crowd: actors that open a path again and again until they are told to stop.
 */
#ifndef TESTS_KERNEL_CROWD_H
#define TESTS_KERNEL_CROWD_H

#include <stdatomic.h>
#include <stdint.h>

#include "doer.h"

#define CROWD_MAX 8

/* What an actor has seen; shared with it. */
struct tally {
	atomic_uint_least64_t opened;
	atomic_uint_least64_t denied; /* EPERM */
	atomic_uint_least64_t failed; /* anything else */
	atomic_bool stop;
};

struct crowd {
	struct actor actors[CROWD_MAX];
	size_t count;
	struct tally *tally;
};

/* @count actors that do nothing yet. */
void crowd_start(struct crowd *crowd, size_t count);

/* Actor @index opens @path until the stop. */
void crowd_hammer(struct crowd *crowd, size_t index, const char *path);

/* Actor @index opens @path @times times. */
void crowd_open(struct crowd *crowd, size_t index, const char *path, int times);

/* Tell them to stop, if they do not stop by themselves, and wait until they have. */
void crowd_stop(struct crowd *crowd);
void crowd_wait(struct crowd *crowd);
void crowd_end(struct crowd *crowd);

/* Wait until there have been @count more openings, allowed or denied. */
void crowd_wait_for_more(struct crowd *crowd, uint64_t count);

#endif
