// SPDX-License-Identifier: MIT
/*
 * What can be guarded and what is skipped and reported; odd names; deep paths; gone files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define ALLOW JANUS_VERDICT_ALLOW

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

/* One path that cannot be guarded beside one that can. */
static void check_skipped(const struct plan *plan, const char *path, int error)
{
	struct janus_watch_report report;
	struct janus_watch *watch;

	CHECK_INT(try_guard(&stage, &watch, plan, &report), 0);
	CHECK_INT(report.paths, 2);
	CHECK_INT(report.marked, 1);
	CHECK_INT(report.skipped, 1);
	CHECK_INT(report.first_error, error);
	CHECK_TEXT(report.first_path, path);
	CHECK(strstr(report.message, path));
	CHECK(strstr(report.message, "subject[0].deny["));
	janus_watch_destroy(watch);
}

/* It alone cannot make a watch. */
static void check_refused(const struct plan *plan, int error)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;

	CHECK_INT(try_guard(&stage, &watch, plan, &report), error);
	CHECK(!watch);
	CHECK_INT(report.marked, 0);
	CHECK_INT(report.first_error, error);
	CHECK(report.message[0]);
}

static void only_dir_skips_files(void)
{
	struct plan both = { .deny = { WORK "/d", WORK "/file" },
			     .flags = JANUS_SUBJECT_ONLY_DIR };
	struct plan file = { .deny = { WORK "/file" }, .flags = JANUS_SUBJECT_ONLY_DIR };

	set_up();
	make_directory(WORK "/d");
	make_file(WORK "/d/child");
	make_file(WORK "/file");
	check_skipped(&both, WORK "/file", -ENOTDIR);
	check_refused(&file, -ENOTDIR);
	CHECK_INT(try_open(&actor, WORK "/file"), 0);
	guard(&stage,
	      &(struct plan){ .deny = { WORK "/d" }, .flags = JANUS_SUBJECT_ONLY_DIR });
	CHECK_INT(try_open(&actor, WORK "/d/child"), -EPERM);
	tear_down();
}

static void a_link_into_proc_is_skipped_and_the_rest_is_in_force(void)
{
	struct plan plan = { .deny = { WORK "/stdout", WORK "/file" } };
	struct janus_watch_report report;
	struct janus_watch *watch;

	set_up();
	make_file(WORK "/file");
	MUST(symlink("/proc/self/fd/1", WORK "/stdout"));
	check_skipped(&plan, WORK "/stdout", -ELOOP);
	plan.deny[1] = NULL;
	check_refused(&plan, -ELOOP);
	plan.deny[1] = WORK "/file";
	CHECK_INT(try_guard(&stage, &watch, &plan, &report), 0);
	CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	tear_down();
}

static void make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = (int)MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	MUST(bind(fd, (const struct sockaddr *)&address, sizeof(address)));
	close(fd);
}

static void neither_file_nor_directory_is_skipped(void)
{
	static const char *const paths[] = { WORK "/device", WORK "/fifo",
					     WORK "/socket" };

	set_up();
	make_file(WORK "/file");
	MUST(mknod(WORK "/device", S_IFCHR | 0600, makedev(1, 3)));
	MUST(mkfifo(WORK "/fifo", 0600));
	make_socket(WORK "/socket");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct plan both = { .deny = { paths[i], WORK "/file" } };
		struct plan alone = { .deny = { paths[i] } };

		check_skipped(&both, paths[i], -EMEDIUMTYPE);
		check_refused(&alone, -EMEDIUMTYPE);
	}
	tear_down();
}

static void a_file_system_that_can_stall_is_skipped(void)
{
	struct plan both = { .deny = { WORK "/auto", WORK "/file" } };
	struct plan alone = { .deny = { WORK "/auto" } };

	set_up();
	make_file(WORK "/file");
	mount_stalling(WORK "/auto");
	check_skipped(&both, WORK "/auto", -EREMOTE);
	check_refused(&alone, -EREMOTE);
	tear_down();
}

static void a_missing_path_is_skipped_and_the_first_failure_is_the_error(void)
{
	struct plan both = { .deny = { WORK "/file", WORK "/missing" } };
	struct plan two = { .deny = { WORK "/missing", WORK "/fifo" } };
	struct plan other = { .deny = { WORK "/fifo", WORK "/missing" } };

	set_up();
	make_file(WORK "/file");
	MUST(mkfifo(WORK "/fifo", 0600));
	check_skipped(&both, WORK "/missing", -ENOENT);
	check_refused(&two, -ENOENT);
	check_refused(&other, -EMEDIUMTYPE);
	tear_down();
}

static void a_symlink_stands_for_what_it_leads_to(void)
{
	set_up();
	make_file(WORK "/real");
	MUST(symlink("real", WORK "/link"));
	guard(&stage, &(struct plan){ .deny = { WORK "/link" } });
	CHECK_INT(try_open(&actor, WORK "/real"), -EPERM);
	CHECK_INT(try_open(&actor, WORK "/link"), -EPERM);
	EXPECT(&stage, WORK "/real", DENY);
	EXPECT(&stage, WORK "/real", DENY);
	tear_down();
}

/*
 * A kernel may ask about a FIFO; then opening it for the event must not wait for a writer, or
 * nobody is answered any more. Newer kernels do not ask, and let it through.
 */
