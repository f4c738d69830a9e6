// SPDX-License-Identifier: MIT
/*
 * What it costs to be told of everything: a process creates, writes, closes and unlinks many
 * files in 100 directories, unobserved, under the smallest possible reader of such events, under
 * a program that embeds libjanus, both of which count, under inotifywait and, if one is given,
 * under janusctl, whose lines go to /dev/null.
 *
 * How it is kept fair. Everybody is asked for the same five kinds: open, create, modify,
 * close_write, delete. In each round every lane has its turn, there and back again. The
 * workload runs on one CPU, who watches on the others. The CPU time of who watches is that of
 * all its threads, from before the workload until it has nothing to do any more. What must
 * have been told is known, so that what is missing is counted; what inotifywait told is the
 * number of its calls of write(2), one for each line. Events may be lost if that is told: what
 * is missing without a gap is a failure.
 *
 * A ratio is the median over the rounds.
 *
 * usage: observe [--rounds N] [--files N] [--ring-kib N] [--janusctl PATH]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <janus/context.h>
#include <janus/error.h>

#include "counters.h"
#include "enclosure.h"
#include "figures.h"
#include "kernel/doer.h"
#include "kernel/harness.h"
#include "lanes.h"
#include "program.h"

#define ROUNDS_MAX 100
#define FILES_MAX 10000000
#define RING_KIB_MAX (1024 * 1024)
#define DEADLINE_SECONDS 600
#define QUIET_MS 200
#define QUIET_TRIES 300
#define PROBES 20

struct settings {
	int rounds;
	int files;
	int ring_kib;
	const char *janusctl;
};

enum lane { UNOBSERVED, BARE, JANUS, INOTIFYWAIT, JANUSCTL, LANES };

static const char *const lane_names[LANES] = {
	[UNOBSERVED] = "unobserved",      [BARE] = "bare reader, counting",
	[JANUS] = "libjanus, counting",   [INOTIFYWAIT] = "inotifywait -m -r",
	[JANUSCTL] = "janusctl watch -r",
};

/* Of all rounds, but for @told, which is the last one's. Shared. */
struct results {
	struct settings settings;
	int round;
	bool absent[LANES];
	double workload_ns[LANES][ROUNDS_MAX];
	double cpu_ns[LANES][ROUNDS_MAX]; /* of each event */
	uint64_t events[LANES];
	uint64_t missing[LANES];
	uint64_t surplus[LANES];
	uint64_t gaps[LANES];
	uint64_t lost[LANES]; /* as the gaps say */
	struct told told[LANES];
};

static void use_file(const char *path)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));

	CHECK_INT(write(fd, "text\n", 5), 5);
	close(fd);
	MUST(unlink(path));
}

static void work(int files)
{
	char path[64];

	for (int i = 0; i < files; i++) {
		snprintf(path, sizeof(path), TREE "/%d/file%d", i % DIRECTORIES, i);
		use_file(path);
	}
}

struct shift {
	int files;
	double *ret_ns;
};

static void time_work(void *argument)
{
	const struct shift *shift = argument;
	int64_t start;

	take_cpus(true);
	start = now_ns();
	work(shift->files);
	*shift->ret_ns = (double)(now_ns() - start);
}

static void run_workload(struct results *results, enum lane lane)
{
	in_child(time_work,
		 &(struct shift){ results->settings.files,
				  &results->workload_ns[lane][results->round] });
}

/* Until a process does nothing for a while; there is no other way to know that it is done. */
static void wait_until_quiet(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = QUIET_MS * 1000000l };
	int64_t before, after = cpu_ns(pid);

	for (int i = 0; i < QUIET_TRIES; i++) {
		before = after;
		nanosleep(&pause, NULL);
		after = cpu_ns(pid);
		if (after - before < 1000000)
			return;
	}
	harness_fail(__FILE__, __LINE__, "who watches does not come to rest");
}

/* The workload under somebody who watches: CPU time until all is told. */
static double run_watched(struct results *results, enum lane lane, pid_t watcher)
{
	int64_t start;

	wait_until_quiet(watcher);
	start = cpu_ns(watcher);
	run_workload(results, lane);
	wait_until_quiet(watcher);
	return (double)(cpu_ns(watcher) - start);
}

static void add_events(struct results *results, enum lane lane, uint64_t told, double cpu)
{
	results->events[lane] += told;
	results->cpu_ns[lane][results->round] = told > 0 ? cpu / (double)told : cpu;
}

