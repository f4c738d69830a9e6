/* SPDX-License-Identifier: MIT */
/*
 * Bursts of identical records as one each. The first of them is kept for the window, whose end the
 * further ones do not put off; then it is given back with their count and the time of the last.
 * Which ones are identical is record_is_same()'s to say. Pure; belongs to the main thread.
 */
#ifndef JANUSD_FOLD_H
#define JANUSD_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

/* More different ones at a time are not kept: the oldest goes before its window is over. */
#define FOLD_MOST 1024

#define FOLD_NEVER INT64_MAX

struct fold;

/* Return: NULL if there is no memory. */
struct fold *fold_create(int64_t window_ns);

/* What is still kept is lost. NULL: nothing happens. */
void fold_destroy(struct fold *fold);

enum fold_result {
	FOLD_KEPT,   /* the first of its kind */
	FOLD_JOINED, /* one more of a kind */
	FOLD_FULL,   /* it was the first, but first fetch one with fold_fetch_oldest() */
	FOLD_FAILED, /* there is no memory: to be told as it is */
};

enum fold_result fold_put(struct fold *fold, const struct record *record, int64_t now_ns);

/* One whose window is over; NULL: there is none. The caller frees it, free(3). */
struct record *fold_fetch(struct fold *fold, int64_t now_ns);

/* The oldest, even if its window is not over; NULL: none is kept. */
struct record *fold_fetch_oldest(struct fold *fold);

/* When the next window is over; FOLD_NEVER: none is open. */
int64_t fold_next_ns(const struct fold *fold);

#endif
