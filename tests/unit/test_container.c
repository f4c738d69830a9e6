// SPDX-License-Identifier: MIT
#include "container.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_proc.h"

#define ID "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define OTHER "0af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define TWIN "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4aff"
#define IN_ID "0::/docker/" ID "\n"

static struct janus__kernel kernel;
static const char *proc_path;
static struct janus_container *container;

/* What happens when a file is opened for the Nth time. */
static struct {
	const char *path;
	int times; /* from then on; 0: nothing happens */
	int error; /* 0: the process ends */
	int32_t pid;
	const char *cgroup; /* not NULL: instead of ending, it is another process */
} surprise;
static int open_count;

static int surprising_openat(int dirfd, const char *path, int flags)
{
	int fd;

	if (surprise.times && strcmp(path, surprise.path) == 0 && --surprise.times == 0) {
		if (surprise.error)
			return surprise.error;
		fake_proc_remove(surprise.pid);
		if (surprise.cgroup)
			fake_proc_add(
				&(struct fake_process){ .pid = surprise.pid,
							.start_time = 999,
							.cgroup = surprise.cgroup });
	}
	fd = janus__kernel_linux.openat(dirfd, path, flags);
	if (fd >= 0)
		open_count++;
	return fd;
}

static int counting_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int fd = janus__kernel_linux.openat2(dirfd, path, how);

	if (fd >= 0)
		open_count++;
	return fd;
}

static int counting_close(int fd)
{
	open_count--;
	return janus__kernel_linux.close(fd);
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	kernel.openat = surprising_openat;
	kernel.openat2 = counting_openat2;
	kernel.close = counting_close;
	proc_path = fake_proc_create();
	fake_proc_add(&(struct fake_process){ .pid = 1, .cgroup = "0::/init.scope\n" });
	/* Or the machine's own /run would be looked at. */
	fake_proc_folder("1/root/run");
}

static void teardown(void)
{
	janus_container_destroy(container);
	fake_proc_destroy();
}

TestSuite(container, .init = setup, .fini = teardown);

static int lookup(const char *id)
{
	static uint64_t untouched;
	struct janus_container *const before = (void *)&untouched;
	struct janus_container *ret = before;
	int err;

	open_count = 0;
	err = janus__container_lookup(&kernel, proc_path, id, &ret);
	cr_assert_eq(open_count, 0, "%d fds are left open", open_count);
	if (err) {
		cr_assert_eq(ret, before);
	} else {
		janus_container_destroy(container);
		container = ret;
	}
	return err;
}

static void add(int32_t pid, int32_t ppid, uint64_t start_time, const char *nspid)
{
	fake_proc_add(&(struct fake_process){ .pid = pid,
					      .ppid = ppid,
					      .start_time = start_time,
					      .nspid = nspid,
					      .cgroup = IN_ID });
}

Test(container, is_found_with_all_its_processes)
{
	add(40, 10, 120, "\t40\t7");
	add(10, 1, 100, "\t10\t1");
	add(9, 1, 300, "\t9\t8");
	fake_proc_add(
		&(struct fake_process){ .pid = 50, .cgroup = "0::/docker/" OTHER "\n" });
	cr_assert_eq(lookup("docker://" ID), 0);
	cr_assert_str_eq(janus_container_get_id(container), ID);
	cr_assert_str_eq(janus_container_get_cgroup(container), "/docker/" ID);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
	cr_assert_eq(janus_container_get_init_start_time(container), 100);
	cr_assert_eq(janus_container_get_pid_count(container), 3);
	cr_assert_eq(janus_container_get_pid(container, 0), 9);
	cr_assert_eq(janus_container_get_pid(container, 1), 10);
	cr_assert_eq(janus_container_get_pid(container, 2), 40);
	cr_assert_eq(janus_container_get_pid(container, 3), 0);
}

Test(container, is_found_by_a_short_id)
{
	add(10, 1, 100, NULL);
	cr_assert_eq(lookup("3af95bbe5ebe"), 0);
	cr_assert_str_eq(janus_container_get_id(container), ID);
}

Test(container, of_1000_processes_has_1000)
{
	for (int32_t pid = 1000; pid < 2000; pid++)
		add(pid, 1000, (uint64_t)pid, NULL);
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_pid_count(container), 1000);
	for (int32_t i = 0; i < 1000; i++)
		cr_assert_eq(janus_container_get_pid(container, (size_t)i), 1000 + i);
}

