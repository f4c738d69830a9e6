// SPDX-License-Identifier: MIT
#include "containers.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fake_proc.h"
#include "fault/allocations.h"

#define TAIL "95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define FIRST "0af" TAIL
#define SECOND "3af" TAIL
#define TWIN "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4aff"
#define RUNC "{\"init_process_pid\":30,\"init_process_start\":300}"
#define ALL 3u /* first, second, and one that a runtime has written down */

static struct janus__kernel kernel;
static const char *proc_path;
static struct janus_containers *census;
static const struct janus_container *container;
static int open_count, looks;

/* The Nth call from now fails; 0: none does. */
static struct {
	unsigned int nth;
	int error;
} fault;

static int fail(void)
{
	return fault.nth && --fault.nth == 0 ? fault.error : 0;
}

static int counting_openat(int dirfd, const char *path, int flags)
{
	int fd = fail();

	if (!fd)
		fd = janus__kernel_linux.openat(dirfd, path, flags);
	open_count += fd >= 0;
	looks += strcmp(path, "1/root/run") == 0;
	return fd;
}

static int counting_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int fd = fail();

	if (!fd)
		fd = janus__kernel_linux.openat2(dirfd, path, how);
	open_count += fd >= 0;
	return fd;
}

static int counting_close(int fd)
{
	open_count--;
	return janus__kernel_linux.close(fd);
}

static ssize_t failing_getdents(int fd, void *buf, size_t size)
{
	int err = fail();

	return err ? err : janus__kernel_linux.getdents(fd, buf, size);
}

static void create(const struct janus_containers_options *options)
{
	cr_assert_eq(janus__containers_create(&kernel, proc_path, options, &census), 0);
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	kernel.openat = counting_openat;
	kernel.openat2 = counting_openat2;
	kernel.getdents = failing_getdents;
	kernel.close = counting_close;
	proc_path = fake_proc_create();
	fake_proc_add(&(struct fake_process){ .pid = 1, .cgroup = "0::/init.scope\n" });
	/* Or the machine's own /run would be looked at. */
	fake_proc_folder("1/root/run");
}

static void teardown(void)
{
	janus_containers_destroy(census);
	fake_proc_destroy();
}

TestSuite(containers, .init = setup, .fini = teardown);

static void add(int32_t pid, uint64_t start_time, const char *cgroup)
{
	char text[512];

	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	fake_proc_add(&(struct fake_process){
		.pid = pid, .ppid = 1, .start_time = start_time, .cgroup = text });
}

static void write_state(const char *folder)
{
	fake_proc_folder(folder);
	fake_proc_text(folder, "state.json", RUNC);
}

static void add_all(void)
{
	add(20, 200, "/docker/" SECOND);
	add(21, 210, "/docker/" SECOND "/init.scope");
	add(10, 100, "/system.slice/docker-" FIRST ".scope");
	add(30, 300, "/");
	write_state("1/root/run/runc/web");
}

static void expect_one(const struct janus_container *one, const char *id, size_t pids)
{
	cr_assert_not_null(one);
	cr_assert_str_eq(janus_container_get_id(one), id);
	cr_assert_eq(janus_container_get_pid_count(one), pids);
}

static void expect_all(void)
{
	cr_assert_eq(janus_containers_get_count(census), ALL);
	expect_one(janus_containers_get(census, 0), FIRST, 1);
	expect_one(janus_containers_get(census, 1), SECOND, 2);
	expect_one(janus_containers_get(census, 2), "web", 1);
	cr_assert_null(janus_containers_get(census, 3));
}

static int refresh(void)
{
	int before = open_count;
	int err = janus_containers_refresh(census);

	cr_assert_eq(open_count, before, "%d fds are left open", open_count - before);
	return err;
}

/* Negative, or how often the node was looked at for it. */
static int lookup(const char *id)
{
	static uint64_t untouched;
	const struct janus_container *const before = (void *)&untouched;
	int err;

	container = before;
	looks = 0;
	err = janus_containers_lookup(census, id, &container);
	cr_assert((err < 0) == (container == before));
	return err ? err : looks;
}

static int find(int32_t pid)
{
	static uint64_t untouched;
	const struct janus_container *const before = (void *)&untouched;
	int err;

	container = before;
	looks = 0;
	err = janus_containers_find(census, pid, &container);
	cr_assert((err < 0) == (container == before));
	return err ? err : looks;
}

