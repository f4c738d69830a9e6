// SPDX-License-Identifier: MIT
#include "containers.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fake_census.h"
#include "fake_proc.h"

TestSuite(containers, .init = census_begin, .fini = census_end);

Test(containers, before_the_first_look_there_are_none)
{
	census_add_all();
	census_create(NULL);
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 0);
	cr_assert_null(janus_containers_get(fake_census.containers, 0));
}

Test(containers, are_all_seen_in_the_order_of_their_ids)
{
	census_add_all();
	census_create(NULL);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(census_refresh(), 0);
		census_expect_all();
	}
	cr_assert_str_eq(janus_container_get_runtime(
				 janus_containers_get(fake_census.containers, 0)),
			 "docker");
	cr_assert_str_eq(janus_container_get_runtime(
				 janus_containers_get(fake_census.containers, 2)),
			 "runc");
}

Test(containers, one_inside_another_counts_as_part_of_that)
{
	census_add(10, 100, "/docker/" FIRST);
	census_add(11, 110, "/docker/" FIRST "/docker/" SECOND);
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 1);
	census_expect_one(janus_containers_get(fake_census.containers, 0), FIRST, 2);
}

Test(containers, that_are_not_up_yet_or_dead_are_left_out)
{
	fake_proc_folder("host");
	fake_proc_link("../host", "1/root/host");
	census_add(10, 100, "/docker/" FIRST);
	fake_proc_link("../1/root", "10/root");
	fake_proc_add(&(struct fake_process){ .pid = 20,
					      .ppid = 1,
					      .state = 'Z',
					      .cgroup = "0::/docker/" SECOND "\n" });
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 0);
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
	cr_assert_eq(stat(fake_census.proc_path, &st), 0);
	snprintf(text, sizeof(text), "30 20 %u:%u / %s/cg rw - cgroup2 x rw\n",
		 major(st.st_dev), minor(st.st_dev), fake_census.proc_path);
	fake_proc_folder("self");
	fake_proc_text("self", "mountinfo", text);
	fake_proc_text("self", "cgroup", "0::/\n");
}

Test(containers, are_what_mounted_cgroups_name)
{
	census_add_all();
	census_add(21, 210, "/docker/" SECOND);
	mount_cgroups();
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	/* Nobody who is in FIRST's is there any more. */
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 2);
	census_expect_one(janus_containers_get(fake_census.containers, 0), SECOND, 2);
	census_expect_one(janus_containers_get(fake_census.containers, 1), "web", 1);
}

Test(containers, many_of_them_are_all_seen)
{
	for (int32_t i = 0; i < 300; i++) {
		char cgroup[128];

		snprintf(cgroup, sizeof(cgroup), "/docker/%03x" TAIL, (unsigned int)i);
		census_add(1000 + i, 100, cgroup);
	}
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 300);
}

Test(containers, state_elsewhere_is_read_where_one_is_told_to)
{
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;
	char path[128];
	const char *roots[] = { path, "/janus-nowhere" };

	snprintf(path, sizeof(path), "%s/own", fake_census.proc_path);
	census_add(30, 300, "/");
	census_write_state("own/db");
	options.state_roots = roots;
	options.state_root_count = 2;
	census_create(&options);
	memset(path, 0, sizeof(path)); /* it was copied */
	cr_assert_eq(census_refresh(), 0);
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 1);
	census_expect_one(janus_containers_get(fake_census.containers, 0), "db", 1);
	cr_assert_eq(census_lookup("db"), 0);
	cr_assert_eq(census_find(30), 0);
}

Test(containers, a_process_counts_once_whoever_names_it)
{
	census_add_all();
	census_add(30, 300, "/docker/" TWIN);
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	cr_assert_eq(janus_containers_get_count(fake_census.containers), 3);
	census_expect_one(janus_containers_get(fake_census.containers, 2), TWIN, 1);
}

Test(containers, lookup_looks_once_and_then_remembers)
{
	census_add_all();
	census_create(NULL);
	cr_assert_eq(census_lookup("docker://" SECOND), 1);
	census_expect_one(fake_census.found, SECOND, 2);
	cr_assert_eq(census_lookup(SECOND), 0);
	census_expect_one(fake_census.found, SECOND, 2);
	cr_assert_eq(census_lookup("0af95bbe5ebe"), 0);
	census_expect_one(fake_census.found, FIRST, 1);
	cr_assert_eq(census_lookup("web"), 0);
	census_expect_one(fake_census.found, "web", 1);
}

Test(containers, lookup_looks_again_for_what_it_has_not_seen)
{
	census_create(NULL);
	cr_assert_eq(census_lookup(FIRST), -ENOENT);
	cr_assert_eq(fake_census.looks, 1);
	census_add(10, 100, "/docker/" FIRST);
	cr_assert_eq(census_lookup(FIRST), 1);
	census_expect_one(fake_census.found, FIRST, 1);
}