/* @told is @lane's, and no longer written to. */
static void add_told(struct results *results, enum lane lane, double cpu)
{
	const struct told *told = &results->told[lane];
	uint64_t expected = (uint64_t)results->settings.files;
	uint64_t sum = 0;

	for (int i = 0; i < KINDS; i++) {
		uint64_t found = told->kinds[__builtin_ctz(counted_kinds[i])];

		sum += found;
		if (found < expected)
			results->missing[lane] += expected - found;
		else
			results->surplus[lane] += found - expected;
	}
	add_events(results, lane, sum, cpu);
	results->gaps[lane] += told->gaps;
	results->lost[lane] += told->lost;
}

static void run_unobserved(struct results *results)
{
	run_workload(results, UNOBSERVED);
}

static void run_bare(struct results *results)
{
	struct told *told = &results->told[BARE];
	struct actor actor;
	double cpu;

	memset(told, 0, sizeof(*told));
	count_bare(&actor, told);
	cpu = run_watched(results, BARE, actor.pid);
	actor_kill(&actor);
	add_told(results, BARE, cpu);
}

static void run_janus(struct results *results)
{
	struct told *told = &results->told[JANUS];
	struct actor actor;
	double cpu;

	memset(told, 0, sizeof(*told));
	count_with_janus(&actor, told, results->settings.ring_kib);
	cpu = run_watched(results, JANUS, actor.pid);
	actor_kill(&actor);
	add_told(results, JANUS, cpu);
}

static void run_inotifywait(struct results *results)
{
	static const char *const arguments[] = { "inotifywait", "-m", "-r",     "-e",
						 "open",        "-e", "create", "-e",
						 "modify",      "-e", "delete", "-e",
						 "close_write", TREE, NULL };
	struct program program;
	uint64_t expected = (uint64_t)results->settings.files * KINDS;
	uint64_t writes;
	double cpu;

	program_start(&program, arguments);
	program_wait_for(&program, "Watches established.");
	writes = program_writes(&program);
	cpu = run_watched(results, INOTIFYWAIT, program.pid);
	writes = program_writes(&program) - writes;
	program_end(&program);
	if (writes < expected)
		results->missing[INOTIFYWAIT] += expected - writes;
	add_events(results, INOTIFYWAIT, writes, cpu);
}

/* Until it tells of what we do. */
static void probe(struct program *program)
{
	uint64_t writes;
	int tries = 0;

	do {
		if (tries++ == PROBES)
			program_fail(program, "it tells of nothing");
		wait_until_quiet(program->pid);
		writes = program_writes(program);
		use_file(TREE "/0/probe");
		wait_until_quiet(program->pid);
	} while (program_writes(program) == writes);
}

/* Whether it told everything is for its tests: here a line may share its write(2). */
static void run_janusctl(struct results *results)
{
	const char *const arguments[] = { results->settings.janusctl, "watch", "-r", TREE,
					  NULL };
	uint64_t expected = (uint64_t)results->settings.files * KINDS;
	struct program program;
	double cpu;

	program_start(&program, arguments);
	probe(&program);
	cpu = run_watched(results, JANUSCTL, program.pid);
	program_end(&program);
	add_events(results, JANUSCTL, expected, cpu);
}

static void run_rounds(struct results *results)
{
	static void (*const runs[LANES])(struct results * results) = {
		[UNOBSERVED] = run_unobserved, [BARE] = run_bare,
		[JANUS] = run_janus,           [INOTIFYWAIT] = run_inotifywait,
		[JANUSCTL] = run_janusctl,
	};

	for (int round = 0; round < results->settings.rounds; round++) {
		results->round = round;
		for (int i = 0; i < LANES; i++) {
			int lane = round % 2 == 0 ? i : LANES - 1 - i;

			if (!results->absent[lane])
				runs[lane](results);
		}
	}
}

static void print_lane(const struct results *results, enum lane lane)
{
	size_t rounds = (size_t)results->settings.rounds;

	if (results->absent[lane]) {
		printf("%-24s not measured\n", lane_names[lane]);
		return;
	}
	printf("%-24s %8.1f %10.2f", lane_names[lane],
	       median(results->workload_ns[lane], rounds) / 1e6,
	       median_ratio(results->workload_ns[lane], results->workload_ns[UNOBSERVED],
			    rounds));
	if (lane != UNOBSERVED)
		printf(" %10.0f", median(results->cpu_ns[lane], rounds));
	if (lane != UNOBSERVED && lane != JANUSCTL)
		printf(" %10llu %8llu", (unsigned long long)results->events[lane],
		       (unsigned long long)results->missing[lane]);
	printf("\n");
}