Test(containers, before_the_first_look_there_are_none)
{
	add_all();
	create(NULL);
	cr_assert_eq(janus_containers_get_count(census), 0);
	cr_assert_null(janus_containers_get(census, 0));
}

Test(containers, are_all_seen_in_the_order_of_their_ids)
{
	add_all();
	create(NULL);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(refresh(), 0);
		expect_all();
	}
	cr_assert_str_eq(janus_container_get_runtime(janus_containers_get(census, 0)),
			 "docker");
	cr_assert_str_eq(janus_container_get_runtime(janus_containers_get(census, 2)),
			 "runc");
}

Test(containers, one_inside_another_counts_as_part_of_that)
{
	add(10, 100, "/docker/" FIRST);
	add(11, 110, "/docker/" FIRST "/docker/" SECOND);
	create(NULL);
	cr_assert_eq(refresh(), 0);
	cr_assert_eq(janus_containers_get_count(census), 1);
	expect_one(janus_containers_get(census, 0), FIRST, 2);
}

Test(containers, that_are_not_up_yet_or_dead_are_left_out)
{
	fake_proc_folder("host");
	fake_proc_link("../host", "1/root/host");
	add(10, 100, "/docker/" FIRST);
	fake_proc_link("../1/root", "10/root");
	fake_proc_add(&(struct fake_process){ .pid = 20,
					      .ppid = 1,
					      .state = 'Z',
					      .cgroup = "0::/docker/" SECOND "\n" });
	create(NULL);
	cr_assert_eq(refresh(), 0);
	cr_assert_eq(janus_containers_get_count(census), 0);
}

/* All cgroups are mounted, so that only what they name counts. */
static void mount_cgroups(void)
{
	struct stat st;
	char text[512];

	fake_proc_folder("cg/docker/" SECOND);
	fake_proc_folder("cg/docker/" FIRST);
	fake_proc_text("cg/docker/" SECOND, "cgroup.procs", "20\n21\n999\n");
	fake_proc_text("cg/docker/" FIRST, "cgroup.procs", "998\n");
	cr_assert_eq(stat(proc_path, &st), 0);
	snprintf(text, sizeof(text), "30 20 %u:%u / %s/cg rw - cgroup2 x rw\n",
		 major(st.st_dev), minor(st.st_dev), proc_path);
	fake_proc_folder("self");
	fake_proc_text("self", "mountinfo", text);
	fake_proc_text("self", "cgroup", "0::/\n");
}

Test(containers, are_what_mounted_cgroups_name)
{
	add_all();
	add(21, 210, "/docker/" SECOND);
	mount_cgroups();
	create(NULL);
	cr_assert_eq(refresh(), 0);
	/* Nobody who is in FIRST's is there any more. */
	cr_assert_eq(janus_containers_get_count(census), 2);
	expect_one(janus_containers_get(census, 0), SECOND, 2);
	expect_one(janus_containers_get(census, 1), "web", 1);
}

Test(containers, many_of_them_are_all_seen)
{
	for (int32_t i = 0; i < 300; i++) {
		char cgroup[128];

		snprintf(cgroup, sizeof(cgroup), "/docker/%03x" TAIL, (unsigned int)i);
		add(1000 + i, 100, cgroup);
	}
	create(NULL);
	cr_assert_eq(refresh(), 0);
	cr_assert_eq(janus_containers_get_count(census), 300);
}

Test(containers, state_elsewhere_is_read_where_one_is_told_to)
{
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;
	char path[128];
	const char *roots[] = { path, "/janus-nowhere" };

	snprintf(path, sizeof(path), "%s/own", proc_path);
	add(30, 300, "/");
	write_state("own/db");
	options.state_roots = roots;
	options.state_root_count = 2;
	create(&options);
	memset(path, 0, sizeof(path)); /* it was copied */
	cr_assert_eq(refresh(), 0);
	cr_assert_eq(janus_containers_get_count(census), 1);
	expect_one(janus_containers_get(census, 0), "db", 1);
	cr_assert_eq(lookup("db"), 0);
	cr_assert_eq(find(30), 0);
}

Test(containers, a_process_counts_once_whoever_names_it)
{
	add_all();
	add(30, 300, "/docker/" TWIN);
	create(NULL);
	cr_assert_eq(refresh(), 0);
	cr_assert_eq(janus_containers_get_count(census), 3);
	expect_one(janus_containers_get(census, 2), TWIN, 1);
}

