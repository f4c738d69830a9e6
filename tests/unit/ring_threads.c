// SPDX-License-Identifier: MIT
/*
 * Two threads share what the responder and the caller share: the ring, and the rules while
 * they are swapped. A plain program, so that it also runs under ThreadSanitizer.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <janus/janus.h>

#include "lookup.h"
#include "ring.h"
#include "rules.h"
#include "spec.h"

#define RECORDS 200000u
#define SWAPS 20000u

static struct janus__ring ring;
static struct janus__spec *spec;
static struct janus__rules rules;
static atomic_bool writer_done;
static uint64_t pushed, dropped;

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "ring_threads: %s\n", what);
	abort();
}

static struct janus__spec *new_spec(uint64_t cookie)
{
	static const char *const paths[] = { "/guarded" };
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus__spec *ret = NULL;

	subject.deny = paths;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	options.subjects = &subject;
	options.subject_count = 1;
	options.cookie = cookie;
	check(janus__spec_create(&ret, &options, &report) == 0, report.message);
	ret->watch_id = 1;
	return ret;
}

/* Letters by which a reader tells that a path is whole. */
static size_t make_path(char *path, uint64_t number)
{
	size_t length = (size_t)(number * 31 % 700);

	memset(path, (char)('a' + number % 26), length);
	return length;
}

static void *write_records(void *arg)
{
	char path[PATH_MAX];

	for (uint64_t i = 1; i <= RECORDS; i++) {
		struct janus__record record = {
			.kind = JANUS_EVENT_OPEN,
			.time_ns = (int64_t)i,
			.spec = janus__spec_ref(spec),
			.rule = &spec->rules[0],
		};
		const struct janus__texts texts = {
			.at = { path },
			.length = { (uint32_t)make_path(path, i) },
		};

		if (i % 1000 == 0) {
			janus__ring_lose(&ring, 3);
			dropped += 3;
		}
		if (janus__ring_push(&ring, &record, &texts)) {
			pushed++;
		} else {
			janus__spec_unref(spec);
			dropped++;
			sched_yield(); /* or next to nothing would fit */
		}
	}
	atomic_store(&writer_done, true);
	return arg;
}

/* What one reader has seen. */
struct seen {
	uint64_t records;
	uint64_t lost;
	uint64_t sequence;
};

static void read_record(struct seen *seen, const struct janus__record *record,
			const struct janus__texts *texts)
{
	const char *path = texts->at[JANUS__TEXT_PATH];
	size_t length = texts->length[JANUS__TEXT_PATH];
	char wanted[PATH_MAX];

	check(record->sequence > seen->sequence, "the sequence does not rise");
	seen->sequence = record->sequence;
	if (!record->spec) {
		check(record->lost > 0 && length == 0, "a gap without loss");
		seen->lost += record->lost;
		return;
	}
	check(length == make_path(wanted, (uint64_t)record->time_ns) &&
		      memcmp(path, wanted, length) == 0,
	      "a path is torn");
	check(record->spec == spec && record->rule == &spec->rules[0], "a torn record");
	seen->records++;
	janus__spec_unref(record->spec);
}

static void read_records(void)
{
	struct seen seen = { 0 };

	for (;;) {
		struct janus__record record;
		struct janus__texts texts;
		bool last = atomic_load(&writer_done);

		if (janus__ring_peek(&ring, &record, &texts)) {
			read_record(&seen, &record, &texts);
			janus__ring_pop(&ring, &record);
			continue;
		}
		if (last)
			break;
		sched_yield();
	}
	check(seen.records == pushed, "not every record arrived");
	check(seen.lost == dropped, "not every loss was told");
	check(seen.records > 0, "nothing was handed over");
}

static void test_ring(void)
{
	pthread_t writer;

	check(janus__ring_init(&ring, 16384) == 0, "no memory");
	spec = new_spec(1);
	check(pthread_create(&writer, NULL, write_records, NULL) == 0, "no thread");
	read_records();
	check(pthread_join(writer, NULL) == 0, "the writer is lost");
	janus__ring_done(&ring);
	check(atomic_load(&spec->references) == 1, "a reference is lost");
	janus__spec_unref(spec);
	printf("ring: %llu records, %llu lost\n", (unsigned long long)pushed,
	       (unsigned long long)dropped);
}

static atomic_bool swapping_done;

