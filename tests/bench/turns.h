/* SPDX-License-Identifier: MIT */
/*
 * Taking turns: one process opens and closes files, lane by lane, round by round, and what
 * it took is compared.
 */
#ifndef TESTS_BENCH_TURNS_H
#define TESTS_BENCH_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#define ROUNDS_MAX 1000
#define OPENS_MAX 100000

/* A lane that is compared with nothing. */
#define NO_FLOOR (-1)

struct lane {
	const char *name;
	const char *path;
	int floor;    /* the index of the lane that it is compared with */
	int result;   /* of open(2): 0 or a negative errno */
	double goal;  /* 0: none */
	bool cold;    /* @path/N/file: each opening has a directory of its own */
	bool missing; /* cannot be measured here */
};

struct race {
	const struct lane *lanes;
	int lane_count;
	int rounds;
	int opens;      /* a turn */
	int cold_opens; /* a turn of a cold lane */
};

/* Starts the opener, has every lane take its turn in each round, prints. */
void run_race(const struct race *race);

/* The files of a lane; the directory of @path is there. */
void make_lane(const struct race *race, const struct lane *lane);

#endif