Test(containers, lookup_looks_once_and_then_remembers)
{
	add_all();
	create(NULL);
	cr_assert_eq(lookup("docker://" SECOND), 1);
	expect_one(container, SECOND, 2);
	cr_assert_eq(lookup(SECOND), 0);
	expect_one(container, SECOND, 2);
	cr_assert_eq(lookup("0af95bbe5ebe"), 0);
	expect_one(container, FIRST, 1);
	cr_assert_eq(lookup("web"), 0);
	expect_one(container, "web", 1);
}

Test(containers, lookup_looks_again_for_what_it_has_not_seen)
{
	create(NULL);
	cr_assert_eq(lookup(FIRST), -ENOENT);
	cr_assert_eq(looks, 1);
	add(10, 100, "/docker/" FIRST);
	cr_assert_eq(lookup(FIRST), 1);
	expect_one(container, FIRST, 1);
}

Test(containers, lookup_does_not_believe_in_who_is_gone)
{
	add_all();
	create(NULL);
	cr_assert_eq(lookup(FIRST), 1);
	/* Its pid is used again, by its own next life. */
	add(10, 101, "/docker/" FIRST);
	cr_assert_eq(lookup(FIRST), 1);
	cr_assert_eq(janus_container_get_init_start_time(container), 101);
	fake_proc_add(&(struct fake_process){ .pid = 10,
					      .start_time = 101,
					      .state = 'Z',
					      .cgroup = "0::/docker/" FIRST "\n" });
	cr_assert_eq(lookup(FIRST), -ENOENT);
	cr_assert_eq(looks, 1);
	fake_proc_remove(10);
	cr_assert_eq(lookup(FIRST), -ENOENT);
	cr_assert_eq(lookup(SECOND), 0);
}

Test(containers, a_short_id_has_to_be_the_start_of_one_only)
{
	add(20, 200, "/docker/" SECOND);
	add(40, 400, "/docker/" TWIN);
	create(NULL);
	cr_assert_eq(lookup("3af95bbe5ebe"), -ENOTUNIQ);
	cr_assert_eq(lookup("3af95bbe5ebe"), -ENOTUNIQ);
	cr_assert_eq(lookup(TWIN), 0);
	fake_proc_remove(40);
	/* What was seen is doubted before anybody is told of a doubt. */
	cr_assert_eq(lookup("3af95bbe5ebe"), 1);
	expect_one(container, SECOND, 1);
	cr_assert_eq(lookup("3af95bbe5eb"), -ENOENT);
}

Test(containers, what_nobody_is_called_is_refused)
{
	create(NULL);
	cr_assert_eq(lookup(""), -EINVAL);
	cr_assert_eq(lookup("../x"), -EINVAL);
	cr_assert_eq(lookup("kubepods"), -EINVAL);
	cr_assert_eq(looks, 0);
	cr_assert_eq(find(0), -EINVAL);
	cr_assert_eq(find(-1), -EINVAL);
	cr_assert_eq(janus_containers_lookup(census, NULL, &container), -EINVAL);
	cr_assert_eq(janus_containers_lookup(census, "x", NULL), -EINVAL);
	cr_assert_eq(janus_containers_lookup(NULL, "x", &container), -EINVAL);
	cr_assert_eq(janus_containers_find(NULL, 1, &container), -EINVAL);
	cr_assert_eq(janus_containers_find(census, 1, NULL), -EINVAL);
	cr_assert_eq(janus_containers_refresh(NULL), -EINVAL);
	janus_containers_destroy(NULL);
}

Test(containers, a_process_is_found_in_its_own)
{
	add_all();
	add(22, 220, "/docker/" SECOND "/docker/" TWIN);
	create(NULL);
	cr_assert_eq(find(21), 1);
	expect_one(container, SECOND, 3);
	cr_assert_eq(find(22), 0);
	expect_one(container, SECOND, 3);
	cr_assert_eq(find(10), 0);
	expect_one(container, FIRST, 1);
	cr_assert_eq(find(30), 0);
	expect_one(container, "web", 1);
	/* It has come into a container that is known already. */
	add(23, 230, "/docker/" SECOND);
	cr_assert_eq(find(23), 0);
	expect_one(container, SECOND, 3);
}

Test(containers, a_process_of_none_is_found_in_none)
{
	add_all();
	add(50, 500, "/user.slice");
	create(NULL);
	cr_assert_eq(find(50), -ENOENT);
	cr_assert_eq(find(51), -ENOENT);
	cr_assert_eq(find(1), -ENOENT);
}

