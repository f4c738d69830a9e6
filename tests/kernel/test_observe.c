// SPDX-License-Identifier: MIT
/*
 * What is told of a tree without asking anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define RECURSIVE JANUS_SUBJECT_RECURSIVE
#define AUDIT JANUS_MODE_AUDIT

#define OPEN JANUS_EVENT_OPEN
#define CREATE JANUS_EVENT_CREATE
#define DELETE JANUS_EVENT_DELETE
#define RENAME JANUS_EVENT_RENAME
#define NAMES (CREATE | DELETE | RENAME)

#define D WORK "/d"
#define OUT WORK "/out"

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
	make_directory(D);
	make_directory(D "/a");
	make_directory(D "/a/b");
	make_file(D "/a/b/file");
	make_directory(OUT);
}

static void tear_down(void)
{
	expect_nothing(&stage);
	stage_close(&stage);
	actor_end(&actor);
}

static struct janus_watch *observe(uint32_t events)
{
	return guard(&stage, &(struct plan){ .observe = { D },
					     .events = events,
					     .mode = AUDIT,
					     .flags = RECURSIVE });
}

static void expect(uint32_t kind, const char *path, uint32_t type)
{
	const struct janus_event *event = EXPECT(&stage, path, 0, kind);

	CHECK_INT(janus_event_get_file_type(event), type);
	CHECK_INT(janus_event_is_directory(event), type == JANUS_FILE_DIRECTORY);
	CHECK_INT(janus_event_get_error(event), 0);
	if (kind != RENAME)
		CHECK_TEXT(janus_event_get_old_path(event), "");
}

static void expect_rename(const char *old, const char *new)
{
	const struct janus_event *event = EXPECT(&stage, new, 0, RENAME);

	CHECK_TEXT(janus_event_get_old_path(event), old);
}

/* Whoever waits for this has heard of all that was done before. */
static void expect_only_a_mark(void)
{
	MUST(mknod(D "/mark", S_IFREG | 0644, 0));
	expect(CREATE, D "/mark", JANUS_FILE_REGULAR);
}

static int write_to(const struct deed *deed)
{
	int fd = open(deed->path, O_WRONLY | O_CLOEXEC);
	int result = fd >= 0 && write(fd, "x", 1) == 1 ? 0 : -errno;

	close(fd);
	return result;
}

static int change_mode(const struct deed *deed)
{
	return chmod(deed->path, 0700) < 0 ? -errno : 0;
}

static void act(int (*run)(const struct deed *), const char *path)
{
	struct deed deed = { .run = run };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	CHECK_INT(actor_do(&actor, &deed), 0);
}

static void openings_are_told_and_by_whom(void)
{
	set_up();
	observe(OPEN);
	CHECK_INT(try_open(&actor, D "/a/b/file"), 0);
	CHECK_INT(janus_event_get_pid(EXPECT(&stage, D "/a/b/file", 0, OPEN)), actor.pid);
	CHECK_INT(try_list(&actor, D "/a/b"), 0);
	expect(OPEN, D "/a/b", JANUS_FILE_DIRECTORY);
	CHECK_INT(try_open(&actor, D "/a/b/file"), 0);
	expect(OPEN, D "/a/b/file", JANUS_FILE_REGULAR);
	tear_down();
}

static void reading_is_told(void)
{
	set_up();
	observe(JANUS_EVENT_ACCESS);
	CHECK_INT(try_read(&actor, D "/a/b/file"), 0);
	expect(JANUS_EVENT_ACCESS, D "/a/b/file", JANUS_FILE_REGULAR);
	tear_down();
}

