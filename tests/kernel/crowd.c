// SPDX-License-Identifier: MIT
#include "crowd.h"

#include <errno.h>
#include <stdio.h>

#include "harness.h"

static void count_open(struct tally *tally, int result)
{
	if (result == 0)
		atomic_fetch_add(&tally->opened, 1);
	else if (result == -EPERM)
		atomic_fetch_add(&tally->denied, 1);
	else
		atomic_fetch_add(&tally->failed, 1);
}

static int hammer(const struct deed *deed)
{
	struct tally *tally = deed->shared;

	for (int i = 0; !atomic_load(&tally->stop); i++) {
		if (deed->number && i == deed->number)
			break;
		count_open(tally, open_path(deed));
	}
	return 0;
}

void crowd_start(struct crowd *crowd, size_t count)
{
	crowd->tally = shared_memory(sizeof(*crowd->tally));
	crowd->count = count;
	for (size_t i = 0; i < count; i++)
		actor_start(&crowd->actors[i]);
}

void crowd_open(struct crowd *crowd, size_t index, const char *path, int times)
{
	struct deed deed = { .run = hammer, .number = times, .shared = crowd->tally };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	actor_begin(&crowd->actors[index], &deed);
}

void crowd_hammer(struct crowd *crowd, size_t index, const char *path)
{
	crowd_open(crowd, index, path, 0);
}

void crowd_wait(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->count; i++)
		CHECK_INT(actor_finish(&crowd->actors[i]), 0);
	CHECK_INT(crowd->tally->failed, 0);
}

void crowd_stop(struct crowd *crowd)
{
	atomic_store(&crowd->tally->stop, true);
	crowd_wait(crowd);
	atomic_store(&crowd->tally->stop, false);
}

void crowd_end(struct crowd *crowd)
{
	for (size_t i = 0; i < crowd->count; i++)
		actor_end(&crowd->actors[i]);
}

struct goal {
	const struct tally *tally;
	uint64_t count;
};

static uint64_t count_all(const struct tally *tally)
{
	return atomic_load(&tally->opened) + atomic_load(&tally->denied);
}

static bool is_reached(void *argument)
{
	const struct goal *goal = argument;

	return count_all(goal->tally) >= goal->count;
}

void crowd_wait_for_more(struct crowd *crowd, uint64_t count)
{
	struct goal goal = { crowd->tally, count_all(crowd->tally) + count };

	WAIT_UNTIL(is_reached, &goal);
}
