// SPDX-License-Identifier: MIT
/*
 * What Linux does not let anybody close. Each case pins what happens today, guard or not: when
 * one of them fails, the limit is gone, and janus(7) says too little.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "trial.h"

/* Openings before a race is taken for lost. */
#define TRIES_MAX 100

static struct stage stage;

static int held = -1;
static const volatile char *mapping;

static int open_before(void)
{
	held = (int)MUST(open(at(SECRET), O_RDONLY | O_CLOEXEC));
	return 0;
}

static int read_held(void)
{
	char byte;

	return pread(held, &byte, 1, 0) == 1 ? 0 : -errno;
}

static int map_before(void)
{
	void *memory;

	open_before();
	memory = mmap(NULL, 1, PROT_READ, MAP_SHARED, held, 0);
	CHECK(memory != MAP_FAILED);
	mapping = memory;
	return 0;
}

static int read_mapping(void)
{
	return *mapping == 't' ? 0 : -EPROTO;
}

static int map_held(void)
{
	void *memory = mmap(NULL, 1, PROT_READ, MAP_SHARED, held, 0);

	return memory == MAP_FAILED ? -errno : 0;
}

static int open_and_map(void)
{
	open_before();
	return map_held();
}

static int truncate_by_path(void)
{
	return truncate(at(SECRET), 0) < 0 ? -errno : 0;
}

static int change_mode(void)
{
	return chmod(at(SECRET), 0) < 0 ? -errno : 0;
}

static int remove_it(void)
{
	return unlink(at(SECRET)) < 0 ? -errno : 0;
}

static int look_at_it(void)
{
	struct stat facts;

	return stat(at(SECRET), &facts) < 0 ? -errno : 0;
}

