// SPDX-License-Identifier: MIT
/*
 * The race that a marker of directories loses: a path of new directories, and a file in the
 * last of them that is opened, or reported, before anybody could have looked at them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "harness.h"
#include "jail.h"
#include "stage.h"

#include <janus/error.h>

#define WORKERS 4
#define ROUNDS 2500
#define ENTRIES 5 /* of a round: four directories and a file */
#define ALL (WORKERS * ROUNDS * ENTRIES)

#define RING_BYTES (64ull << 20)

static const char *const entries[ENTRIES] = { "", "/a", "/a/b", "/a/b/c", "/a/b/c/file" };

static struct stage stage;
static struct actor owner;

static void count(struct tally *tally, int result)
{
	atomic_fetch_add(result == 0        ? &tally->opened
			 : result == -EPERM ? &tally->denied
					    : &tally->failed,
			 1);
}

/* mknod(2) opens nothing. */
static int make_entry(const char *path, int entry)
{
	if (entry < ENTRIES - 1)
		return mkdir(path, 0755);
	return mknod(path, S_IFREG | 0644, 0);
}

static void do_round(int worker, int round, struct tally *tally)
{
	struct deed deed = { 0 };

	for (int entry = 0; entry < ENTRIES; entry++) {
		snprintf(deed.path, sizeof(deed.path), TREE "/%d-%d%s", worker, round,
			 entries[entry]);
		if (make_entry(deed.path, entry) < 0)
			atomic_fetch_add(&tally->failed, 1);
	}
	count(tally, open_path(&deed));
}

/* All workers' rounds, in processes of the jail. */
static int do_rounds(const struct deed *deed)
{
	struct tally *tally = deed->shared;

	for (int worker = 0; worker < WORKERS; worker++) {
		if (MUST(fork()) != 0)
			continue;
		for (int round = 0; round < ROUNDS; round++)
			do_round(worker, round, tally);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

static int make_end(const struct deed *deed)
{
	(void)deed;
	return mknod(TREE "/end", S_IFREG | 0644, 0) < 0 ? -errno : 0;
}

static void set_up(enum jail_root root)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	options.ring_bytes = RING_BYTES;
	jail_start(&owner, root);
	stage_open_with(&stage, &options);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&owner);
}

struct progress {
	struct tally *tally;
	uint64_t goal;
};

static bool is_reached(void *argument)
{
	const struct progress *progress = argument;
	const struct tally *tally = progress->tally;

	return tally->opened + tally->denied + tally->failed >= progress->goal;
}

/* However long all of it takes, some of it is done soon. */
static void do_all_rounds(struct tally *tally)
{
	struct deed deed = { .run = do_rounds, .shared = tally };

	actor_begin(&owner, &deed);
	for (uint64_t goal = 100; goal <= WORKERS * ROUNDS; goal += 100)
		WAIT_UNTIL(is_reached, (&(struct progress){ tally, goal }));
	CHECK_INT(actor_finish(&owner), 0);
	CHECK_INT(tally->failed, 0);
}

static void where_nothing_is_guarded_all_is_opened(void)
{
	struct tally *tally = shared_memory(sizeof(*tally));

	set_up(JAIL_TMPFS);
	do_all_rounds(tally);
	CHECK_INT(tally->opened, WORKERS * ROUNDS);
	tear_down();
}

static void no_file_in_new_directories_is_opened(enum jail_root root)
{
	struct tally *tally = shared_memory(sizeof(*tally));

	set_up(root);
	guard(&stage, &(struct plan){ .deny = { TREE },
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .pid = owner.pid });
	do_all_rounds(tally);
	printf("     %d rounds, %d openings\n", WORKERS * ROUNDS, (int)tally->opened);
	CHECK_INT(tally->opened, 0);
	CHECK_INT(tally->denied, WORKERS * ROUNDS);
	tear_down();
}

