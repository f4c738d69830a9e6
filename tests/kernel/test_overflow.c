// SPDX-License-Identifier: MIT
/*
 * More happens than the kernel keeps for a process that does not read. The watcher is a process
 * of its own that is stopped meanwhile; it only observes, so nobody waits for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define D WORK "/d"
#define MANY WORK "/d/many"

/* More than this is no bound that a test can reach. */
#define MOST_QUEUED 200000

static struct stage stage; /* the watcher's */
static struct actor watcher;

static int start_watching(const struct deed *deed)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	(void)deed;
	options.flags = JANUS_CONTEXT_BOUNDED_QUEUE;
	options.ring_bytes = 256ull << 20;
	stage_open_with(&stage, &options);
	guard(&stage, &(struct plan){ .observe = { D },
				      .events = JANUS_EVENT_CREATE | JANUS_EVENT_DELETE |
						JANUS_EVENT_RENAME,
				      .mode = JANUS_MODE_AUDIT,
				      .flags = JANUS_SUBJECT_RECURSIVE });
	return 0;
}

static int wait_for_gap(const struct deed *deed)
{
	const struct janus_event *event;

	(void)deed;
	do
		event = next_event(&stage);
	while (janus_event_get_kind(event) != JANUS_EVENT_GAP);
	CHECK_INT(janus_event_get_error(event), -EOVERFLOW);
	CHECK_TEXT(janus_event_get_path(event), "");
	CHECK(stage_stats(&stage).overflows >= 1);
	return 0;
}

/* Until @path is told as new. */
static int wait_for_path(const struct deed *deed)
{
	const struct janus_event *event;

	do
		event = next_event(&stage);
	while (janus_event_get_kind(event) != JANUS_EVENT_CREATE ||
	       strcmp(janus_event_get_path(event), deed->path) != 0);
	return 0;
}

static int most_queued(void)
{
	FILE *file = fopen("/proc/sys/fs/fanotify/max_queued_events", "re");
	int count = 0;

	CHECK(file);
	CHECK_INT(fscanf(file, "%d", &count), 1);
	fclose(file);
	if (count > MOST_QUEUED)
		harness_skip("fs.fanotify.max_queued_events is too large to be reached");
	return count;
}

static void make_node(const char *path)
{
	MUST(mknod(path, S_IFREG | 0644, 0));
}

static void make_too_many(void)
{
	const int count = most_queued() + 100;
	char path[64];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), MANY "/%d", i);
		make_node(path);
	}
}

static void set_up(void)
{
	make_directory(D);
	make_directory(MANY);
	make_directory(D "/old");
	make_directory(D "/old/deep");
	make_directory(D "/gone");
	actor_start(&watcher);
	CHECK_INT(actor_do(&watcher, &(struct deed){ .run = start_watching }), 0);
	actor_pause(&watcher);
	make_too_many();
}

static void check_told(const char *path)
{
	struct deed deed = { .run = wait_for_path };

	make_node(path);
	snprintf(deed.path, sizeof(deed.path), "%s", path);
	CHECK_INT(actor_do(&watcher, &deed), 0);
}

static void what_overflows_is_a_gap_and_the_tree_is_known_after_it(void)
{
	set_up();
	make_directory(D "/during");
	make_directory(D "/during/deep");
	make_node(D "/during/deep/file");
	MUST(rename(D "/old", D "/during/new"));
	MUST(rmdir(D "/gone"));
	make_directory(D "/gone");
	make_directory(D "/gone/again");
	actor_resume(&watcher);
	CHECK_INT(actor_do(&watcher, &(struct deed){ .run = wait_for_gap }), 0);
	check_told(D "/during/file");
	check_told(D "/during/deep/other");
	check_told(D "/during/new/file");
	check_told(D "/during/new/deep/file");
	check_told(D "/gone/again/file");
	check_told(D "/many/last");
	MUST(rename(D "/during/new/deep", D "/deep"));
	check_told(D "/deep/last");
	actor_end(&watcher);
}

static const struct test_case cases[] = {
	CASE(what_overflows_is_a_gap_and_the_tree_is_known_after_it),
};

HARNESS_MAIN(cases)