static int open_fifo(void)
{
	int fd;

	MUST(mkfifo(at("/tree/fifo"), 0600));
	fd = open(at("/tree/fifo"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

/* 0 if the program ran and was content. */
static int run(const char *program, const char *argument)
{
	pid_t pid = (pid_t)MUST(fork());
	int status;

	if (pid == 0) {
		execl(program, program, argument, (char *)NULL);
		_exit(1);
	}
	MUST(waitpid(pid, &status, 0));
	return status == 0 ? 0 : -EPROTO;
}

static int hand_script_to_interpreter(void)
{
	return run("/bin/sh", at("/tree/script"));
}

static int hand_tool_to_loader(void)
{
	return run("/lib64/ld-linux-x86-64.so.2", at("/tree/tool"));
}

static void check(const struct route *route)
{
	place_make_volume();
	stage_open(&stage);
	for (int place = 0; place < PLACE_COUNT; place++) {
		CHECK_INT(try_route(route, place), 0);
		CHECK_INT(try_route_guarded(&stage, route,
					    &(struct setting){ .place = place }),
			  0);
	}
	stage_close(&stage);
}

static void a_file_that_is_open_already_is_read_on(void)
{
	check(&(struct route){ "fd", open_before, read_held, JANUS_EVENT_OPEN, 0 });
}

/* Since 6.14 the kernel remembers for each open file whether anybody was to be asked. */
static int expected_of_old_fd(void)
{
	struct utsname name;
	int major, minor;

	MUST(uname(&name));
	CHECK_INT(sscanf(name.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 14) ? 0 : -EPERM;
}

static void reading_on_is_not_asked_for_where_the_file_was_not_watched(void)
{
	const struct route route = { "fd", open_before, read_held, JANUS_EVENT_ACCESS,
				     0 };

	place_make_volume();
	stage_open(&stage);
	for (int place = 0; place < PLACE_COUNT; place++)
		CHECK_INT(try_route_guarded(&stage, &route,
					    &(struct setting){ .place = place }),
			  expected_of_old_fd());
	stage_close(&stage);
}

static int open_deed(const struct deed *deed)
{
	(void)deed;
	return open_before();
}

static int read_deed(const struct deed *deed)
{
	(void)deed;
	return read_held();
}

static void reading_on_is_asked_for_where_the_file_was_watched(void)
{
	struct actor container;

	stage_open(&stage);
	enter(&container, PLACE_OWN_TMPFS);
	guard(&stage, &(struct plan){ .deny = { "/scratch" SECRET },
				      .events = JANUS_EVENT_ACCESS,
				      .mode = JANUS_MODE_DRY_RUN,
				      .pid = container.pid });
	CHECK_INT(actor_do(&container, &(struct deed){ .run = open_deed }), 0);
	CHECK_INT(actor_do(&container, &(struct deed){ .run = read_deed }), 0);
	guard_tree(&stage, &container, &(struct setting){ .place = PLACE_OWN_TMPFS },
		   JANUS_EVENT_ACCESS);
	CHECK_INT(actor_do(&container, &(struct deed){ .run = read_deed }), -EPERM);
	stage_close(&stage);
	actor_end(&container);
}

static void a_mapping_that_is_there_already_is_read_on(void)
{
	check(&(struct route){ "mapping", map_before, read_mapping,
			       JANUS_EVENT_OPEN | JANUS_EVENT_ACCESS, 0 });
}

static void a_file_that_is_open_already_can_be_mapped(void)
{
	check(&(struct route){ "mmap", open_before, map_held,
			       JANUS_EVENT_OPEN | JANUS_EVENT_ACCESS, 0 });
}

static void a_guard_against_reading_does_not_see_a_mapping(void)
{
	check(&(struct route){ "open, mmap", NULL, open_and_map, JANUS_EVENT_ACCESS, 0 });
}

static void what_needs_no_opening_is_not_asked_for(void)
{
	const uint32_t all = JANUS_EVENT_ALL_PERMISSION;
	const struct route routes[] = {
		{ "stat", NULL, look_at_it, all, 0 },
		{ "truncate", NULL, truncate_by_path, all, 0 },
		{ "chmod", NULL, change_mode, all, 0 },
		{ "unlink", NULL, remove_it, all, 0 },
	};

	stage_open(&stage);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		CHECK_INT(try_route_guarded(&stage, &routes[i],
					    &(struct setting){ .place = PLACE_OVERLAY }),
			  0);
	stage_close(&stage);
}

static void a_fifo_is_opened_unasked(void)
{
	check(&(struct route){ "FIFO", NULL, open_fifo, JANUS_EVENT_OPEN, 0 });
}

static void a_guard_against_exec_does_not_see_what_an_interpreter_reads(void)
{
	check(&(struct route){ "sh", NULL, hand_script_to_interpreter, JANUS_EVENT_EXEC,
			       0 });
}

static void a_guard_against_exec_does_not_see_what_a_loader_maps(void)
{
	check(&(struct route){ "ld.so", NULL, hand_tool_to_loader, JANUS_EVENT_EXEC, 0 });
}

static size_t beside_the_mount(const struct route *routes[], size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < new_routes.count; i++)
		if (new_routes.routes[i].not_in & BESIDE_THE_MOUNT) {
			CHECK(count < room);
			routes[count++] = &new_routes.routes[i];
		}
	return count;
}

/* It is no way into the volume that the guard's mark is on, and has no mark of its own yet. */
static void what_is_new_in_a_volume_can_be_opened_by_another_mount(void)
{
	const struct setting setting = { PLACE_VOLUME, JANUS_STRATEGY_MOUNT };
	const struct route *routes[8];
	size_t count = beside_the_mount(routes, 8);
	size_t past = 0;

	place_make_volume();
	stage_open(&stage);
	/* Each is a race against the one who follows the tree and marks what is new. */
	for (int tries = 0; tries < TRIES_MAX && past < count; tries++)
		for (size_t i = 0; i < count; i++)
			if (routes[i] &&
			    try_route_guarded(&stage, routes[i], &setting) == 0) {
				routes[i] = NULL;
				past++;
			}
	CHECK_INT(count, 2);
	CHECK_INT(past, count);
	stage_close(&stage);
}

static int leave_and_open(void)
{
	MUST(unshare(CLONE_NEWNS));
	return open_it(at(SECRET));
}

static int bind_and_open(void)
{
	MUST(mount(at("/tree/a"), "/bound", NULL, MS_BIND, NULL));
	return open_it("/bound/b/secret");
}

/* What was there when the guard came has a mark of its own. */
static void what_was_there_is_denied_by_another_mount(void)
{
	const struct setting setting = { PLACE_VOLUME, JANUS_STRATEGY_MOUNT };
	const struct route routes[] = {
		{ "mount namespace", NULL, leave_and_open, 0, 0 },
		{ "bind", NULL, bind_and_open, 0, 0 },
	};

	place_make_volume();
	stage_open(&stage);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		CHECK_INT(try_route(&routes[i], PLACE_VOLUME), 0);
		CHECK_INT(try_route_guarded(&stage, &routes[i], &setting), -EPERM);
	}
	stage_close(&stage);
}

static const struct test_case cases[] = {
	CASE(a_file_that_is_open_already_is_read_on),
	CASE(a_mapping_that_is_there_already_is_read_on),
	CASE(a_file_that_is_open_already_can_be_mapped),
	CASE(a_guard_against_reading_does_not_see_a_mapping),
	CASE(what_needs_no_opening_is_not_asked_for),
	CASE(a_fifo_is_opened_unasked),
	CASE(a_guard_against_exec_does_not_see_what_an_interpreter_reads),
	CASE(a_guard_against_exec_does_not_see_what_a_loader_maps),
	CASE(reading_on_is_not_asked_for_where_the_file_was_not_watched),
	CASE(reading_on_is_asked_for_where_the_file_was_watched),
	CASE(what_is_new_in_a_volume_can_be_opened_by_another_mount),
	CASE(what_was_there_is_denied_by_another_mount),
};

HARNESS_MAIN(cases)