static void print_results(const struct results *results)
{
	size_t rounds = (size_t)results->settings.rounds;

	printf("%-24s %8s %10s %10s %10s %8s\n", "", "ms", "slow-down", "CPU ns",
	       "events", "missing");
	for (int lane = 0; lane < LANES; lane++)
		print_lane(results, lane);
	if (results->absent[JANUS])
		return;
	printf("libjanus in the last round:");
	for (int i = 0; i < KINDS; i++)
		printf(" %s %llu", janus_event_kind_name(counted_kinds[i]),
		       (unsigned long long)results->told[JANUS]
			       .kinds[__builtin_ctz(counted_kinds[i])]);
	printf("\nlibjanus in all rounds: %llu more than happened, %llu gaps, "
	       "%llu records lost by their account\n",
	       (unsigned long long)results->surplus[JANUS],
	       (unsigned long long)results->gaps[JANUS],
	       (unsigned long long)results->lost[JANUS]);
	printf("%-52s %8.2f\n", "CPU an event, libjanus / bare reader",
	       median_ratio(results->cpu_ns[JANUS], results->cpu_ns[BARE], rounds));
	print_ratio("missing events, libjanus", (double)results->missing[JANUS], 0);
	for (int lane = JANUS; lane < LANES; lane++) {
		char what[64];

		if (lane == INOTIFYWAIT || results->absent[lane] ||
		    results->absent[INOTIFYWAIT])
			continue;
		snprintf(what, sizeof(what), "CPU an event, %s / inotifywait",
			 lane == JANUS ? "libjanus" : "janusctl");
		print_ratio(what,
			    median_ratio(results->cpu_ns[lane],
					 results->cpu_ns[INOTIFYWAIT], rounds),
			    0.8);
	}
}

static int conclude(const struct results *results)
{
	if (results->missing[JANUS] > 0 && results->gaps[JANUS] == 0) {
		printf("FAIL: events are missing, and no gap tells of it\n");
		return 1;
	}
	if (!results->absent[JANUS] && !results->absent[INOTIFYWAIT])
		return 0;
	printf("SKIP: not measured: %s\n", results->absent[JANUS]
						   ? "libjanus cannot observe here"
						   : "inotifywait is not installed");
	return BENCH_SKIPPED;
}

static void make_directories(void)
{
	char path[64];

	make_directory(TREE);
	for (int i = 0; i < DIRECTORIES; i++) {
		snprintf(path, sizeof(path), TREE "/%d", i);
		make_directory(path);
	}
}

static int run(const void *argument)
{
	const struct settings *settings = argument;
	struct results *results = shared_memory(sizeof(*results));
	struct janus_features features = JANUS_FEATURES_INIT;

	results->settings = *settings;
	print_machine("create, write, close, unlink on tmpfs");
	printf("%d files in %d directories, %d rounds\n", settings->files, DIRECTORIES,
	       settings->rounds);
	fflush(stdout);
	CHECK_INT(janus_get_features(&features), 0);
	results->absent[JANUS] = !(features.available & JANUS_FEATURE_OBSERVE);
	results->absent[INOTIFYWAIT] = !program_exists("inotifywait");
	results->absent[JANUSCTL] = !settings->janusctl;
	if (!choose_placement(APART))
		choose_placement(TOGETHER);
	make_directories();
	run_rounds(results);
	print_results(results);
	return conclude(results);
}

int main(int argc, char **argv)
{
	struct settings settings = { .rounds = 5, .files = 50000 };
	const struct bench_option options[] = {
		{ "rounds", &settings.rounds, ROUNDS_MAX, NULL },
		{ "files", &settings.files, FILES_MAX, NULL },
		{ "ring-kib", &settings.ring_kib, RING_KIB_MAX, NULL },
		{ "janusctl", NULL, 0, &settings.janusctl },
		{ NULL, NULL, 0, NULL },
	};

	(void)argc;
	if (!read_options(argv, options))
		return 2;
	return run_enclosed(&(struct enclosure){
		.run = run,
		.settings = &settings,
		.seconds = DEADLINE_SECONDS,
	});
}
