// SPDX-License-Identifier: MIT
/*
 * What a guard costs those who have nothing to do with it: open(2) and close(2) of files that
 * no rule speaks of, on the same file system as a tree that libjanus guards.
 *
 * How it is kept fair. As in open_latency: one opener, lanes that take turns, a file system
 * and a guarding process for each lane. "unmonitored" is a file system without any mark. The
 * bare lane is the least that a mark on a whole file system can cost: the kernel has been told
 * to leave the file's directory alone, and nobody is asked. libjanus has to find out by itself
 * which directories may be left alone; the lanes called cold open the first file in each of
 * many directories, before it could, and are compared with the same on the unmarked file
 * system.
 *
 * A ratio is the median over the rounds of (the lane's median / its floor's median).
 *
 * usage: quiet [--rounds N] [--opens N] [--cold-opens N]
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <janus/context.h>

#include "enclosure.h"
#include "figures.h"
#include "kernel/doer.h"
#include "kernel/harness.h"
#include "lanes.h"
#include "turns.h"

#define DEADLINE_SECONDS 300
#define COLD_OPENS_MAX 1000

/* A tmpfs each, in it a tree that is guarded, and a directory that is not. */
enum field { NONE, BARE, INODE, MOUNT, FILESYSTEM, FIELDS };

static const char *const fields[FIELDS] = {
	[NONE] = WORK "/none",
	[BARE] = WORK "/bare",
	[INODE] = WORK "/inode",
	[MOUNT] = WORK "/mount",
	[FILESYSTEM] = WORK "/filesystem",
};

/* What the guarding process of a field asks for. */
static const uint32_t strategies[FIELDS] = {
	[INODE] = JANUS_STRATEGY_INODE,
	[MOUNT] = JANUS_STRATEGY_MOUNT,
	[FILESYSTEM] = JANUS_STRATEGY_FILESYSTEM,
};

static const char *const guarded[FIELDS] = {
	[INODE] = WORK "/inode/guarded",
	[MOUNT] = WORK "/mount/guarded",
	[FILESYSTEM] = WORK "/filesystem/guarded",
};

enum lane_index {
	UNMONITORED,
	UNMONITORED_COLD,
	BARE_QUIET,
	JANUS_INODE,
	JANUS_MOUNT,
	JANUS_FILESYSTEM,
	JANUS_MOUNT_COLD,
	JANUS_FILESYSTEM_COLD,
	LANES
};

static struct lane lanes[LANES] = {
	[UNMONITORED] = {
		.name = "unmonitored",
		.path = WORK "/none/free/file",
		.floor = NO_FLOOR,
	},
	[UNMONITORED_COLD] = {
		.name = "unmonitored, cold",
		.path = WORK "/none/cold",
		.floor = NO_FLOOR,
		.cold = true,
	},
	[BARE_QUIET] = {
		.name = "bare file system mark, quiet",
		.path = WORK "/bare/free/file",
		.floor = UNMONITORED,
	},
	[JANUS_INODE] = {
		.name = "libjanus, inode strategy",
		.path = WORK "/inode/free/file",
		.floor = UNMONITORED,
		.goal = 1.1,
	},
	[JANUS_MOUNT] = {
		.name = "libjanus, mount strategy, warm",
		.path = WORK "/mount/free/file",
		.floor = UNMONITORED,
		.goal = 2,
	},
	[JANUS_FILESYSTEM] = {
		.name = "libjanus, filesystem strategy, warm",
		.path = WORK "/filesystem/free/file",
		.floor = UNMONITORED,
		.goal = 2,
	},
	[JANUS_MOUNT_COLD] = {
		.name = "libjanus, mount strategy, cold",
		.path = WORK "/mount/cold",
		.floor = UNMONITORED_COLD,
		.cold = true,
	},
	[JANUS_FILESYSTEM_COLD] = {
		.name = "libjanus, filesystem strategy, cold",
		.path = WORK "/filesystem/cold",
		.floor = UNMONITORED_COLD,
		.cold = true,
	},
};

struct settings {
	int rounds;
	int opens;
	int cold_opens;
};

