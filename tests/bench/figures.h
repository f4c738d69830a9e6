/* SPDX-License-Identifier: MIT */
/*
 * Figures: reading the clocks, making ratios of them, printing them, and the numbers on the
 * command line. Claims are ratios of one run; what a run takes is a property of the machine.
 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int64_t now_ns(void);

/* What all threads of a process have used. */
int64_t cpu_ns(pid_t pid);

/* What a process holds in memory. */
uint64_t resident_bytes(pid_t pid);

/* @per_mille of 500: the median. Sorts. */
uint32_t quantile(uint32_t *values, size_t count, unsigned int per_mille);

double median(const double *values, size_t count);

/* The median over the rounds of (@values / @floors). */
double median_ratio(const double *values, const double *floors, size_t count);

/* One line: what, the ratio, the goal, and whether it is reached. */
void print_ratio(const char *what, double ratio, double goal);

/* The first line: what is measured, and on what. */
void print_machine(const char *what);

/* "--NAME VALUE": a number from 1 to @max, or a text. A list ends with a @name of NULL. */
struct bench_option {
	const char *name;
	int *number;
	int max;
	const char **text;
};

/* False: told on standard error what can be said. */
bool read_options(char **argv, const struct bench_option *options);

#endif
