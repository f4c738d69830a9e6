// SPDX-License-Identifier: MIT
#include "ring.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_spec.h"
#include "teardown.h"

#define SIZE 16384u

static struct janus__ring ring;
static struct janus__spec *spec;

static void setup(void)
{
	cr_assert_eq(janus__ring_init(&ring, SIZE), 0);
	spec = make_spec_of(1, (struct make_rule){ 0 });
}

static void teardown(void)
{
	janus__ring_done(&ring);
	teardown_check(atomic_load(&spec->references) == 1, "a reference is lost");
	janus__spec_unref(spec);
}

TestSuite(ring, .init = setup, .fini = teardown);

/* A path of any length that tells which record it belongs to. */
static const char *make_path(char *path, size_t length, uint64_t number)
{
	for (size_t i = 0; i < length; i++)
		path[i] = (char)('a' + (i + number) % 26);
	return path;
}

static bool push(uint64_t number, size_t path_length)
{
	char path[PATH_MAX];
	struct janus__texts texts;
	struct janus__record record = {
		.kind = JANUS_EVENT_OPEN,
		.time_ns = (int64_t)number,
		.spec = janus__spec_ref(spec),
		.rule = &spec->rules[0],
	};

	make_path(path, path_length, number);
	texts = (struct janus__texts){ .at = { path, NULL, "/bin/cat" },
				       .length = { (uint32_t)path_length, 0, 8 } };
	if (janus__ring_push(&ring, &record, &texts))
		return true;
	janus__spec_unref(spec);
	return false;
}

/* Take the oldest one, whose path must be whole. */
static struct janus__record take(void)
{
	struct janus__record record;
	char wanted[PATH_MAX];
	struct janus__texts texts;

	cr_assert(janus__ring_peek(&ring, &record, &texts));
	make_path(wanted, texts.length[JANUS__TEXT_PATH], (uint64_t)record.time_ns);
	if (record.spec) {
		cr_assert_eq(memcmp(texts.at[JANUS__TEXT_PATH], wanted,
				    texts.length[JANUS__TEXT_PATH]),
			     0);
		cr_assert_str_eq(texts.at[JANUS__TEXT_OLD_PATH], "");
		cr_assert_str_eq(texts.at[JANUS__TEXT_EXE], "/bin/cat");
	} else {
		cr_assert_eq(texts.length[JANUS__TEXT_PATH], 0);
	}
	janus__spec_unref(record.spec);
	janus__ring_pop(&ring, &record);
	return record;
}

static bool is_empty(void)
{
	struct janus__record record;
	struct janus__texts texts;

	return !janus__ring_peek(&ring, &record, &texts);
}

/* Push until one finds no room; how many did. */
static uint64_t fill(size_t path_length)
{
	uint64_t count = 0;

	while (push(count + 1, path_length))
		count++;
	return count;
}

/* Who a record says it was, of somebody whose cgroup names FORGED. */
#define FORGED "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"

static void check_container(const char *own, uint64_t pid_namespace, const char *wanted)
{
	static struct janus__actor actor;
	struct janus__record record = { .spec = spec };
	struct janus__texts texts = { 0 };

	memcpy(actor.cgroups, FORGED, strlen(FORGED));
	actor.container.length = (uint32_t)strlen(FORGED);
	actor.pid_namespace = 7;
	spec->container = strdup(own);
	spec->pid_namespace = pid_namespace;
	janus__record_actor(&record, &actor, &texts);
	cr_assert_eq(texts.length[JANUS__TEXT_CONTAINER], strlen(wanted), "%s", own);
	cr_assert_eq(memcmp(texts.at[JANUS__TEXT_CONTAINER], wanted, strlen(wanted)), 0);
	free(spec->container);
	spec->container = NULL;
}

Test(ring, a_container_called_by_a_plain_name_does_not_choose_another_one)
{
	check_container("plain", 7, "plain");
	check_container("plain", 8, FORGED);
	check_container("plain", 0, FORGED);
	/* Nothing below an id counts: it is who it says. */
	check_container(
		"0af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a", 7,
		FORGED);
}

Test(ring, is_empty_at_first)
{
	cr_assert(is_empty());
}

Test(ring, hands_records_over_in_order)
{
	for (uint64_t i = 1; i <= 5; i++)
		cr_assert(push(i, i * 10));
	for (uint64_t i = 1; i <= 5; i++) {
		struct janus__record record = take();

		cr_assert_eq(record.time_ns, (int64_t)i);
		cr_assert_eq(record.sequence, i);
		cr_assert_eq(record.kind, JANUS_EVENT_OPEN);
		cr_assert_eq(record.spec, spec);
		cr_assert_eq(record.rule, &spec->rules[0]);
		cr_assert_eq(record.lost, 0);
	}
	cr_assert(is_empty());
}