Test(containers, find_looks_again_if_its_last_look_is_too_old)
{
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;

	options.max_age_ns = UINT64_MAX;
	create(&options);
	cr_assert_eq(find(10), -ENOENT);
	cr_assert_eq(looks, 1);
	add_all();
	cr_assert_eq(find(10), -ENOENT);
	cr_assert_eq(looks, 0);
	janus_containers_destroy(census);
	options.max_age_ns = 1;
	create(&options);
	cr_assert_eq(find(50), -ENOENT);
	add(50, 500, "/docker/" TWIN);
	cr_assert_eq(find(50), 1);
	expect_one(container, TWIN, 1);
}

Test(containers, find_says_when_it_could_not_look)
{
	add_all();
	create(NULL);
	cr_assert_eq(refresh(), 0);
	fault.nth = 1;
	fault.error = -ENFILE;
	cr_assert_eq(find(20), -EMFILE);
	cr_assert_eq(find(20), 0);
	expect_one(container, SECOND, 2);
}

static int try_create(const struct janus_containers_options *options)
{
	struct janus_containers *const before = (void *)&open_count;
	struct janus_containers *ret = before;
	long blocks = allocations_live();
	int err = janus__containers_create(&kernel, proc_path, options, &ret);

	cr_assert_lt(err, 0);
	cr_assert_eq(ret, before);
	cr_assert_eq(open_count, 0);
	cr_assert_eq(allocations_live(), blocks);
	return err;
}

Test(containers, are_not_made_of_what_makes_no_sense)
{
	static const char *const relative[] = { "/run", "run" };
	static const char *const none[] = { NULL };
	static const char *const empty[] = { "" };
	struct {
		struct janus_containers_options known;
		uint64_t unknown;
	} larger = { JANUS_CONTAINERS_OPTIONS_INIT, 1 };
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;

	options.state_root_count = 1;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_roots = none;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_roots = empty;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_roots = relative;
	options.state_root_count = 2;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_root_count = UINT64_MAX;
	cr_assert_eq(try_create(&options), -EINVAL);
	larger.known.size = sizeof(larger);
	cr_assert_eq(try_create(&larger.known), -E2BIG);
	cr_assert_eq(janus__containers_create(&kernel, proc_path, NULL, NULL), -EINVAL);
}

Test(containers, are_not_made_without_means)
{
	static const char *const roots[] = { "/run", "/var" };
	static const int errors[][2] = {
		{ -EMFILE, -EMFILE }, { -ENFILE, -EMFILE }, { -ENOMEM, -ENOMEM },
		{ -ENOENT, -EIO },    { -EACCES, -EIO },
	};
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;

	options.state_roots = roots;
	options.state_root_count = 2;
	for (size_t nth = 1; nth <= 4; nth++) {
		allocations_fail(nth);
		cr_assert_eq(try_create(&options), -ENOMEM);
		cr_assert(allocations_failed());
	}
	allocations_fail(0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault.nth = 1;
		fault.error = errors[i][0];
		cr_assert_eq(try_create(&options), errors[i][1]);
	}
}

/* Either we are told, or nobody is missing; and afterwards all is well again. */
static void expect_told(int err, int wanted)
{
	cr_assert(err == 0 || err == wanted, "%d", err);
	if (err == 0)
		expect_all();
	fault.nth = 0;
	cr_assert_eq(find(20), err ? 1 : 0);
	expect_all();
}

Test(containers, without_fds_whoever_is_missing_is_told)
{
	static const int errors[][2] = {
		{ -EMFILE, -EMFILE },
		{ -ENFILE, -EMFILE },
		{ -ENOMEM, -ENOMEM },
	};

	add_all();
	create(NULL);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (unsigned int nth = 1;; nth++) {
			bool happened;
			int err;

			fault.nth = nth;
			fault.error = errors[i][0];
			err = refresh();
			happened = fault.nth == 0;
			expect_told(err, errors[i][1]);
			if (!happened)
				break;
			cr_assert_lt(nth, 1000);
		}
	}
}

Test(containers, without_memory_whoever_is_missing_is_told)
{
	long blocks;

	add_all();
	create(NULL);
	cr_assert_eq(refresh(), 0);
	blocks = allocations_live();
	for (size_t nth = 1;; nth++) {
		bool happened;
		int err;

		allocations_fail(nth);
		err = refresh();
		happened = allocations_failed();
		allocations_fail(0);
		expect_told(err, -ENOMEM);
		cr_assert_eq(allocations_live(), blocks);
		if (!happened)
			break;
		cr_assert_lt(nth, 1000);
	}
}
