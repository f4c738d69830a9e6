// SPDX-License-Identifier: MIT
/*
 * Owns nothing: clocks, medians, words.
 */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "kernel/harness.h"

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	MUST(clock_gettime(clock, &now));
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int64_t now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t cpu_ns(pid_t pid)
{
	clockid_t clock;

	CHECK_INT(clock_getcpuclockid(pid, &clock), 0);
	return read_clock(clock);
}

uint64_t resident_bytes(pid_t pid)
{
	unsigned long long pages;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	file = fopen(path, "re");
	CHECK(file);
	CHECK_INT(fscanf(file, "%*u %llu", &pages), 1);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int compare_doubles(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

uint32_t quantile(uint32_t *values, size_t count, unsigned int per_mille)
{
	qsort(values, count, sizeof(*values), compare_numbers);
	return values[(count - 1) * per_mille / 1000];
}

double median_ratio(const double *values, const double *floors, size_t count)
{
	double *ratios = calloc(count, sizeof(*ratios));
	double result;

	CHECK(ratios && count > 0);
	for (size_t i = 0; i < count; i++)
		ratios[i] = floors ? values[i] / floors[i] : values[i];
	qsort(ratios, count, sizeof(*ratios), compare_doubles);
	result = ratios[count / 2];
	if (count % 2 == 0)
		result = (result + ratios[count / 2 - 1]) / 2;
	free(ratios);
	return result;
}

double median(const double *values, size_t count)
{
	return median_ratio(values, NULL, count);
}

void print_ratio(const char *what, double ratio, double goal)
{
	printf("%-52s %8.2f   goal %g: %s\n", what, ratio, goal,
	       ratio <= goal ? "reached" : "MISSED");
}

void print_machine(const char *what)
{
	struct utsname name;

	uname(&name);
	printf("%s; Linux %s, %ld CPUs\n", what, name.release,
	       sysconf(_SC_NPROCESSORS_ONLN));
	fflush(stdout);
}

static const struct bench_option *find_option(const struct bench_option *options,
					      const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return NULL;
	for (; options->name; options++)
		if (strcmp(options->name, word + 2) == 0)
			return options;
	return NULL;
}

static bool read_value(const struct bench_option *option, const char *text)
{
	char *end;
	long number;

	if (option->text) {
		*option->text = text;
		return true;
	}
	number = strtol(text, &end, 10);
	if (!*text || *end || number < 1 || number > option->max)
		return false;
	*option->number = (int)number;
	return true;
}

static void print_usage(const char *program, const struct bench_option *options)
{
	fprintf(stderr, "usage: %s", program);
	for (; options->name; options++) {
		if (options->text)
			fprintf(stderr, " [--%s TEXT]", options->name);
		else
			fprintf(stderr, " [--%s 1..%d]", options->name, options->max);
	}
	fprintf(stderr, "\n");
}

bool read_options(char **argv, const struct bench_option *options)
{
	for (char **word = argv + 1; *word; word += 2) {
		const struct bench_option *option = find_option(options, *word);

		if (!option || !word[1] || !read_value(option, word[1])) {
			print_usage(argv[0], options);
			return false;
		}
	}
	return true;
}
