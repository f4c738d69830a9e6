// SPDX-License-Identifier: MIT
/*
 * What an open costs: open(2) and close(2) of a small file on tmpfs, unmonitored, answered by
 * the smallest possible responder, and answered by libjanus.
 *
 * How it is kept fair. One process opens; every lane has a file of its own, marked in a group
 * of its own, answered by a process of its own that lives through the whole run and sleeps
 * while another lane is measured. So all lanes share one opener, one file system, and a
 * machine in the same mood: in each round every lane has its turn, each round starts with the
 * next lane, and a turn begins with openings that are not counted. The bare responder does
 * what no responder can do without (read, write, close) with the same kind of group; the
 * programs with libjanus poll for the records as an embedding program would. All of it is
 * measured twice, on one CPU and across two, and not where the scheduler happens to put whom.
 * A denied open has less to do in the kernel, so it is compared with a bare responder that
 * denies.
 *
 * A ratio is the median over the rounds of (the lane's median / its floor's median).
 *
 * usage: open_latency [--rounds N] [--opens N] [--rules N]
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/fanotify.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "kernel/actor.h"
#include "kernel/harness.h"
#include "lanes.h"

#define ROUNDS_MAX 1000
#define OPENS_MAX 100000
#define RULES_MAX 60000

enum lane_index {
	UNMONITORED,
	BARE_ALLOW,
	BARE_DENY,
	JANUS_FILE,
	JANUS_CHILD,
	JANUS_DENY,
	JANUS_RULES,
	JANUS_UNREAD,
	LANES
};

/* An opening that is compared with nothing. */
#define NO_FLOOR LANES

struct lane {
	const char *name;
	const char *path;
	enum lane_index floor;
	int result; /* of open(2): 0 or a negative errno */
};

static const struct lane lanes[LANES] = {
	[UNMONITORED] = { "unmonitored", WORK "/unmonitored", NO_FLOOR, 0 },
	[BARE_ALLOW] = { "bare responder, allow", WORK "/bare-allow", NO_FLOOR, 0 },
	[BARE_DENY] = { "bare responder, deny", WORK "/bare-deny", NO_FLOOR, -EPERM },
	[JANUS_FILE] = { "libjanus, allow a file", WORK "/file", BARE_ALLOW, 0 },
	[JANUS_CHILD] = { "libjanus, allow a directory", WORK "/d/child", BARE_ALLOW, 0 },
	[JANUS_DENY] = { "libjanus, deny a file", WORK "/denied", BARE_DENY, -EPERM },
	[JANUS_RULES] = { "libjanus, one of many rules", WORK "/one", JANUS_FILE, 0 },
	[JANUS_UNREAD] = { "libjanus, records unread", WORK "/unread", BARE_ALLOW, 0 },
};

struct settings {
	int rounds;
	int opens;
	int rules;
};

