/* SPDX-License-Identifier: MIT */
/*
 * A bucket of tokens: so many a second, and so many at once above that. Pure.
 */
#ifndef JANUSD_RATE_H
#define JANUSD_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t per_second; /* 0: no limit */
	uint32_t most;       /* tokens that the bucket holds */
	uint64_t tokens_ns;  /* what is in it; a token is a second */
	int64_t then_ns;
};

/* @now_ns: of any clock that goes forward. The bucket is full. */
void rate_init(struct rate *ret, uint32_t per_second, uint32_t burst, int64_t now_ns);

/* Return: whether there was a token; it is gone then. */
bool rate_take(struct rate *rate, int64_t now_ns);

#endif
