// SPDX-License-Identifier: MIT
/*
 * Processes that open files again and again, and what became of it: who was let through, who
 * was not, and how long the longest open took.
 *
 * usage: hammer READERS FILE...     until standard input ends; then a JSON object a file.
 *                                   Each byte of it asks how many opens have ended so far
 *                                   of the reader that has the fewest
 *        hammer burst READERS COUNT FILE...   each COUNT times without a pause, likewise
 *        hammer once FILE           errno (0: it could be opened) and nanoseconds
 *
 * Owns its readers: none of them outlives it. One that does not come back from an open within
 * ten seconds after the end is told as hung.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READERS_MAX 256
#define FILES_MAX 8
#define HUNG_MS 10000

/* Waits are sorted into buckets, eight for each doubling of the time: 9 % from one to the next. */
#define PARTS 8u
#define BUCKETS (64u * PARTS)

/* What one reader has seen of one file. */
struct tally {
	uint64_t opened;
	uint64_t denied;
	uint64_t failed; /* by another errno */
	uint64_t longest_ns;
	int last_errno;
	uint32_t waits[BUCKETS];
};

struct shared {
	atomic_bool stop;
	uint64_t count; /* of opens without a pause; 0: with pauses, until stop */
	struct tally tallies[READERS_MAX][FILES_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int log;

	if (ns < PARTS)
		return (unsigned int)ns;
	log = 63u - (unsigned int)__builtin_clzll(ns);
	return (log - 2) * PARTS + ((unsigned int)(ns >> (log - 3)) & (PARTS - 1));
}

/* The least time that falls into it. */
static uint64_t bucket_ns(unsigned int bucket)
{
	if (bucket < PARTS)
		return bucket;
	return (uint64_t)(PARTS + bucket % PARTS) << (bucket / PARTS - 1);
}

/* What @share of the opens did not wait longer than. */
static double quantile_us(const struct tally *tally, double share)
{
	uint64_t total = tally->opened + tally->denied + tally->failed, seen = 0;

	for (unsigned int i = 0; i < BUCKETS; i++) {
		seen += tally->waits[i];
		if (seen && (double)seen >= share * (double)total)
			return (double)bucket_ns(i) / 1e3;
	}
	return 0;
}

static void open_once(const char *path, struct tally *tally)
{
	uint64_t start = now_ns();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno : 0;
	uint64_t took = now_ns() - start;

	if (fd >= 0)
		close(fd);
	tally->opened += !error;
	tally->denied += error == EPERM;
	tally->failed += error && error != EPERM;
	if (error)
		tally->last_errno = error;
	if (took > tally->longest_ns)
		tally->longest_ns = took;
	tally->waits[bucket_of(took)]++;
}

static void read_on(struct shared *shared, struct tally *tallies, char **files)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&shared->stop)) {
		for (int i = 0; files[i]; i++)
			open_once(files[i], &tallies[i]);
		usleep(500);
	}
	_exit(0);
}

static void read_burst(struct shared *shared, struct tally *tallies, char **files)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint64_t left = shared->count; left; left--)
		for (int i = 0; files[i]; i++)
			open_once(files[i], &tallies[i]);
	_exit(0);
}

static int count_hung(const pid_t *readers, int count)
{
	uint64_t end = now_ns() + HUNG_MS * UINT64_C(1000000);
	int left = count;

	while (left && now_ns() < end) {
		while (left && waitpid(-1, NULL, WNOHANG) > 0)
			left--;
		usleep(1000);
	}
	for (int i = 0; left && i < count; i++)
		kill(readers[i], SIGKILL);
	return left;
}

static void add(struct tally *sum, const struct tally *one)
{
	sum->opened += one->opened;
	sum->denied += one->denied;
	sum->failed += one->failed;
	if (one->last_errno)
		sum->last_errno = one->last_errno;
	if (one->longest_ns > sum->longest_ns)
		sum->longest_ns = one->longest_ns;
	for (unsigned int i = 0; i < BUCKETS; i++)
		sum->waits[i] += one->waits[i];
}

static void report(const struct shared *shared, int readers, const char *file, int index)
{
	struct tally sum = { 0 };

	for (int i = 0; i < readers; i++)
		add(&sum, &shared->tallies[i][index]);
	printf("{\"file\": \"%s\", \"opened\": %" PRIu64 ", \"denied\": %" PRIu64
	       ", \"failed\": %" PRIu64 ", \"errno\": %d, \"longest_ms\": %.1f"
	       ", \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
	       file, sum.opened, sum.denied, sum.failed, sum.last_errno,
	       (double)sum.longest_ns / 1e6, quantile_us(&sum, 0.5),
	       quantile_us(&sum, 0.99));
}

/* The least that any of the readers has done: so one that hangs is not hidden by the others. */
static void tell_progress(const struct shared *shared, int readers, int files)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < readers; i++) {
		uint64_t ended = 0;

		for (int j = 0; j < files; j++)
			ended += shared->tallies[i][j].opened +
				 shared->tallies[i][j].denied +
				 shared->tallies[i][j].failed;
		if (ended < least)
			least = ended;
	}
	printf("%" PRIu64 "\n", least);
	fflush(stdout);
}

static int hammer(int count, uint64_t burst, char **files)
{
	int file_count = 0;
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t readers[READERS_MAX];
	char byte;
	int hung;

	if (shared == MAP_FAILED)
		return 1;
	while (files[file_count])
		file_count++;
	shared->count = burst;
	for (int i = 0; i < count; i++) {
		readers[i] = fork();
		if (readers[i] < 0)
			return 1;
		if (!readers[i] && burst)
			read_burst(shared, shared->tallies[i], files);
		if (!readers[i])
			read_on(shared, shared->tallies[i], files);
	}
	puts("ready");
	fflush(stdout);
	while (!burst && read(STDIN_FILENO, &byte, 1) > 0)
		tell_progress(shared, count, file_count);
	atomic_store(&shared->stop, true);
	hung = count_hung(readers, count);
	printf("{\"hung\": %d}\n", hung);
	for (int i = 0; i < file_count; i++)
		report(shared, count, files[i], i);
	return 0;
}

int main(int argc, char **argv)
{
	struct tally tally = { 0 };
	bool is_burst = argc > 3 && !strcmp(argv[1], "burst");
	uint64_t burst = is_burst ? strtoull(argv[3], NULL, 10) : 0;
	int readers;

	if (argc == 3 && !strcmp(argv[1], "once")) {
		open_once(argv[2], &tally);
		printf("%d %" PRIu64 "\n", tally.last_errno, tally.longest_ns);
		return 0;
	}
	argv += is_burst ? 2 : 1;
	argc -= is_burst ? 3 : 1;
	readers = argc > 1 ? atoi(argv[0]) : 0;
	if (argc < 2 || argc > 1 + FILES_MAX || readers < 1 || readers > READERS_MAX ||
	    (is_burst && !burst)) {
		fprintf(stderr, "usage: hammer READERS FILE... |"
				" burst READERS COUNT FILE... | once FILE\n");
		return 2;
	}
	return hammer(readers, burst, argv + (is_burst ? 2 : 1));
}
