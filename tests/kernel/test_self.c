// SPDX-License-Identifier: MIT
/*
 * Programs that never poll: they hang neither themselves nor anybody else, and what did not
 * fit is counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "crowd.h"
#include "doer.h"
#include "harness.h"
#include "stage.h"

#define OPENS 1000
#define SMALLEST_RING (16 << 10)

static struct stage stage;
static struct actor actor;

static void *open_often(void *argument)
{
	const char *path = argument;
	intptr_t refused = 0;

	for (int i = 0; i < OPENS; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		refused += fd < 0;
		if (fd >= 0)
			close(fd);
	}
	return (void *)refused;
}

static void the_program_opens_its_own_guarded_files(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	static char file[] = WORK "/d/file", directory[] = WORK "/d";
	pthread_t thread;
	void *refused;

	actor_start(&actor);
	stage_open(&stage);
	make_directory(directory);
	make_file(file);
	guard(&stage, &(struct plan){ .deny = { file, directory },
				      .events = JANUS_EVENT_ALL_PERMISSION });
	CHECK(!open_often(file));
	CHECK(!open_often(directory));
	CHECK_INT(pthread_create(&thread, NULL, open_often, file), 0);
	CHECK(!open_often(file));
	CHECK_INT(pthread_join(thread, &refused), 0);
	CHECK(!refused);
	CHECK_INT(try_open(&actor, file), -EPERM);
	EXPECT(&stage, file, JANUS_VERDICT_DENY, .pid = actor.pid);
	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	CHECK(stats.self >= 4 * OPENS);
	CHECK_INT(stats.records, 1);
	CHECK_INT(stats.denied, 1);
	stage_close(&stage);
	actor_end(&actor);
}

/* Everything that was fetched, added up. */
struct sum {
	uint64_t records;
	uint64_t lost;
	uint64_t gaps;
	uint64_t last_sequence;
};

static void add_event(struct sum *sum, const struct janus_event *event)
{
	uint64_t sequence = janus_event_get_sequence(event);
	uint64_t lost = janus_event_get_lost_count(event);

	CHECK(sequence > sum->last_sequence);
	if (janus_event_get_kind(event) == JANUS_EVENT_GAP) {
		CHECK(lost > 0);
		CHECK_INT(janus_event_get_verdict(event), 0);
		CHECK_INT(janus_event_get_watch_id(event), 0);
		CHECK_INT(janus_event_get_pid(event), 0);
		CHECK_TEXT(janus_event_get_path(event), "");
		CHECK_INT(sequence - sum->last_sequence, lost);
		sum->gaps++;
		sum->lost += lost;
	} else {
		CHECK_INT(lost, 0);
		CHECK_INT(sequence - sum->last_sequence, 1);
		CHECK_TEXT(janus_event_get_path(event), WORK "/file");
		sum->records++;
	}
	sum->last_sequence = sequence;
}

static void add_all(struct sum *sum)
{
	int count = janus_poll(stage.context, stage.buffer, 0);

	CHECK(count >= 0);
	for (int i = 0; i < count; i++)
		add_event(sum, janus_event_buffer_get(stage.buffer, (size_t)i));
}

static void open_smallest(struct crowd *crowd, size_t count)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	crowd_start(crowd, count);
	options.ring_bytes = SMALLEST_RING;
	stage_open_with(&stage, &options);
	make_file(WORK "/file");
	guard(&stage, &(struct plan){ .allow = { WORK "/file" } });
}

static bool all_are_counted(void *argument)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	const uint64_t *wanted = argument;

	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	return stats.records + stats.records_dropped == *wanted;
}

static void who_never_polls_delays_nobody_and_loses_a_known_number(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	uint64_t opens = 4 * OPENS;
	struct sum sum = { 0 };
	struct crowd crowd;

	open_smallest(&crowd, 4);
	for (size_t i = 0; i < 4; i++)
		crowd_open(&crowd, i, WORK "/file", OPENS);
	crowd_wait(&crowd);
	CHECK_INT(crowd.tally->opened, opens);
	WAIT_UNTIL(all_are_counted, &opens);
	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	CHECK_INT(stats.allowed, opens);
	CHECK(stats.records_dropped > 0);

	/* The fd alone has to lead to all of it. */
	while (is_readable(janus_get_fd(stage.context)))
		add_all(&sum);
	CHECK_INT(sum.records, stats.records);
	CHECK_INT(sum.lost, stats.records_dropped);
	CHECK_INT(sum.gaps, 1);
	CHECK_INT(sum.last_sequence, opens);

	crowd_open(&crowd, 0, WORK "/file", 1);
	CHECK_INT(actor_finish(&crowd.actors[0]), 0);
	opens++;
	WAIT_UNTIL(all_are_counted, &opens);
	add_all(&sum);
	CHECK_INT(sum.last_sequence, opens);
	stage_close(&stage);
	crowd_end(&crowd);
}

static void a_gap_stands_before_what_came_after_it(void)
{
	uint64_t opens = OPENS;
	struct sum sum = { 0 };
	struct crowd crowd;

	open_smallest(&crowd, 1);
	janus_event_buffer_destroy(stage.buffer);
	CHECK_INT(janus_event_buffer_create(&stage.buffer, 1), 0);
	crowd_open(&crowd, 0, WORK "/file", OPENS);
	crowd_wait(&crowd);
	WAIT_UNTIL(all_are_counted, &opens);
	/* Room for the next record and for the gap before it, and no more. */
	for (int i = 0; i < 8; i++)
		add_all(&sum);
	CHECK_INT(sum.gaps, 0);
	crowd_open(&crowd, 0, WORK "/file", 1);
	crowd_wait(&crowd);
	opens++;
	WAIT_UNTIL(all_are_counted, &opens);
	while (is_readable(janus_get_fd(stage.context)))
		add_all(&sum);
	CHECK_INT(sum.gaps, 1);
	CHECK_INT(sum.records + sum.lost, opens);
	CHECK_INT(sum.last_sequence, opens);
	stage_close(&stage);
	crowd_end(&crowd);
}

static void sequences_stay_in_order_while_the_ring_runs_over(void)
{
	struct sum sum = { 0 };
	struct crowd crowd;
	uint64_t opens;

	open_smallest(&crowd, 4);
	for (size_t i = 0; i < 4; i++)
		crowd_hammer(&crowd, i, WORK "/file");
	for (int i = 0; i < 30; i++) {
		crowd_wait_for_more(&crowd, 500);
		add_all(&sum);
		add_all(&sum);
	}
	crowd_stop(&crowd);
	opens = crowd.tally->opened;
	WAIT_UNTIL(all_are_counted, &opens);
	for (int i = 0; i < 3; i++)
		add_all(&sum);
	CHECK(sum.gaps > 0);
	CHECK_INT(sum.records + sum.lost, opens);
	CHECK_INT(sum.last_sequence, opens);
	stage_close(&stage);
	crowd_end(&crowd);
}

static const struct test_case cases[] = {
	CASE(the_program_opens_its_own_guarded_files),
	CASE(who_never_polls_delays_nobody_and_loses_a_known_number),
	CASE(a_gap_stands_before_what_came_after_it),
	CASE(sequences_stay_in_order_while_the_ring_runs_over),
};

HARNESS_MAIN(cases)