static void make_below(enum field field, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fields[field], name);
	make_directory(path);
}

static void make_fields(const struct race *race)
{
	for (int i = 0; i < FIELDS; i++) {
		mount_tmpfs(fields[i]);
		make_below(i, "free");
		make_below(i, "guarded");
		make_below(i, "guarded/below");
	}
	for (int i = 0; i < FIELDS; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/guarded/below/file", fields[i]);
		make_file(path);
	}
	for (int i = 0; i < LANES; i++)
		make_lane(race, &lanes[i]);
}

/* A lane that is quiet because nothing is guarded measures nothing. */
static void check_guards(const bool *serving)
{
	struct actor opener;
	char path[PATH_MAX];

	actor_start(&opener);
	for (int i = INODE; i < FIELDS; i++) {
		snprintf(path, sizeof(path), "%s/below/file", guarded[i]);
		if (serving[i])
			CHECK_INT(try_open(&opener, path), -EPERM);
	}
	actor_end(&opener);
}

static void start_services(struct actor *actors, const bool *serving)
{
	serve_wide(&actors[BARE], fields[BARE], WORK "/bare/free");
	for (int i = INODE; i < FIELDS; i++)
		if (serving[i])
			serve_janus(&actors[i],
				    &(struct service){ .watched = guarded[i],
						       .deny = true,
						       .recursive = true,
						       .strategy = strategies[i] });
}

static void run_placed(const struct race *race, const bool *serving)
{
	struct actor actors[FIELDS];

	start_services(actors, serving);
	check_guards(serving);
	run_race(race);
	check_guards(serving);
	for (int i = BARE; i < FIELDS; i++)
		if (serving[i])
			actor_kill(&actors[i]);
}

/* Which fields have somebody to answer here; the lanes of the others are missing. */
static bool find_services(bool *serving)
{
	struct janus_features features = JANUS_FEATURES_INIT;
	bool trees, wide;

	CHECK_INT(janus_get_features(&features), 0);
	trees = features.available & JANUS_FEATURE_OBSERVE;
	wide = trees && (features.available & JANUS_FEATURE_WIDE);
	serving[BARE] = true;
	serving[INODE] = trees;
	serving[MOUNT] = wide;
	serving[FILESYSTEM] = wide;
	lanes[JANUS_INODE].missing = !trees;
	lanes[JANUS_MOUNT].missing = !wide;
	lanes[JANUS_FILESYSTEM].missing = !wide;
	lanes[JANUS_MOUNT_COLD].missing = !wide;
	lanes[JANUS_FILESYSTEM_COLD].missing = !wide;
	return wide;
}

static int run(const void *argument)
{
	const struct settings *settings = argument;
	struct race race = {
		.lanes = lanes,
		.lane_count = LANES,
		.rounds = settings->rounds,
		.opens = settings->opens,
		.cold_opens = settings->cold_opens,
	};
	bool serving[FIELDS] = { false };
	bool complete = find_services(serving);

	print_machine("open+close of files that no rule speaks of, on tmpfs, ns");
	printf("%d rounds of %d, cold ones of %d\n", settings->rounds, settings->opens,
	       settings->cold_opens);
	make_fields(&race);
	if (choose_placement(TOGETHER)) {
		printf("\nopener and responder on one CPU\n");
		run_placed(&race, serving);
	}
	if (choose_placement(APART)) {
		printf("\nopener and responder on different CPUs\n");
		run_placed(&race, serving);
	}
	if (complete)
		return 0;
	printf("SKIP: not measured: libjanus has no trees and wide marks here\n");
	return BENCH_SKIPPED;
}

int main(int argc, char **argv)
{
	struct settings settings = { .rounds = 20, .opens = 2000, .cold_opens = 100 };
	const struct bench_option options[] = {
		{ "rounds", &settings.rounds, ROUNDS_MAX, NULL },
		{ "opens", &settings.opens, OPENS_MAX, NULL },
		{ "cold-opens", &settings.cold_opens, COLD_OPENS_MAX, NULL },
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
