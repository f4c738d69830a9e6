// SPDX-License-Identifier: MIT
/*
 * Owns the opener and what its openings took. Each round starts with the next lane, and a turn
 * begins with openings that are not counted, but for those of cold lanes.
 */
#include "turns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figures.h"
#include "kernel/doer.h"
#include "kernel/harness.h"
#include "lanes.h"

/* One turn, in the opener. */
struct turn {
	uint32_t opens;
	uint32_t warm_up;
	bool cold;
	uint32_t first; /* of a cold turn: the number of its first directory */
	uint32_t ns[OPENS_MAX];
};

/* What all turns of a lane gave. */
struct result {
	uint32_t *ns; /* rounds * opens */
	double medians[ROUNDS_MAX];
};

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
	const char *path = deed->path;
	char cold_path[PATH_MAX + 32];

	take_cpus(true);
	for (uint32_t i = 0; i < turn->warm_up + turn->opens; i++) {
		int64_t start, end;
		int result;

		if (turn->cold) {
			snprintf(cold_path, sizeof(cold_path), "%s/%u/file", deed->path,
				 turn->first + i);
			path = cold_path;
		}
		start = now_ns();
		result = open_and_close(path);
		end = now_ns();
		if (result != deed->number)
			return 1;
		if (i >= turn->warm_up)
			turn->ns[i - turn->warm_up] = (uint32_t)(end - start);
	}
	return 0;
}

static void measure(struct actor *opener, struct turn *turn, const struct lane *lane)
{
	struct deed deed = { .run = take_turn, .number = lane->result, .shared = turn };

	snprintf(deed.path, sizeof(deed.path), "%s", lane->path);
	if (actor_do(opener, &deed) != 0)
		harness_fail(__FILE__, __LINE__, "%s: an open did not go as it must",
			     lane->name);
}

static int count_opens(const struct race *race, const struct lane *lane)
{
	return lane->cold ? race->cold_opens : race->opens;
}

static void run_turn(const struct race *race, struct actor *opener, struct turn *turn,
		     const struct lane *lane)
{
	turn->cold = lane->cold;
	turn->opens = (uint32_t)count_opens(race, lane);
	turn->warm_up = lane->cold ? 0 : turn->opens / 20 + 10;
	measure(opener, turn, lane);
}

static void run_rounds(const struct race *race, struct actor *opener, struct turn *turn,
		       struct result *results)
{
	for (int round = 0; round < race->rounds; round++)
		for (int i = 0; i < race->lane_count; i++) {
			int number = (round + i) % race->lane_count;
			const struct lane *lane = &race->lanes[number];
			struct result *result = &results[number];
			size_t opens = (size_t)count_opens(race, lane);

			if (lane->missing)
				continue;
			turn->first = (uint32_t)((size_t)round * opens);
			run_turn(race, opener, turn, lane);
			memcpy(result->ns + (size_t)round * opens, turn->ns,
			       opens * sizeof(turn->ns[0]));
			result->medians[round] = quantile(turn->ns, opens, 500);
		}
}

static void print_comparison(const struct race *race, const struct lane *lane,
			     const struct result *results)
{
	const struct result *result = &results[lane - race->lanes];
	double ratio;

	if (lane->floor == NO_FLOOR)
		return;
	ratio = median_ratio(result->medians, results[lane->floor].medians,
			     (size_t)race->rounds);
	printf("   %5.2f of %s", ratio, race->lanes[lane->floor].name);
	if (lane->goal > 0)
		printf("; goal %g: %s", lane->goal,
		       ratio <= lane->goal ? "reached" : "MISSED");
}

static void print_results(const struct race *race, const struct result *results)
{
	printf("%-36s %8s %8s   ratio\n", "", "p50", "p99");
	for (int i = 0; i < race->lane_count; i++) {
		const struct lane *lane = &race->lanes[i];
		size_t count = (size_t)race->rounds * (size_t)count_opens(race, lane);

		if (lane->missing) {
			printf("%-36s not measured\n", lane->name);
			continue;
		}
		printf("%-36s %8u %8u", lane->name, quantile(results[i].ns, count, 500),
		       quantile(results[i].ns, count, 990));
		print_comparison(race, lane, results);
		printf("\n");
	}
	fflush(stdout);
}

void run_race(const struct race *race)
{
	struct result *results = calloc((size_t)race->lane_count, sizeof(*results));
	struct turn *turn = shared_memory(sizeof(*turn));
	struct actor opener;

	CHECK(results);
	for (int i = 0; i < race->lane_count; i++) {
		results[i].ns = calloc((size_t)race->rounds *
					       (size_t)count_opens(race, &race->lanes[i]),
				       sizeof(uint32_t));
		CHECK(results[i].ns);
	}
	actor_start(&opener);
	run_rounds(race, &opener, turn, results);
	actor_end(&opener);
	print_results(race, results);
	for (int i = 0; i < race->lane_count; i++)
		free(results[i].ns);
	free(results);
}

void make_lane(const struct race *race, const struct lane *lane)
{
	char path[PATH_MAX];

	if (!lane->cold) {
		make_file(lane->path);
		return;
	}
	make_directory(lane->path);
	for (int i = 0; i < race->rounds * race->cold_opens; i++) {
		snprintf(path, sizeof(path), "%s/%d", lane->path, i);
		make_directory(path);
		snprintf(path, sizeof(path), "%s/%d/file", lane->path, i);
		make_file(path);
	}
}