Test(containers, lookup_does_not_believe_in_who_is_gone)
{
	census_add_all();
	census_create(NULL);
	cr_assert_eq(census_lookup(FIRST), 1);
	/* Its pid is used again, by its own next life. */
	census_add(10, 101, "/docker/" FIRST);
	cr_assert_eq(census_lookup(FIRST), 1);
	cr_assert_eq(janus_container_get_init_start_time(fake_census.found), 101);
	fake_proc_add(&(struct fake_process){ .pid = 10,
					      .start_time = 101,
					      .state = 'Z',
					      .cgroup = "0::/docker/" FIRST "\n" });
	cr_assert_eq(census_lookup(FIRST), -ENOENT);
	cr_assert_eq(fake_census.looks, 1);
	fake_proc_remove(10);
	cr_assert_eq(census_lookup(FIRST), -ENOENT);
	cr_assert_eq(census_lookup(SECOND), 0);
}

Test(containers, a_short_id_has_to_be_the_start_of_one_only)
{
	census_add(20, 200, "/docker/" SECOND);
	census_add(40, 400, "/docker/" TWIN);
	census_create(NULL);
	cr_assert_eq(census_lookup("3af95bbe5ebe"), -ENOTUNIQ);
	cr_assert_eq(census_lookup("3af95bbe5ebe"), -ENOTUNIQ);
	cr_assert_eq(census_lookup(TWIN), 0);
	fake_proc_remove(40);
	/* What was seen is doubted before anybody is told of a doubt. */
	cr_assert_eq(census_lookup("3af95bbe5ebe"), 1);
	census_expect_one(fake_census.found, SECOND, 1);
	cr_assert_eq(census_lookup("3af95bbe5eb"), -ENOENT);
}

Test(containers, what_nobody_is_called_is_refused)
{
	census_create(NULL);
	cr_assert_eq(census_lookup(""), -EINVAL);
	cr_assert_eq(census_lookup("../x"), -EINVAL);
	cr_assert_eq(census_lookup("kubepods"), -EINVAL);
	cr_assert_eq(fake_census.looks, 0);
	cr_assert_eq(census_find(0), -EINVAL);
	cr_assert_eq(census_find(-1), -EINVAL);
	cr_assert_eq(
		janus_containers_lookup(fake_census.containers, NULL, &fake_census.found),
		-EINVAL);
	cr_assert_eq(janus_containers_lookup(fake_census.containers, "x", NULL), -EINVAL);
	cr_assert_eq(janus_containers_lookup(NULL, "x", &fake_census.found), -EINVAL);
	cr_assert_eq(janus_containers_find(NULL, 1, &fake_census.found), -EINVAL);
	cr_assert_eq(janus_containers_find(fake_census.containers, 1, NULL), -EINVAL);
	cr_assert_eq(janus_containers_refresh(NULL), -EINVAL);
	janus_containers_destroy(NULL);
}

Test(containers, a_process_is_found_in_its_own)
{
	census_add_all();
	census_add(22, 220, "/docker/" SECOND "/docker/" TWIN);
	census_create(NULL);
	cr_assert_eq(census_find(21), 1);
	census_expect_one(fake_census.found, SECOND, 3);
	cr_assert_eq(census_find(22), 0);
	census_expect_one(fake_census.found, SECOND, 3);
	cr_assert_eq(census_find(10), 0);
	census_expect_one(fake_census.found, FIRST, 1);
	cr_assert_eq(census_find(30), 0);
	census_expect_one(fake_census.found, "web", 1);
	/* It has come into a fake_census.found that is known already. */
	census_add(23, 230, "/docker/" SECOND);
	cr_assert_eq(census_find(23), 0);
	census_expect_one(fake_census.found, SECOND, 3);
}

Test(containers, a_process_of_none_is_found_in_none)
{
	census_add_all();
	census_add(50, 500, "/user.slice");
	census_create(NULL);
	cr_assert_eq(census_find(50), -ENOENT);
	cr_assert_eq(census_find(51), -ENOENT);
	cr_assert_eq(census_find(1), -ENOENT);
}

Test(containers, find_looks_again_if_its_last_look_is_too_old)
{
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;

	options.max_age_ns = UINT64_MAX;
	census_create(&options);
	cr_assert_eq(census_find(10), -ENOENT);
	cr_assert_eq(fake_census.looks, 1);
	census_add_all();
	cr_assert_eq(census_find(10), -ENOENT);
	cr_assert_eq(fake_census.looks, 0);
	janus_containers_destroy(fake_census.containers);
	options.max_age_ns = 1;
	census_create(&options);
	cr_assert_eq(census_find(50), -ENOENT);
	census_add(50, 500, "/docker/" TWIN);
	cr_assert_eq(census_find(50), 1);
	census_expect_one(fake_census.found, TWIN, 1);
}