/* One turn, in the opener. */
struct turn {
	uint32_t opens;
	uint32_t warm_up;
	uint32_t ns[OPENS_MAX];
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int open_and_close(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* 1 if an opening did not go as @deed->number says. */
static int take_turn(const struct deed *deed)
{
	struct turn *turn = deed->shared;

	take_cpus(true);
	for (uint32_t i = 0; i < turn->warm_up + turn->opens; i++) {
		int64_t start = now_ns();
		int result = open_and_close(deed->path);
		int64_t end = now_ns();

		if (result != deed->number)
			return 1;
		if (i >= turn->warm_up)
			turn->ns[i - turn->warm_up] = (uint32_t)(end - start);
	}
	return 0;
}

/* What all turns of a lane gave. */
struct result {
	uint32_t *ns; /* rounds * opens */
	double medians[ROUNDS_MAX];
};

static int compare_ns(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int compare_double(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* @per_mille of 500: the median. Sorts. */
static uint32_t quantile(uint32_t *ns, size_t count, unsigned int per_mille)
{
	qsort(ns, count, sizeof(*ns), compare_ns);
	return ns[(count - 1) * per_mille / 1000];
}

static void measure(struct actor *opener, struct turn *turn, const struct lane *lane)
{
	struct deed deed = { .run = take_turn, .number = lane->result, .shared = turn };

	snprintf(deed.path, sizeof(deed.path), "%s", lane->path);
	if (actor_do(opener, &deed) != 0)
		harness_fail(__FILE__, __LINE__, "%s: an open did not go as it must",
			     lane->name);
}

static void run_rounds(const struct settings *settings, struct actor *opener,
		       struct turn *turn, struct result results[LANES])
{
	size_t opens = (size_t)settings->opens;

	turn->opens = (uint32_t)settings->opens;
	turn->warm_up = (uint32_t)settings->opens / 20 + 10;
	for (int round = 0; round < settings->rounds; round++)
		for (int i = 0; i < LANES; i++) {
			int lane = (round + i) % LANES;

			measure(opener, turn, &lanes[lane]);
			memcpy(results[lane].ns + (size_t)round * opens, turn->ns,
			       opens * sizeof(turn->ns[0]));
			results[lane].medians[round] = quantile(turn->ns, opens, 500);
		}
}

static double median_ratio(const struct result *lane, const struct result *floor,
			   int rounds)
{
	double ratios[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		ratios[i] = lane->medians[i] / floor->medians[i];
	qsort(ratios, (size_t)rounds, sizeof(ratios[0]), compare_double);
	return ratios[rounds / 2];
}

static void print_machine(const struct settings *settings)
{
	struct utsname name;

	uname(&name);
	printf("open+close on tmpfs, ns; Linux %s, %ld CPUs; %d rounds of %d; "
	       "many rules: %d\n",
	       name.release, sysconf(_SC_NPROCESSORS_ONLN), settings->rounds,
	       settings->opens, settings->rules);
	fflush(stdout);
}

static void print_results(const struct settings *settings, struct result results[LANES])
{
	size_t count = (size_t)settings->rounds * (size_t)settings->opens;

	printf("%-28s %8s %8s   ratio\n", "", "p50", "p99");
	for (int i = 0; i < LANES; i++) {
		enum lane_index floor = lanes[i].floor;

		printf("%-28s %8u %8u", lanes[i].name,
		       quantile(results[i].ns, count, 500),
		       quantile(results[i].ns, count, 990));
		if (floor != NO_FLOOR)
			printf("   %5.2f of %s",
			       median_ratio(&results[i], &results[floor],
					    settings->rounds),
			       lanes[floor].name);
		printf("\n");
	}
}

static void make_files(int rules)
{
	char path[64];

	make_directory(WORK "/d");
	make_directory(WORK "/many");
	for (int i = 0; i < LANES; i++)
		make_file(lanes[i].path);
	for (int i = 0; i < rules - 1; i++) {
		snprintf(path, sizeof(path), WORK "/many/%d", i);
		make_file(path);
	}
}

static void start_services(struct actor actors[LANES], int rules)
{
	serve_bare(&actors[BARE_ALLOW], lanes[BARE_ALLOW].path, FAN_ALLOW);
	serve_bare(&actors[BARE_DENY], lanes[BARE_DENY].path, FAN_DENY);
	serve_janus(&actors[JANUS_FILE],
		    &(struct service){ .watched = lanes[JANUS_FILE].path });
	serve_janus(&actors[JANUS_CHILD], &(struct service){ .watched = WORK "/d" });
	serve_janus(&actors[JANUS_DENY],
		    &(struct service){ .watched = lanes[JANUS_DENY].path, .deny = true });
	serve_janus(&actors[JANUS_RULES],
		    &(struct service){ .watched = lanes[JANUS_RULES].path,
				       .more = WORK "/many",
				       .more_count = rules - 1 });
	serve_janus(
		&actors[JANUS_UNREAD],
		&(struct service){ .watched = lanes[JANUS_UNREAD].path, .unread = true });
}

static void make_stage(const struct settings *settings)
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mount_tmpfs(WORK);
	make_files(settings->rules);
}

static void run(const struct settings *settings)
{
	static struct result results[LANES];
	struct actor actors[LANES], opener;
	struct turn *turn = shared_memory(sizeof(*turn));
	size_t count = (size_t)settings->rounds * (size_t)settings->opens;

	for (int i = 0; i < LANES; i++)
		CHECK((results[i].ns = calloc(count, sizeof(uint32_t))));
	actor_start(&opener);
	start_services(actors, settings->rules);
	run_rounds(settings, &opener, turn, results);
	actor_end(&opener);
	for (int i = BARE_ALLOW; i < LANES; i++)
		actor_kill(&actors[i]);
	print_results(settings, results);
	for (int i = 0; i < LANES; i++)
		free(results[i].ns);
}

static bool read_number(const char *text, int max, int *ret)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (*end || number < 1 || number > max)
		return false;
	*ret = (int)number;
	return true;
}

static bool read_settings(int argc, char **argv, struct settings *ret)
{
	static const struct option options[] = {
		{ "rounds", required_argument, NULL, 'r' },
		{ "opens", required_argument, NULL, 'o' },
		{ "rules", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool valid =
			(option == 'r' &&
			 read_number(optarg, ROUNDS_MAX, &ret->rounds)) ||
			(option == 'o' && read_number(optarg, OPENS_MAX, &ret->opens)) ||
			(option == 'n' && read_number(optarg, RULES_MAX, &ret->rules));

		if (!valid)
			return false;
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct settings settings = { .rounds = 20, .opens = 2000, .rules = 10000 };

	if (!read_settings(argc, argv, &settings)) {
		fprintf(stderr,
			"usage: %s [--rounds 1..%d] [--opens 1..%d] [--rules 1..%d]\n",
			argv[0], ROUNDS_MAX, OPENS_MAX, RULES_MAX);
		return 2;
	}
	if (geteuid() != 0) {
		printf("SKIP: needs root: fanotify permission marks, a private mount\n");
		return 77;
	}
	make_stage(&settings);
	print_machine(&settings);
	if (choose_placement(TOGETHER)) {
		printf("\nopener and responder on one CPU\n");
		fflush(stdout);
		run(&settings);
	}
	if (choose_placement(APART)) {
		printf("\nopener and responder on different CPUs\n");
		fflush(stdout);
		run(&settings);
	}
	return 0;
}
