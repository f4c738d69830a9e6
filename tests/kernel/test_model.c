// SPDX-License-Identifier: MIT
/*
 * Does somebody who only listens know the tree? A long random sequence of operations is told
 * to a model, which is compared with the tree now and then. JANUS_SEED=N repeats a run.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaos.h"
#include "doer.h"
#include "harness.h"
#include "model.h"
#include "stage.h"

/*
 * 25,000 operations a case, one at a time: faster than they are followed the kernel merges
 * them, and loses their order (LIMITS in janus(7)).
 */
#define STEPS 25000
#define STEP 1

/* Between two looks at the whole tree. */
#define STEPS_A_LOOK 250

/* A millisecond and more each. */
#define MOST_TRIES 5000

#define RING_BYTES (16ull << 20)

static struct stage stage;
static struct actor actor;
static struct model told;
static struct chaos *chaos;

static void set_up(uint64_t seed, uint32_t flags)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	const char *wish = getenv("JANUS_SEED");

	options.ring_bytes = RING_BYTES;
	chaos = shared_memory(sizeof(*chaos));
	chaos->seed = wish ? strtoull(wish, NULL, 0) : seed;
	chaos->flags = flags;
	printf("     seed %" PRIu64 "\n", chaos->seed);
	fflush(stdout);
	make_directory(CHAOS_TREE);
	make_directory(CHAOS_OUT);
	actor_start(&actor);
	stage_open_with(&stage, &options);
	guard(&stage, &(struct plan){ .observe = { CHAOS_TREE },
				      .events = JANUS_EVENT_CREATE | JANUS_EVENT_DELETE |
						JANUS_EVENT_RENAME,
				      .mode = JANUS_MODE_AUDIT,
				      .flags = JANUS_SUBJECT_RECURSIVE });
	model_init(&told);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
	model_done(&told);
}

static int make_mark(const struct deed *deed)
{
	(void)unlink(deed->other);
	return mknod(deed->path, S_IFREG | 0644, 0) < 0 ? -errno : 0;
}

/* All that was done before is told before this is. */
static void listen_up_to_now(int step)
{
	struct deed deed = { .run = make_mark };
	const struct janus_event *event;

	snprintf(deed.path, sizeof(deed.path), CHAOS_TREE "/mark-%d", step);
	snprintf(deed.other, sizeof(deed.other), CHAOS_TREE "/mark-%d", step - 1);
	CHECK_INT(actor_do(&actor, &deed), 0);
	do {
		event = next_event(&stage);
		model_apply(&told, event);
	} while (strcmp(janus_event_get_path(event), deed.path) != 0);
}

static size_t compare(bool loud)
{
	struct model real;
	size_t differences;

	model_init(&real);
	model_walk(&real, CHAOS_TREE);
	differences = model_compare(&told, &real, loud);
	model_done(&real);
	return differences;
}

static void check_equal(int step)
{
	if (compare(true) == 0)
		return;
	print_chaos(chaos);
	harness_fail(__FILE__, __LINE__, "differs after %d operations", step * STEP);
}

static void listen_on(void)
{
	const struct janus_event *event;

	while (stage.next < janus_event_buffer_get_count(stage.buffer) ||
	       is_readable(janus_get_fd(stage.context))) {
		if (stage.next == janus_event_buffer_get_count(stage.buffer)) {
			stage.next = 0;
			if (janus_poll(stage.context, stage.buffer, 0) <= 0)
				break;
		}
		event = janus_event_buffer_get(stage.buffer, stage.next++);
		model_apply(&told, event);
	}
}

static bool is_equal_or_never_will_be(void *argument)
{
	int *tries = argument;

	listen_on();
	return compare(false) == 0 || ++*tries > MOST_TRIES;
}

static void wait_until_equal(int step)
{
	int tries = 0;

	WAIT_UNTIL(is_equal_or_never_will_be, &tries);
	check_equal(step);
}

static void check_steps(void)
{
	for (int step = 1; step <= STEPS; step++) {
		CHECK_INT(actor_do(&actor, &(struct deed){ .run = make_chaos,
							   .number = STEP,
							   .shared = chaos }),
			  0);
		listen_up_to_now(step);
		if (step % STEPS_A_LOOK == 0 || step == STEPS)
			wait_until_equal(step);
	}
	printf("     %zu entries in the end\n", told.count);
}

static void check_seed(uint64_t seed, uint32_t flags)
{
	set_up(seed, flags);
	check_steps();
	tear_down();
}

static void events_tell_the_tree(void)
{
	check_seed(1, 0);
}

static void events_tell_another_tree(void)
{
	check_seed(20260, 0);
}

static void events_tell_the_tree_when_files_are_exchanged(void)
{
	check_seed(3, CHAOS_EXCHANGE);
}

/* What is in a new mount is told when the mount is found, which may be a little later. */
static void events_tell_the_tree_when_there_are_mounts(void)
{
	set_up(4, CHAOS_MOUNT);
	for (int step = 1; step <= STEPS; step++) {
		struct deed deed = { .run = make_chaos, .number = STEP, .shared = chaos };

		CHECK_INT(actor_do(&actor, &deed), 0);
		listen_up_to_now(step);
		if (step % STEPS_A_LOOK == 0 || step == STEPS)
			wait_until_equal(step);
	}
	tear_down();
}

static const struct test_case cases[] = {
	CASE(events_tell_the_tree),
	CASE(events_tell_another_tree),
	CASE(events_tell_the_tree_when_files_are_exchanged),
	CASE(events_tell_the_tree_when_there_are_mounts),
};

HARNESS_MAIN(cases)