/* As the responder does: at no time is nothing found. */
static void *look_up(void *arg)
{
	const struct janus__inode file = { 1, 1 }, directory = { 1, 2 };

	while (!atomic_load(&swapping_done)) {
		const struct janus__seen trail = { .inode = directory };
		const struct janus__sought sought = {
			.file = { .inode = file },
			.trail = &trail,
			.trail_count = 1,
			.root_reached = true,
			.kind = JANUS_EVENT_OPEN,
		};
		struct janus__match match;

		janus__rules_find_placed(&rules, &sought, &match);
		check(match.file && match.directory, "for a moment nothing was guarded");
		check(match.file->entries[0].spec == match.directory->entries[0].spec,
		      "half of the rules are old");
		janus__match_done(&match);
	}
	return arg;
}

static void swap(struct janus__spec *old_spec, struct janus__spec *fresh,
		 struct janus__object *const objects[2])
{
	struct janus__wanted old_wanted[2], new_wanted[2];
	const struct janus__change change = {
		old_spec, old_wanted, old_spec ? 2 : 0, fresh, new_wanted, 2,
	};

	for (size_t i = 0; i < 2; i++) {
		if (old_spec)
			old_wanted[i] = (struct janus__wanted){ objects[i],
								&old_spec->rules[0] };
		new_wanted[i] = (struct janus__wanted){ objects[i], &fresh->rules[0] };
	}
	janus__wanted_sort(old_wanted, change.old_count);
	janus__wanted_sort(new_wanted, 2);
	check(janus__rules_swap(&rules, &change) == 0, "no memory");
	janus__spec_unref(old_spec);
}

/* Others come and go meanwhile, so that the table grows. */
static void hold_another(uint64_t number)
{
	const struct janus__inode_facts facts = { .inode = { 1, number } };
	struct janus__object *object;

	check(janus__rules_hold(&rules, &facts, &object) == 0, "no memory");
	if (number % 16)
		janus__rules_release(&rules, object);
}

static void test_rules(void)
{
	const struct janus__inode_facts facts[] = {
		{ .inode = { 1, 1 } }, { .inode = { 1, 2 }, .directory = true }
	};
	struct janus__object *objects[2];
	struct janus__spec *current = new_spec(0);
	pthread_t reader;

	check(janus__rules_init(&rules) == 0, "no memory");
	for (size_t i = 0; i < 2; i++)
		check(janus__rules_hold(&rules, &facts[i], &objects[i]) == 0,
		      "no memory");
	swap(NULL, current, objects);
	check(pthread_create(&reader, NULL, look_up, NULL) == 0, "no thread");
	for (uint64_t i = 1; i <= SWAPS; i++) {
		struct janus__spec *fresh = new_spec(i);

		swap(current, fresh, objects);
		current = fresh;
		hold_another(i + 10);
	}
	atomic_store(&swapping_done, true);
	check(pthread_join(reader, NULL) == 0, "the reader is lost");
	janus__rules_done(&rules);
	check(atomic_load(&current->references) == 1, "a reference is lost");
	janus__spec_unref(current);
	printf("rules: %u swaps\n", SWAPS);
}

/* As the responder does when it finds a file under a number that it does not know. */
static void *drift(void *arg)
{
	const struct janus__inode anchor = { 2, 9 };

	for (uint64_t i = 0; !atomic_load(&swapping_done); i++)
		janus__rules_follow_drift(&rules, (struct janus__inode){ 1, i % 64 + 1 },
					  anchor);
	return arg;
}

static void test_drift(void)
{
	const struct janus__inode_facts drifter = { .inode = { 1, 1 },
						    .parent = { 1, 2000 },
						    .anchor = { 2, 9 } };
	struct janus__object *object;
	pthread_t drifting;

	atomic_store(&swapping_done, false);
	check(janus__rules_init(&rules) == 0, "no memory");
	check(janus__rules_hold(&rules, &drifter, &object) == 0, "no memory");
	check(pthread_create(&drifting, NULL, drift, NULL) == 0, "no thread");
	for (uint64_t i = 1; i <= SWAPS; i++) {
		check(janus__object_inode(&rules, object).number <= 64, "a lost number");
		check(!janus__object_parent_has_rules(&rules, object), "rules of nobody");
		hold_another(1000 + i);
	}
	atomic_store(&swapping_done, true);
	check(pthread_join(drifting, NULL) == 0, "the drift is lost");
	janus__rules_done(&rules);
	printf("drift: done\n");
}

int main(void)
{
	test_ring();
	test_rules();
	test_drift();
	return 0;
}