Test(ring, peeking_takes_nothing)
{
	struct janus__record record;
	struct janus__texts texts;

	push(1, 3);
	for (int i = 0; i < 2; i++) {
		cr_assert(janus__ring_peek(&ring, &record, &texts));
		cr_assert_eq(record.sequence, 1);
		cr_assert_eq(texts.length[JANUS__TEXT_PATH], 3);
	}
	take();
}

Test(ring, keeps_paths_whole_wherever_its_end_falls)
{
	/* Every path length against every place where the ring begins again. */
	for (uint64_t i = 1; i <= 20000; i++) {
		cr_assert(push(i, i * 7 % PATH_MAX));
		if (i % 2 == 0)
			while (!is_empty())
				take();
	}
}

Test(ring, a_path_of_any_length_fits_an_empty_ring)
{
	for (uint64_t i = 1; i <= 100; i++) {
		cr_assert(push(i, PATH_MAX - 1));
		take();
		cr_assert(push(i, 0));
		take();
	}
}

Test(ring, counts_what_finds_no_room)
{
	uint64_t count = fill(100);
	struct janus__record gap;

	cr_assert_gt(count, 10);
	cr_assert_not(push(0, 100));
	for (uint64_t i = 1; i <= count; i++)
		cr_assert_eq(take().sequence, i);
	gap = take();
	cr_assert_null(gap.spec);
	cr_assert_null(gap.rule);
	cr_assert_eq(gap.lost, 2);
	cr_assert_eq(gap.sequence, count + 2);
	cr_assert(is_empty(), "they are told once");
}

Test(ring, tells_what_was_lost_before_the_next_record)
{
	uint64_t count = fill(100);
	struct janus__record record;

	push(0, 100);
	for (uint64_t i = 1; i <= count; i++)
		take();
	cr_assert(push(4711, 100));
	cr_assert_eq(take().lost, 2);
	record = take();
	cr_assert_eq(record.time_ns, 4711);
	cr_assert_eq(record.sequence, count + 3);
	cr_assert(is_empty());
}

Test(ring, tells_a_gap_where_it_is_and_not_where_it_is_seen)
{
	uint64_t count = fill(100);

	for (int i = 0; i < 3; i++)
		take();
	cr_assert_not(push(0, 1000));
	cr_assert(push(0, 100), "a shorter one fits");
	for (uint64_t i = 4; i <= count; i++)
		cr_assert_eq(take().sequence, i);
	cr_assert_eq(take().lost, 2);
	cr_assert_eq(take().sequence, count + 3);
	cr_assert(is_empty());
}

Test(ring, a_gap_grows_until_it_is_taken)
{
	struct janus__record gap;
	struct janus__texts texts;

	janus__ring_lose(&ring, 1);
	cr_assert(janus__ring_peek(&ring, &gap, &texts));
	cr_assert_eq(gap.lost, 1);
	cr_assert_eq(texts.length[JANUS__TEXT_PATH], 0);
	janus__ring_lose(&ring, 1);
	cr_assert(janus__ring_peek(&ring, &gap, &texts));
	cr_assert_eq(gap.lost, 2);
	janus__ring_lose(&ring, 1);
	janus__ring_pop(&ring, &gap);
	cr_assert_eq(take().lost, 1);
	cr_assert(is_empty());
}

Test(ring, counts_what_was_lost_before_it_was_made)
{
	struct janus__record gap;

	push(1, 5);
	janus__ring_lose(&ring, 7);
	push(2, 5);
	cr_assert_eq(take().sequence, 1);
	gap = take();
	cr_assert_eq(gap.lost, 7);
	cr_assert_eq(gap.sequence, 8);
	cr_assert_eq(take().sequence, 9);
}

Test(ring, gives_every_reference_back)
{
	/* With fillers and gaps in it; the teardown counts. */
	for (uint64_t i = 0; i < 1000; i++) {
		push(i, i * 13 % 3000);
		if (i % 4 == 0 && !is_empty())
			take();
	}
	cr_assert_not(is_empty());
	cr_assert_gt(atomic_load(&spec->references), 1);
}

Test(ring, a_lost_records_reference_stays_with_the_writer)
{
	unsigned int references;

	fill(100);
	references = atomic_load(&spec->references);
	cr_assert_not(push(0, 100));
	cr_assert_eq(atomic_load(&spec->references), references);
}

Test(ring, may_be_done_twice)
{
	struct janus__ring other;

	cr_assert_eq(janus__ring_init(&other, SIZE), 0);
	janus__ring_done(&other);
	janus__ring_done(&other);
	cr_assert_null(other.bytes);
}
