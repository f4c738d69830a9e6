// SPDX-License-Identifier: MIT
#include "fake_census.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "containers.h"
#include "fake_proc.h"

struct fake_census fake_census;

static int fail(void)
{
	return fake_census.fault.nth && --fake_census.fault.nth == 0
		       ? fake_census.fault.error
		       : 0;
}

static int counting_openat(int dirfd, const char *path, int flags)
{
	int fd = fail();

	if (!fd)
		fd = janus__kernel_linux.openat(dirfd, path, flags);
	fake_census.open_count += fd >= 0;
	fake_census.looks += strcmp(path, "1/root/run") == 0;
	return fd;
}

static int counting_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int fd = fail();

	if (!fd)
		fd = janus__kernel_linux.openat2(dirfd, path, how);
	fake_census.open_count += fd >= 0;
	return fd;
}

static int counting_close(int fd)
{
	fake_census.open_count--;
	return janus__kernel_linux.close(fd);
}

static ssize_t failing_getdents(int fd, void *buf, size_t size)
{
	int err = fail();

	return err ? err : janus__kernel_linux.getdents(fd, buf, size);
}

void census_create(const struct janus_containers_options *options)
{
	cr_assert_eq(janus__containers_create(&fake_census.kernel, fake_census.proc_path,
					      options, &fake_census.containers),
		     0);
}

void census_begin(void)
{
	fake_census.kernel = janus__kernel_linux;
	fake_census.kernel.openat = counting_openat;
	fake_census.kernel.openat2 = counting_openat2;
	fake_census.kernel.getdents = failing_getdents;
	fake_census.kernel.close = counting_close;
	fake_census.proc_path = fake_proc_create();
	fake_proc_add(&(struct fake_process){ .pid = 1, .cgroup = "0::/init.scope\n" });
	/* Or the machine's own /run would be looked at. */
	fake_proc_folder("1/root/run");
}

void census_end(void)
{
	janus_containers_destroy(fake_census.containers);
	fake_proc_destroy();
}

void census_add(int32_t pid, uint64_t start_time, const char *cgroup)
{
	char text[512];

	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	fake_proc_add(&(struct fake_process){
		.pid = pid, .ppid = 1, .start_time = start_time, .cgroup = text });
}

void census_write_state(const char *folder)
{
	fake_proc_folder(folder);
	fake_proc_text(folder, "state.json", RUNC);
}

void census_add_all(void)
{
	census_add(20, 200, "/docker/" SECOND);
	census_add(21, 210, "/docker/" SECOND "/init.scope");
	census_add(10, 100, "/system.slice/docker-" FIRST ".scope");
	census_add(30, 300, "/");
	census_write_state("1/root/run/runc/web");
}

void census_expect_one(const struct janus_container *one, const char *id, size_t pids)
{
	cr_assert_not_null(one);
	cr_assert_str_eq(janus_container_get_id(one), id);
	cr_assert_eq(janus_container_get_pid_count(one), pids);
}

void census_expect_all(void)
{
	cr_assert_eq(janus_containers_get_count(fake_census.containers), ALL);
	census_expect_one(janus_containers_get(fake_census.containers, 0), FIRST, 1);
	census_expect_one(janus_containers_get(fake_census.containers, 1), SECOND, 2);
	census_expect_one(janus_containers_get(fake_census.containers, 2), "web", 1);
	cr_assert_null(janus_containers_get(fake_census.containers, 3));
}

int census_refresh(void)
{
	int before = fake_census.open_count;
	int err = janus_containers_refresh(fake_census.containers);

	cr_assert_eq(fake_census.open_count, before, "%d fds are left open",
		     fake_census.open_count - before);
	return err;
}

/* Negative, or how often the node was looked at for it. */
int census_lookup(const char *id)
{
	static uint64_t untouched;
	const struct janus_container *const before = (void *)&untouched;
	int err;

	fake_census.found = before;
	fake_census.looks = 0;
	err = janus_containers_lookup(fake_census.containers, id, &fake_census.found);
	cr_assert((err < 0) == (fake_census.found == before));
	return err ? err : fake_census.looks;
}

int census_find(int32_t pid)
{
	static uint64_t untouched;
	const struct janus_container *const before = (void *)&untouched;
	int err;

	fake_census.found = before;
	fake_census.looks = 0;
	err = janus_containers_find(fake_census.containers, pid, &fake_census.found);
	cr_assert((err < 0) == (fake_census.found == before));
	return err ? err : fake_census.looks;
}