static void check_fifo(const char *fifo, int refusal)
{
	struct deed open_fifo = { .run = open_path };
	struct actor reader;
	int result;

	actor_start(&reader);
	MUST(mkfifo(fifo, 0600));
	snprintf(open_fifo.path, sizeof(open_fifo.path), "%s", fifo);
	actor_begin(&reader, &open_fifo);
	for (int i = 0; i < 100; i++)
		CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	if (!actor_is_done(&reader)) {
		int writer = (int)MUST(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));

		result = actor_finish(&reader);
		close(writer);
	} else {
		result = actor_finish(&reader);
	}
	CHECK(result == 0 || result == refusal);
	actor_end(&reader);
}

static void a_fifo_in_a_guarded_directory_stops_nobody(void)
{
	set_up();
	make_file(WORK "/file");
	make_directory(WORK "/allowed");
	make_directory(WORK "/denied");
	guard(&stage, &(struct plan){ .deny = { WORK "/denied", WORK "/file" },
				      .allow = { WORK "/allowed" } });
	check_fifo(WORK "/allowed/fifo", 0);
	check_fifo(WORK "/denied/fifo", -EPERM);
	tear_down();
}

static void odd_names_are_told_as_they_are(void)
{
	static const char *const names[] = {
		WORK "/d/two\nlines",
		WORK "/d/\x01\xff\\x",
		WORK "/d/file (deleted)",
		WORK "/d/ ",
	};
	char longest[sizeof(WORK "/d/") + NAME_MAX] = WORK "/d/";

	set_up();
	make_directory(WORK "/d");
	memset(longest + strlen(longest), 'n', NAME_MAX);
	guard(&stage, &(struct plan){ .deny = { WORK "/d" } });
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make_file(names[i]);
		CHECK_INT(try_open(&actor, names[i]), -EPERM);
		EXPECT(&stage, names[i], DENY);
	}
	make_file(longest);
	CHECK_INT(try_open(&actor, longest), -EPERM);
	EXPECT(&stage, longest, DENY);
	guard(&stage, &(struct plan){ .deny = { names[0], longest } });
	tear_down();
}

/* Directories with long names below WORK, until the path has more than @length bytes. */
static void make_deep(char path[PATH_MAX], size_t length)
{
	snprintf(path, PATH_MAX, "%s", WORK);
	while (strlen(path) + 2 < length) {
		size_t room = length - strlen(path) - 1;
		size_t part = room > 200 ? 100 : room;

		strcat(path, "/");
		memset(path + strlen(path), 'd', part);
		make_directory(path);
	}
}

static void the_longest_path_is_guarded_and_told(void)
{
	static char path[PATH_MAX];

	set_up();
	make_deep(path, PATH_MAX - 3);
	strcat(path, "/f");
	CHECK_INT(strlen(path), PATH_MAX - 1);
	make_file(path);
	guard(&stage, &(struct plan){ .deny = { path } });
	CHECK_INT(try_open(&actor, path), -EPERM);
	EXPECT(&stage, path, DENY);
	tear_down();
}

static int open_child(const struct deed *deed)
{
	int directory = open(deed->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(directory, deed->other, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (directory >= 0)
		close(directory);
	return result;
}

static void a_file_too_deep_to_have_a_path_is_denied_all_the_same(void)
{
	static struct deed deed = { .run = open_child, .other = "file" };
	int directory, fd;

	set_up();
	make_deep(deed.path, PATH_MAX - 3);
	directory = (int)MUST(open(deed.path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	fd = (int)MUST(openat(directory, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	close(fd);
	close(directory);
	guard(&stage, &(struct plan){ .deny = { deed.path } });
	CHECK_INT(actor_do(&actor, &deed), -EPERM);
	EXPECT(&stage, "", DENY, .reason = JANUS_REASON_FAILURE, .pid = actor.pid);
	tear_down();
}

static int reopen_held(const struct deed *deed)
{
	struct deed link = { .run = open_path };

	snprintf(link.path, sizeof(link.path), "/proc/self/fd/%d", deed->number);
	return open_path(&link);
}

static void a_deleted_file_that_is_reopened_stays_denied(void)
{
	static const char *const paths[] = { WORK "/d/file", WORK "/single" };

	set_up();
	make_directory(WORK "/d");
	make_file(paths[0]);
	make_file(paths[1]);
	guard(&stage, &(struct plan){ .deny = { WORK "/d", WORK "/single" } });
	for (size_t i = 0; i < 2; i++) {
		struct deed hold = { .run = hold_path };
		struct deed reopen = { .run = reopen_held };

		snprintf(hold.path, sizeof(hold.path), "%s", paths[i]);
		reopen.number = actor_do(&actor, &hold);
		CHECK(reopen.number >= 0);
		MUST(unlink(paths[i]));
		CHECK_INT(actor_do(&actor, &reopen), -EPERM);
		EXPECT(&stage, paths[i], DENY);
	}
	tear_down();
}

static const struct test_case cases[] = {
	CASE(only_dir_skips_files),
	CASE(a_link_into_proc_is_skipped_and_the_rest_is_in_force),
	CASE(neither_file_nor_directory_is_skipped),
	CASE(a_file_system_that_can_stall_is_skipped),
	CASE(a_missing_path_is_skipped_and_the_first_failure_is_the_error),
	CASE(a_symlink_stands_for_what_it_leads_to),
	CASE(a_fifo_in_a_guarded_directory_stops_nobody),
	CASE(odd_names_are_told_as_they_are),
	CASE(the_longest_path_is_guarded_and_told),
	CASE(a_file_too_deep_to_have_a_path_is_denied_all_the_same),
	CASE(a_deleted_file_that_is_reopened_stays_denied),
};

HARNESS_MAIN(cases)