/* How often each entry was reported. */
static unsigned char reports[WORKERS][ROUNDS][ENTRIES];

static unsigned char *find_report(const char *path)
{
	int worker, round, length = 0;

	if (sscanf(path, TREE "/%d-%d%n", &worker, &round, &length) != 2)
		return NULL;
	if (worker < 0 || worker >= WORKERS || round < 0 || round >= ROUNDS)
		return NULL;
	for (int entry = 0; entry < ENTRIES; entry++)
		if (strcmp(path + length, entries[entry]) == 0)
			return &reports[worker][round][entry];
	return NULL;
}

/* False: it is the end. */
static bool take_report(const struct janus_event *event)
{
	const char *path = janus_event_get_path(event);
	unsigned char *report = find_report(path);
	bool is_file = strstr(path, "/file");

	if (strcmp(path, TREE "/end") == 0)
		return false;
	if (!report || janus_event_get_kind(event) != JANUS_EVENT_CREATE)
		harness_fail(__FILE__, __LINE__, "unexpected: %s \"%s\" (%s)",
			     janus_event_kind_name(janus_event_get_kind(event)), path,
			     janus_strerror(janus_event_get_error(event)));
	if (++*report > 1)
		harness_fail(__FILE__, __LINE__, "reported twice: %s", path);
	CHECK_INT(janus_event_get_file_type(event),
		  is_file ? JANUS_FILE_REGULAR : JANUS_FILE_DIRECTORY);
	return true;
}

static void check_that_all_is_reported(void)
{
	for (int i = 0; i < ALL; i++) {
		const int worker = i / ENTRIES / ROUNDS, round = i / ENTRIES % ROUNDS;

		if (!reports[worker][round][i % ENTRIES])
			harness_fail(__FILE__, __LINE__, "not reported: %d-%d%s", worker,
				     round, entries[i % ENTRIES]);
	}
}

static void all_in_new_directories_is_reported_once(enum jail_root root)
{
	struct tally *tally = shared_memory(sizeof(*tally));
	struct deed deed = { .run = do_rounds, .shared = tally };

	set_up(root);
	guard(&stage, &(struct plan){ .observe = { TREE },
				      .events = JANUS_EVENT_CREATE,
				      .mode = JANUS_MODE_AUDIT,
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .pid = owner.pid });
	actor_begin(&owner, &deed);
	for (int i = 0; i < ALL; i++)
		CHECK(take_report(next_event(&stage)));
	check_that_all_is_reported();
	CHECK_INT(actor_finish(&owner), 0);
	CHECK_INT(tally->failed, 0);
	CHECK_INT(tally->denied, 0);
	CHECK_INT(actor_do(&owner, &(struct deed){ .run = make_end }), 0);
	while (take_report(next_event(&stage)))
		;
	expect_nothing(&stage);
	tear_down();
}

static void no_file_in_new_directories_of_a_tmpfs_is_opened(void)
{
	no_file_in_new_directories_is_opened(JAIL_TMPFS);
}

static void no_file_in_new_directories_of_an_overlay_is_opened(void)
{
	no_file_in_new_directories_is_opened(JAIL_OVERLAY);
}

static void all_in_new_directories_of_a_tmpfs_is_reported_once(void)
{
	all_in_new_directories_is_reported_once(JAIL_TMPFS);
}

static void all_in_new_directories_of_an_overlay_is_reported_once(void)
{
	all_in_new_directories_is_reported_once(JAIL_OVERLAY);
}

static const struct test_case cases[] = {
	CASE(where_nothing_is_guarded_all_is_opened),
	CASE(no_file_in_new_directories_of_a_tmpfs_is_opened),
	CASE(no_file_in_new_directories_of_an_overlay_is_opened),
	CASE(all_in_new_directories_of_a_tmpfs_is_reported_once),
	CASE(all_in_new_directories_of_an_overlay_is_reported_once),
};

HARNESS_MAIN(cases)
