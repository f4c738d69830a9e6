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
#include <linux/fanotify.h>
#include <stdio.h>

#include "enclosure.h"
#include "figures.h"
#include "kernel/doer.h"
#include "kernel/harness.h"
#include "lanes.h"
#include "turns.h"

#define RULES_MAX 60000
#define DEADLINE_SECONDS 600

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

#define LANE(title, file, lane, outcome)                                                 \
	{                                                                                \
		.name = (title), .path = WORK file, .floor = (lane), .result = (outcome) \
	}

static const struct lane lanes[LANES] = {
	[UNMONITORED] = LANE("unmonitored", "/unmonitored", NO_FLOOR, 0),
	[BARE_ALLOW] = LANE("bare responder, allow", "/bare-allow", NO_FLOOR, 0),
	[BARE_DENY] = LANE("bare responder, deny", "/bare-deny", NO_FLOOR, -EPERM),
	[JANUS_FILE] = LANE("libjanus, allow a file", "/file", BARE_ALLOW, 0),
	[JANUS_CHILD] = LANE("libjanus, allow a directory", "/d/child", BARE_ALLOW, 0),
	[JANUS_DENY] = LANE("libjanus, deny a file", "/denied", BARE_DENY, -EPERM),
	[JANUS_RULES] = LANE("libjanus, one of many rules", "/one", JANUS_FILE, 0),
	[JANUS_UNREAD] = LANE("libjanus, records unread", "/unread", BARE_ALLOW, 0),
};

struct settings {
	int rounds;
	int opens;
	int rules;
};

static void make_files(const struct race *race, int rules)
{
	char path[64];

	make_directory(WORK "/d");
	make_directory(WORK "/many");
	for (int i = 0; i < LANES; i++)
		make_lane(race, &lanes[i]);
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

static void run_placed(const struct race *race, int rules)
{
	struct actor actors[LANES];

	start_services(actors, rules);
	run_race(race);
	for (int i = BARE_ALLOW; i < LANES; i++)
		actor_kill(&actors[i]);
}

static int run(const void *argument)
{
	const struct settings *settings = argument;
	struct race race = {
		.lanes = lanes,
		.lane_count = LANES,
		.rounds = settings->rounds,
		.opens = settings->opens,
	};

	print_machine("open+close on tmpfs, ns");
	printf("%d rounds of %d; many rules: %d\n", settings->rounds, settings->opens,
	       settings->rules);
	make_files(&race, settings->rules);
	if (choose_placement(TOGETHER)) {
		printf("\nopener and responder on one CPU\n");
		run_placed(&race, settings->rules);
	}
	if (choose_placement(APART)) {
		printf("\nopener and responder on different CPUs\n");
		run_placed(&race, settings->rules);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct settings settings = { .rounds = 20, .opens = 2000, .rules = 10000 };
	const struct bench_option options[] = {
		{ "rounds", &settings.rounds, ROUNDS_MAX, NULL },
		{ "opens", &settings.opens, OPENS_MAX, NULL },
		{ "rules", &settings.rules, RULES_MAX, NULL },
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