static void make_program(const char *path)
{
	int from = (int)MUST(open("/usr/bin/true", O_RDONLY | O_CLOEXEC));
	int to = (int)MUST(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	struct stat facts;

	MUST(fstat(from, &facts));
	CHECK_INT(sendfile(to, from, NULL, (size_t)facts.st_size), facts.st_size);
	close(from);
	close(to);
}

static void execution_is_told(void)
{
	set_up();
	make_program(D "/a/tool");
	observe(JANUS_EVENT_EXEC);
	CHECK_INT(try_exec(&actor, D "/a/tool"), 0);
	expect(JANUS_EVENT_EXEC, D "/a/tool", JANUS_FILE_REGULAR);
	CHECK_INT(try_open(&actor, D "/a/tool"), 0);
	tear_down();
}

static void changes_of_a_file_are_told(void)
{
	static const uint32_t kinds[] = { JANUS_EVENT_MODIFY, JANUS_EVENT_CLOSE_WRITE };

	set_up();
	for (size_t i = 0; i < 2; i++) {
		struct janus_watch *watch = observe(kinds[i]);

		act(write_to, D "/a/b/file");
		expect(kinds[i], D "/a/b/file", JANUS_FILE_REGULAR);
		act(change_mode, D "/a/b/file");
		expect_nothing(&stage);
		janus_watch_destroy(watch);
	}
	observe(JANUS_EVENT_ATTRIB);
	act(change_mode, D "/a/b/file");
	expect(JANUS_EVENT_ATTRIB, D "/a/b/file", JANUS_FILE_REGULAR);
	tear_down();
}

static void new_names_are_told_with_what_they_are(void)
{
	set_up();
	observe(CREATE);
	MUST(mknod(D "/a/b/new", S_IFREG | 0644, 0));
	expect(CREATE, D "/a/b/new", JANUS_FILE_REGULAR);
	MUST(symlink("nowhere", D "/a/link"));
	expect(CREATE, D "/a/link", JANUS_FILE_SYMLINK);
	MUST(mkfifo(D "/a/fifo", 0600));
	expect(CREATE, D "/a/fifo", JANUS_FILE_OTHER);
	MUST(link(D "/a/b/file", D "/a/twin"));
	expect(CREATE, D "/a/twin", JANUS_FILE_REGULAR);
	make_directory(D "/new");
	expect(CREATE, D "/new", JANUS_FILE_DIRECTORY);
	make_directory(D "/new/deeper");
	expect(CREATE, D "/new/deeper", JANUS_FILE_DIRECTORY);
	MUST(mknod(D "/new/deeper/two\nlines", S_IFREG | 0644, 0));
	expect(CREATE, D "/new/deeper/two\nlines", JANUS_FILE_REGULAR);
	tear_down();
}

static void a_rename_is_one_event_with_both_paths(void)
{
	set_up();
	observe(NAMES);
	MUST(rename(D "/a/b/file", D "/a/other"));
	expect_rename(D "/a/b/file", D "/a/other");
	MUST(rename(D "/a/b", D "/moved"));
	expect_rename(D "/a/b", D "/moved");
	MUST(mknod(D "/moved/new", S_IFREG | 0644, 0));
	expect(CREATE, D "/moved/new", JANUS_FILE_REGULAR);
	MUST(rename(D "/moved", D "/a/deeper"));
	expect_rename(D "/moved", D "/a/deeper");
	MUST(rename(D "/a", D "/z"));
	expect_rename(D "/a", D "/z");
	MUST(mknod(D "/z/deeper/newer", S_IFREG | 0644, 0));
	expect(CREATE, D "/z/deeper/newer", JANUS_FILE_REGULAR);
	tear_down();
}

static void what_is_removed_is_told(void)
{
	set_up();
	observe(NAMES);
	MUST(unlink(D "/a/b/file"));
	EXPECT(&stage, D "/a/b/file", 0, DELETE);
	MUST(rmdir(D "/a/b"));
	expect(DELETE, D "/a/b", JANUS_FILE_DIRECTORY);
	make_directory(D "/a/b");
	expect(CREATE, D "/a/b", JANUS_FILE_DIRECTORY);
	MUST(mknod(D "/a/b/again", S_IFREG | 0644, 0));
	expect(CREATE, D "/a/b/again", JANUS_FILE_REGULAR);
	tear_down();
}

static void what_is_moved_out_is_gone(void)
{
	set_up();
	observe(NAMES);
	MUST(rename(D "/a", OUT "/a"));
	expect(DELETE, D "/a", JANUS_FILE_DIRECTORY);
	MUST(mknod(OUT "/a/new", S_IFREG | 0644, 0));
	MUST(mknod(OUT "/a/b/new", S_IFREG | 0644, 0));
	MUST(rename(OUT "/a/b", OUT "/b"));
	MUST(unlink(OUT "/b/file"));
	expect_only_a_mark();
	tear_down();
}

/* In whatever order. */
static void expect_created(const char *const paths[], size_t count)
{
	bool seen[8] = { false };

	for (size_t i = 0; i < count; i++) {
		const struct janus_event *event = next_event(&stage);
		const char *path = janus_event_get_path(event);
		size_t k = 0;

		CHECK_INT(janus_event_get_kind(event), CREATE);
		while (k < count && strcmp(path, paths[k]) != 0)
			k++;
		if (k == count || seen[k])
			harness_fail(__FILE__, __LINE__, "unexpected: %s", path);
		seen[k] = true;
	}
}

static void what_is_moved_in_is_new(void)
{
	static const char *const paths[] = { D "/in", D "/in/a", D "/in/a/b",
					     D "/in/a/b/file", D "/in/top" };

	set_up();
	make_directory(OUT "/in");
	make_directory(OUT "/in/a");
	make_directory(OUT "/in/a/b");
	make_file(OUT "/in/a/b/file");
	make_file(OUT "/in/top");
	observe(NAMES);
	MUST(rename(OUT "/in", D "/in"));
	expect_created(paths, 5);
	MUST(mknod(D "/in/a/b/new", S_IFREG | 0644, 0));
	expect(CREATE, D "/in/a/b/new", JANUS_FILE_REGULAR);
	MUST(rename(D "/in/a/b/new", OUT "/new"));
	EXPECT(&stage, D "/in/a/b/new", 0, DELETE);
	MUST(rename(OUT "/new", D "/in/back"));
	expect(CREATE, D "/in/back", JANUS_FILE_REGULAR);
	tear_down();
}

static void what_is_ignored_is_not_told(void)
{
	set_up();
	make_directory(D "/skip");
	guard(&stage, &(struct plan){ .observe = { D },
				      .ignore = { "*.log", "skip/" },
				      .events = NAMES,
				      .mode = AUDIT,
				      .flags = RECURSIVE });
	make_file(D "/a/x.log");
	make_file(D "/skip/file");
	make_directory(D "/a/b/skip");
	make_file(D "/a/b/skip/file");
	expect_only_a_mark();
	tear_down();
}

static void a_shallow_watch_tells_of_direct_children_only(void)
{
	set_up();
	guard(&stage, &(struct plan){ .observe = { D }, .events = NAMES, .mode = AUDIT });
	make_file(D "/a/new");
	expect_only_a_mark();
	tear_down();
}

static void a_tree_is_told_as_deep_as_it_may_be(void)
{
	set_up();
	guard(&stage, &(struct plan){ .observe = { D },
				      .events = NAMES,
				      .mode = AUDIT,
				      .flags = RECURSIVE,
				      .max_depth = 2 });
	MUST(mknod(D "/a/new", S_IFREG | 0644, 0));
	expect(CREATE, D "/a/new", JANUS_FILE_REGULAR);
	MUST(mknod(D "/a/b/new", S_IFREG | 0644, 0));
	expect_only_a_mark();
	tear_down();
}

static void a_single_file_is_observed(void)
{
	set_up();
	make_file(D "/a/b/other");
	guard(&stage, &(struct plan){ .observe = { D "/a/b/file" },
				      .events = OPEN | JANUS_EVENT_MODIFY,
				      .mode = AUDIT });
	CHECK_INT(try_open(&actor, D "/a/b/other"), 0);
	CHECK_INT(try_open(&actor, D "/a/b/file"), 0);
	expect(OPEN, D "/a/b/file", JANUS_FILE_REGULAR);
	MUST(truncate(D "/a/b/file", 0));
	expect(JANUS_EVENT_MODIFY, D "/a/b/file", JANUS_FILE_REGULAR);
	tear_down();
}

static void an_audited_deny_denies_nothing(void)
{
	set_up();
	make_file(D "/public");
	guard(&stage, &(struct plan){ .deny = { D "/a" },
				      .allow = { D },
				      .events = OPEN,
				      .mode = AUDIT,
				      .flags = RECURSIVE });
	CHECK_INT(try_open(&actor, D "/a/b/file"), 0);
	EXPECT(&stage, D "/a/b/file", JANUS_VERDICT_WOULD_DENY);
	CHECK_INT(try_open(&actor, D "/public"), 0);
	EXPECT(&stage, D "/public", JANUS_VERDICT_ALLOW);
	CHECK_INT(stage_stats(&stage).events, 0);
	CHECK_INT(stage_stats(&stage).denied, 0);
	tear_down();
}

static void a_tree_that_appears_is_told(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	CHECK_INT(try_guard(&stage, &watch,
			    &(struct plan){ .observe = { WORK "/x/y" },
					    .events = NAMES,
					    .mode = AUDIT,
					    .flags = RECURSIVE | JANUS_SUBJECT_WAIT },
			    &report),
		  0);
	CHECK_INT(report.waiting, 1);
	make_directory(WORK "/x");
	make_directory(WORK "/x/y");
	make_directory(WORK "/x/y/z");
	MUST(mknod(WORK "/x/y/z/file", S_IFREG | 0644, 0));
	for (;;) {
		const struct janus_event *event = next_event(&stage);

		CHECK_INT(janus_event_get_kind(event), CREATE);
		CHECK(strncmp(janus_event_get_path(event), WORK "/x/y",
			      strlen(WORK "/x/y")) == 0);
		if (strcmp(janus_event_get_path(event), WORK "/x/y/z/file") == 0)
			break;
	}
	MUST(unlink(WORK "/x/y/z/file"));
	EXPECT(&stage, WORK "/x/y/z/file", 0, DELETE);
	tear_down();
}

static void kinds_and_modes_have_to_fit(void)
{
	const struct plan bad[] = {
		{ .observe = { D }, .events = OPEN },
		{ .deny = { D }, .events = CREATE },
		{ .observe = { D },
		  .events = OPEN,
		  .mode = AUDIT,
		  .strategy = JANUS_STRATEGY_MOUNT },
	};
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(try_guard(&stage, &watch, &bad[i], &report), -EINVAL);
		CHECK(report.message[0]);
	}
	tear_down();
}

static const struct test_case cases[] = {
	CASE(openings_are_told_and_by_whom),
	CASE(reading_is_told),
	CASE(execution_is_told),
	CASE(changes_of_a_file_are_told),
	CASE(new_names_are_told_with_what_they_are),
	CASE(a_rename_is_one_event_with_both_paths),
	CASE(what_is_removed_is_told),
	CASE(what_is_moved_out_is_gone),
	CASE(what_is_moved_in_is_new),
	CASE(what_is_ignored_is_not_told),
	CASE(a_shallow_watch_tells_of_direct_children_only),
	CASE(a_tree_is_told_as_deep_as_it_may_be),
	CASE(a_single_file_is_observed),
	CASE(an_audited_deny_denies_nothing),
	CASE(a_tree_that_appears_is_told),
	CASE(kinds_and_modes_have_to_fit),
};

HARNESS_MAIN(cases)