Test(container, init_is_pid_1_of_several_that_started_at_once)
{
	add(9, 1, 100, "\t9\t2");
	add(10, 9, 100, "\t10\t1");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

Test(container, init_is_not_the_one_of_a_container_inside)
{
	add(9, 1, 100, "\t9\t5\t1");
	add(10, 1, 100, "\t10\t1");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

Test(container, init_is_the_first_process_where_the_pid_namespace_is_shared)
{
	add(8, 1, 300, "\t8\t40");
	add(9, 1, 200, "\t9\t20");
	add(10, 9, 250, "\t10\t30");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 9);
}

Test(container, init_is_the_parent_of_those_that_started_at_once)
{
	add(9, 10, 200, NULL);
	add(10, 1, 200, NULL);
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

Test(container, cannot_pass_off_a_later_process_as_its_init)
{
	/* A shared pid namespace, and a process that made one of its own in it. */
	add(10, 1, 200, "\t10\t5");
	add(20, 1, 300, "\t20\t6\t1");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

Test(container, init_is_found_without_pid_namespaces)
{
	add(10, 1, 200, "");
	add(20, 10, 300, "");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

Test(container, init_is_no_zombie)
{
	fake_proc_add(&(struct fake_process){
		.pid = 10, .start_time = 100, .cgroup = IN_ID, .state = 'Z' });
	add(20, 1, 200, NULL);
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 20);
	cr_assert_eq(janus_container_get_pid_count(container), 2);
}

Test(container, of_zombies_has_ended)
{
	fake_proc_add(&(struct fake_process){
		.pid = 10, .start_time = 100, .cgroup = IN_ID, .state = 'Z' });
	cr_assert_eq(lookup(ID), -ESRCH);
}

Test(container, holds_the_processes_of_containers_inside)
{
	add(10, 1, 100, "\t10\t1");
	fake_proc_add(&(struct fake_process){ .pid = 20,
					      .ppid = 10,
					      .start_time = 200,
					      .nspid = "\t20\t2\t1",
					      .cgroup = "0::/docker/" ID "/docker/" OTHER
							"\n" });
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
	cr_assert_eq(janus_container_get_pid_count(container), 2);
	cr_assert_eq(lookup(OTHER), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 20);
	cr_assert_eq(janus_container_get_pid_count(container), 1);
	cr_assert_str_eq(janus_container_get_cgroup(container),
			 "/docker/" ID "/docker/" OTHER);
}

Test(container, is_not_what_another_calls_a_cgroup_below_its_own)
{
	/* So many that some are listed before the real one, some behind it. */
	for (int32_t pid = 100; pid < 300; pid++)
		fake_proc_add(&(struct fake_process){ .pid = pid,
						      .start_time = 50,
						      .cgroup = "0::/docker/" OTHER "/" ID
								"\n" });
	add(10, 1, 100, "\t10\t1");
	add(11, 10, 100, "\t11\t2");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
	cr_assert_eq(janus_container_get_pid_count(container), 2);
	cr_assert_str_eq(janus_container_get_cgroup(container), "/docker/" ID);
}

Test(container, of_one_name_in_two_places_is_ambiguous)
{
	fake_proc_add(&(struct fake_process){ .pid = 10, .cgroup = "0::/default/web\n" });
	fake_proc_add(
		&(struct fake_process){ .pid = 20, .cgroup = "0::/default/db/web\n" });
	cr_assert_eq(lookup("web"), -ENOTUNIQ);
	cr_assert_eq(lookup("db"), 0);
}

Test(container, may_have_another_path_in_another_hierarchy)
{
	fake_proc_add(&(struct fake_process){
		.pid = 10, .start_time = 1, .cgroup = "5:cpu:/web\n0::/\n" });
	fake_proc_add(&(struct fake_process){
		.pid = 20, .start_time = 2, .cgroup = "5:cpu:/\n0::/run/web\n" });
	cr_assert_eq(lookup("web"), 0);
	cr_assert_eq(janus_container_get_pid_count(container), 2);
	cr_assert_str_eq(janus_container_get_cgroup(container), "/web");
}

Test(container, is_ambiguous_where_two_ids_start_alike)
{
	add(10, 1, 100, NULL);
	fake_proc_add(
		&(struct fake_process){ .pid = 20, .cgroup = "0::/docker/" TWIN "\n" });
	cr_assert_eq(lookup("3af95bbe5ebe"), -ENOTUNIQ);
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(lookup(TWIN), 0);
}

Test(container, needs_an_id)
{
	struct janus_container *ret;

	cr_assert_eq(lookup(NULL), -EINVAL);
	cr_assert_eq(lookup(""), -EINVAL);
	cr_assert_eq(lookup("docker"), -EINVAL);
	cr_assert_eq(janus_container_lookup(NULL, &ret), -EINVAL);
	cr_assert_eq(janus_container_lookup(ID, NULL), -EINVAL);
}

Test(container, that_nobody_is_in_does_not_exist)
{
	cr_assert_eq(lookup(ID), -ENOENT);
	cr_assert_eq(janus_container_lookup(ID, &(struct janus_container *){ NULL }),
		     -ENOENT);
}

Test(container, needs_a_proc)
{
	proc_path = "/nonexistent/proc";
	cr_assert_eq(lookup(ID), -EIO);
	proc_path = "/dev/null";
	cr_assert_eq(lookup(ID), -EIO);
}

Test(container, needs_a_proc_with_processes)
{
	fake_proc_remove(1);
	cr_assert_eq(lookup(ID), -EIO);
}

Test(container, may_hide_in_what_cannot_be_read)
{
	surprise.path = "1/cgroup";
	surprise.times = 1;
	surprise.error = -EACCES;
	cr_assert_eq(lookup(ID), -EIO);
	fake_proc_write(1, "cgroup", "nonsense");
	cr_assert_eq(lookup(ID), -EIO);
	add(10, 1, 100, NULL);
	cr_assert_eq(lookup(ID), 0);
}

Test(container, is_not_found_behind_a_path_that_is_too_long)
{
	add(10, 1, 100, NULL);
	surprise.path = "10/cgroup";
	surprise.times = 1;
	surprise.error = -ENAMETOOLONG;
	cr_assert_eq(lookup(ID), -ENOENT);
}

Test(container, lookup_needs_fds_and_memory)
{
	static const struct {
		int error;
		int wanted;
	} cases[] = {
		{ -EMFILE, -EMFILE },
		{ -ENFILE, -EMFILE },
		{ -ENOMEM, -ENOMEM },
	};
	const char *const paths[] = { proc_path, ".", "1/cgroup", "10/stat",
				      "10/status" };

	add(10, 1, 100, NULL);
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 5; k++) {
			surprise.path = paths[k];
			surprise.times = 1;
			surprise.error = cases[i].error;
			cr_assert_eq(lookup(ID), cases[i].wanted, "%s", paths[k]);
		}
	}
}

static ssize_t failing_getdents(int fd, void *buf, size_t size)
{
	(void)fd;
	(void)buf;
	(void)size;
	return -ENOENT;
}

Test(container, needs_a_proc_that_can_be_listed)
{
	add(10, 1, 100, NULL);
	kernel.getdents = failing_getdents;
	cr_assert_eq(lookup(ID), -EIO);
}

Test(container, has_ended_where_all_its_processes_vanish)
{
	static const char *const paths[] = { "10/stat", "10/status", "10/cgroup" };

	/* The second look at each file, and the third one, after the choice of the init. */
	for (int times = 2; times <= 3; times++) {
		for (size_t i = 0; i < 3; i++) {
			if (times == 3 && strcmp(paths[i], "10/status") == 0)
				continue;
			add(10, 1, 100, NULL);
			surprise.path = paths[i];
			surprise.times = times;
			surprise.pid = 10;
			cr_assert_eq(lookup(ID), -ESRCH, "%s", paths[i]);
			cr_assert_eq(surprise.times, 0);
		}
	}
}

Test(container, lacks_a_process_that_vanishes)
{
	add(10, 1, 100, NULL);
	add(20, 10, 200, NULL);
	surprise.path = "20/stat";
	surprise.times = 1;
	surprise.pid = 20;
	cr_assert_eq(lookup(ID), 0);
	cr_assert_eq(janus_container_get_pid_count(container), 1);
}

Test(container, lacks_a_later_process_of_the_same_pid)
{
	/* Another process by the first, second and third look at where it belongs. */
	for (int times = 1; times <= 3; times++) {
		add(10, 1, 100, NULL);
		surprise.path = "10/stat";
		surprise.times = times;
		surprise.pid = 10;
		surprise.cgroup = "0::/\n";
		cr_assert_eq(lookup(ID), -ESRCH, "%d", times);
	}
}

Test(container, lacks_a_later_process_that_is_of_the_container_too)
{
	add(10, 1, 100, NULL);
	surprise.path = "10/cgroup";
	surprise.times = 2;
	surprise.pid = 10;
	surprise.cgroup = IN_ID;
	cr_assert_eq(lookup(ID), -ESRCH);
}

Test(container, destroy_takes_nothing)
{
	janus_container_destroy(NULL);
}
