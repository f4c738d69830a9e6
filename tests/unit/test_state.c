// SPDX-License-Identifier: MIT
/*
 * Containers that no cgroup names, and those that are not up yet, by way of the lookup.
 */
#include "state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "container.h"
#include "fake_proc.h"
#include "fault/allocations.h"

#define ID "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define OTHER "0af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define TWIN "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4aff"
#define IN_ID "0::/docker/" ID "\n"

static struct janus__kernel kernel;
static const char *proc_path;
static struct janus_container *container;

static uint32_t author;   /* of every state file */
static uint32_t owner;    /* of every user namespace */
static const char *place; /* what is mounted; NULL: nothing is */
static int shortage;      /* what opening state files fails with; 0: it does not */

static int own_statx(int dirfd, const char *path, int flags, unsigned int mask,
		     struct statx *ret)
{
	int err = janus__kernel_linux.statx(dirfd, path, flags, mask, ret);

	if (!err && (mask & STATX_UID))
		ret->stx_uid = author;
	return err;
}

static int own_ns_owner(int fd, uint32_t *ret)
{
	(void)fd;
	*ret = owner;
	return 0;
}

static int own_openat2(int dirfd, const char *path, const struct open_how *how)
{
	if (place && strcmp(path, place) == 0)
		return -EXDEV;
	if (shortage && strcmp(path, "state.json") == 0)
		return shortage;
	return janus__kernel_linux.openat2(dirfd, path, how);
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	kernel.statx = own_statx;
	kernel.ns_owner = own_ns_owner;
	kernel.openat2 = own_openat2;
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

TestSuite(state, .init = setup, .fini = teardown);

static int lookup(const char *id)
{
	struct janus_container *found;
	int err = janus__container_lookup(&kernel, proc_path, id, &found);

	if (!err) {
		janus_container_destroy(container);
		container = found;
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

static void write_state(const char *folder, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "1/root/run/%s", folder);
	fake_proc_folder(path);
	fake_proc_text(path, name, text);
}

/* Pid 10, which started at 100. */
#define RUNC "{\"id\":\"x\",\"init_process_pid\":10,\"init_process_start\":100}"
#define CRUN "{\"pid\": 10, \"process-start-time\": 100, \"rootfs\": \"/\"}"

static void add_without_id(int32_t pid, uint64_t start_time)
{
	fake_proc_add(&(struct fake_process){
		.pid = pid, .ppid = 1, .start_time = start_time, .cgroup = "0::/\n" });
}

Test(state, without_an_id_in_its_cgroup_is_found_by_its_runtimes_state)
{
	add_without_id(10, 100);
	write_state("runc/web1", "state.json", RUNC);
	cr_assert_eq(lookup("web1"), 0);
	cr_assert_str_eq(janus_container_get_id(container), "web1");
	cr_assert_str_eq(janus_container_get_runtime(container), "runc");
	cr_assert_str_eq(janus_container_get_cgroup(container), "");
	cr_assert_eq(janus_container_get_init_pid(container), 10);
	write_state("crun/" ID, "status", CRUN);
	cr_assert_eq(lookup("cri-o://" ID), 0);
	cr_assert_str_eq(janus_container_get_runtime(container), "crun");
	write_state("containerd/runc/k8s.io/" OTHER, "state.json", RUNC);
	cr_assert_eq(lookup(OTHER), 0);
	cr_assert_str_eq(janus_container_get_runtime(container), "containerd");
	write_state("docker/runtime-runc/moby/" TWIN, "state.json", RUNC);
	cr_assert_eq(lookup("docker://" TWIN), 0);
	cr_assert_str_eq(janus_container_get_runtime(container), "docker");
}

Test(state, state_of_a_pid_that_was_used_again_is_not_believed)
{
	add_without_id(10, 101);
	write_state("runc/web1", "state.json", RUNC);
	cr_assert_eq(lookup("web1"), -ENOENT);
	fake_proc_remove(10);
	cr_assert_eq(lookup("web1"), -ENOENT);
}

Test(state, state_that_is_none_is_not_believed)
{
	static const char *const texts[] = {
		"",
		"{",
		"[10, 100]",
		"{\"inner\":{\"init_process_pid\":10,\"init_process_start\":100}}",
		"{\"init_process_pid\":\"10\",\"init_process_start\":100}",
		"{\"init_process_pid\":-10,\"init_process_start\":100}",
	};

	add_without_id(10, 100);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_state("runc/web1", "state.json", texts[i]);
		cr_assert_eq(lookup("web1"), -ENOENT, "%s", texts[i]);
	}
}

Test(state, state_that_others_can_write_is_not_believed)
{
	add_without_id(10, 100);
	write_state("runc/web1", "state.json", RUNC);
	fake_proc_mode("1/root/run/runc/web1/state.json", 0666);
	cr_assert_eq(lookup("web1"), -ENOENT);
	fake_proc_mode("1/root/run/runc/web1/state.json", 0644);
	cr_assert_eq(lookup("web1"), 0);
}

Test(state, state_behind_a_link_is_not_looked_at)
{
	add_without_id(10, 100);
	write_state("elsewhere", "state.json", RUNC);
	fake_proc_folder("1/root/run/runc");
	fake_proc_link("../elsewhere", "1/root/run/runc/web1");
	cr_assert_eq(lookup("web1"), -ENOENT);
}

Test(state, with_the_root_of_its_parent_is_not_up_yet)
{
	add(10, 9, 100, "\t10\t1");
	fake_proc_add(&(struct fake_process){ .pid = 9, .cgroup = "0::/\n" });
	fake_proc_folder("host");
	fake_proc_link("../host", "9/root");
	fake_proc_link("../host", "10/root");
	cr_assert_eq(lookup(ID), -EAGAIN);
	fake_proc_remove(10);
	add(10, 9, 100, "\t10\t1");
	fake_proc_folder("own");
	fake_proc_link("../own", "10/root");
	cr_assert_eq(lookup(ID), 0);
	cr_assert_str_eq(janus_container_get_root(container), "/proc/10/root");
}

Test(state, state_that_is_no_file_keeps_nobody_waiting)
{
	char path[256];

	add_without_id(10, 100);
	fake_proc_folder("1/root/run/runc/web1/status");
	snprintf(path, sizeof(path), "%s/1/root/run/runc/web1/state.json", proc_path);
	cr_assert_eq(mkfifo(path, 0644), 0);
	cr_assert_eq(lookup("web1"), -ENOENT);
}

/* The state of "web1", and blanks up to a size. */
static void write_padded(size_t size)
{
	char *text = malloc(size + 1);

	memset(text, ' ', size);
	text[size] = '\0';
	memcpy(text, RUNC, strlen(RUNC));
	write_state("runc/web1", "state.json", text);
	free(text);
}

Test(state, state_that_is_too_large_is_not_read)
{
	add_without_id(10, 100);
	write_padded(1048575);
	cr_assert_eq(lookup("web1"), 0);
	write_padded(1048576);
	cr_assert_eq(lookup("web1"), -ENOENT);
	write_padded(5000000);
	cr_assert_eq(lookup("web1"), -ENOENT);
}

static void add_of_user(uint32_t uid)
{
	char text[256];

	add_without_id(10, 100);
	snprintf(text, sizeof(text),
		 "Tgid:\t10\nPPid:\t1\nUid:\t0\t%u\t0\t0\nGid:\t0\t0\t0\t0\nNSpid:\t10\n",
		 uid);
	fake_proc_write(10, "status", text);
}

Test(state, a_user_speaks_for_the_own_processes_only)
{
	add_of_user(1000);
	write_state("user/1000/crun/web1", "status", CRUN);
	author = 1000;
	cr_assert_eq(lookup("web1"), 0);
	cr_assert_str_eq(janus_container_get_runtime(container), "crun");
	author = 1001;
	cr_assert_eq(lookup("web1"), -ENOENT);
	add_of_user(0);
	author = 1000;
	cr_assert_eq(lookup("web1"), -ENOENT);
}

Test(state, a_user_speaks_for_what_is_in_the_own_user_namespace)
{
	add_of_user(0);
	fake_proc_folder("10/ns");
	fake_proc_text("10/ns", "user", "");
	write_state("user/1000/runc/web1", "state.json", RUNC);
	author = owner = 1000;
	cr_assert_eq(lookup("web1"), 0);
	owner = 1001;
	cr_assert_eq(lookup("web1"), -ENOENT);
}

static void mount_as(const char *type)
{
	struct statx stx;
	char text[256];

	cr_assert_eq(
		janus__kernel_linux.statx(AT_FDCWD, proc_path, 0, STATX_MNT_ID, &stx), 0);
	snprintf(text, sizeof(text), "%llu 1 0:9 / /run/user/1000 rw - %s x rw\n",
		 (unsigned long long)stx.stx_mnt_id, type);
	fake_proc_write(1, "mountinfo", text);
}

Test(state, what_users_mount_is_not_entered_but_tmpfs)
{
	add_of_user(1000);
	write_state("user/1000/runc/web1", "state.json", RUNC);
	author = 1000;
	place = "1000";
	cr_assert_eq(lookup("web1"), -ENOENT);
	mount_as("fuse.evil");
	cr_assert_eq(lookup("web1"), -ENOENT);
	mount_as("tmpfs");
	cr_assert_eq(lookup("web1"), 0);
	/* A container's own folder is never a mount. */
	place = "web1";
	cr_assert_eq(lookup("web1"), -ENOENT);
}

Test(state, what_cannot_be_read_for_want_of_something_is_told)
{
	add_without_id(10, 100);
	write_state("runc/web1", "state.json", RUNC);
	shortage = -ENFILE;
	cr_assert_eq(lookup("web1"), -EMFILE);
	shortage = -ENOMEM;
	cr_assert_eq(lookup("web1"), -ENOMEM);
	shortage = -EACCES;
	cr_assert_eq(lookup("web1"), -ENOENT);
	shortage = 0;
	for (size_t nth = 1;; nth++) {
		int err;

		allocations_fail(nth);
		err = lookup("web1");
		cr_assert(err == 0 || (err == -ENOMEM && allocations_failed()), "%zu: %d",
			  nth, err);
		if (!allocations_failed())
			break;
	}
}
