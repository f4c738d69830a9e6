// SPDX-License-Identifier: MIT
/*
 * Whose words about containers count, by way of the lookup and the census. A file below user/UID
 * is that user's here.
 */
#include "pretenders.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "containers.h"
#include "fake_proc.h"

#define COOK 1000
#define THIEF 2000
#define STATE_OF(pid) "{\"pid\": " #pid ", \"process-start-time\": 100}"

#define ID "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define OTHER "0af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define TWIN "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4aff"

static const char *proc_path;
static struct janus_container *container;

static void setup(void)
{
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

TestSuite(pretenders, .init = setup, .fini = teardown);

static void write_state(const char *folder, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "1/root/run/%s", folder);
	fake_proc_folder(path);
	fake_proc_text(path, name, text);
}

static uint32_t space_owner; /* of every user namespace */

static int statx_with_authors(int dirfd, const char *path, int flags, unsigned int mask,
			      struct statx *ret)
{
	int err = janus__kernel_linux.statx(dirfd, path, flags, mask, ret);
	char link[64], target[512] = "";
	const char *user;

	if (err < 0 || !(mask & STATX_UID))
		return err;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	cr_assert_gt(readlink(link, target, sizeof(target) - 1), 0);
	user = strstr(target, "/run/user/");
	ret->stx_uid = user ? (uint32_t)strtoul(user + strlen("/run/user/"), NULL, 10)
			    : 0;
	return 0;
}

static int tell_space_owner(int fd, uint32_t *ret)
{
	(void)fd;
	*ret = space_owner;
	return 0;
}

static struct janus__kernel kernel_with_authors(void)
{
	struct janus__kernel kernel = janus__kernel_linux;

	kernel.statx = statx_with_authors;
	kernel.ns_owner = tell_space_owner;
	return kernel;
}

static int lookup_with_authors(const char *id)
{
	struct janus__kernel kernel = kernel_with_authors();
	struct janus_container *found;
	int err = janus__container_lookup(&kernel, proc_path, id, &found);

	if (!err) {
		janus_container_destroy(container);
		container = found;
	}
	return err;
}

static void add_of_user(int32_t pid, unsigned int uid)
{
	char text[256];

	fake_proc_add(&(struct fake_process){
		.pid = pid, .ppid = 1, .start_time = 100, .cgroup = "0::/\n" });
	snprintf(text, sizeof(text),
		 "Name:\tsh\nTgid:\t%d\nPPid:\t1\nUid:\t%u\t%u\t%u\t%u\n"
		 "Gid:\t%u\t%u\t%u\t%u\nNStgid:\t%d\nNSpid:\t%d\n",
		 pid, uid, uid, uid, uid, uid, uid, uid, uid, pid, pid);
	fake_proc_write(pid, "status", text);
	snprintf(text, sizeof(text), "%d/ns", pid);
	fake_proc_folder(text);
	fake_proc_text(text, "user", "");
}

Test(pretenders, a_user_speaks_for_processes_of_the_users_own)
{
	add_of_user(10, COOK);
	write_state("user/1000/crun/" ID, "status", STATE_OF(10));
	cr_assert_eq(lookup_with_authors("podman://" ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
	cr_assert_str_eq(janus_container_get_runtime(container), "crun");
}

Test(pretenders, a_user_speaks_for_processes_in_a_user_namespace_of_the_users_own)
{
	add_of_user(10, 1000042);
	write_state("user/1000/runc/" ID, "status", STATE_OF(10));
	cr_assert_eq(lookup_with_authors(ID), -ENOENT);
	space_owner = COOK;
	cr_assert_eq(lookup_with_authors(ID), 0);
}

Test(pretenders, a_user_does_not_speak_for_processes_of_others)
{
	space_owner = COOK;
	add_of_user(10, COOK);
	add_of_user(11, 0);
	write_state("user/2000/crun/" ID, "status", STATE_OF(10));
	write_state("user/2000/runc/" ID, "status", STATE_OF(11));
	cr_assert_eq(lookup_with_authors(ID), -ENOENT);
	write_state("user/1000/crun/" ID, "status", STATE_OF(10));
	cr_assert_eq(lookup_with_authors(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

Test(pretenders, an_id_that_two_users_claim_is_ambiguous)
{
	add_of_user(10, COOK);
	add_of_user(11, THIEF);
	write_state("user/1000/crun/" ID, "status", STATE_OF(10));
	/* The same again is no other. */
	write_state("user/1000/runc/" ID, "status", STATE_OF(10));
	cr_assert_eq(lookup_with_authors(ID), 0);
	write_state("user/2000/crun/" ID, "status", STATE_OF(11));
	cr_assert_eq(lookup_with_authors(ID), -ENOTUNIQ);
}

Test(pretenders, an_id_that_root_has_given_is_no_users)
{
	add_of_user(10, 0);
	add_of_user(11, THIEF);
	write_state("user/2000/crun/" ID, "status", STATE_OF(11));
	write_state("user/0/runc/" ID, "status", STATE_OF(10));
	cr_assert_eq(lookup_with_authors(ID), 0);
	cr_assert_eq(janus_container_get_init_pid(container), 10);
}

/* Two containers, one of which a cgroup names and the other its runtime; and who claims both. */
Test(pretenders, a_census_does_not_believe_a_user_against_cgroups_or_root)
{
	struct janus__kernel kernel = kernel_with_authors();
	const struct janus_container *found;
	struct janus_containers *census;

	fake_proc_add(&(struct fake_process){ .pid = 9,
					      .ppid = 1,
					      .start_time = 100,
					      .cgroup = "0::/docker/" ID "\n" });
	add_of_user(10, 0);
	add_of_user(11, THIEF);
	add_of_user(12, THIEF);
	add_of_user(13, THIEF);
	write_state("user/2000/crun/" ID, "status", STATE_OF(11));
	write_state("user/2000/crun/" OTHER, "status", STATE_OF(12));
	write_state("user/2000/crun/" TWIN, "status", STATE_OF(13));
	write_state("user/0/runc/" OTHER, "status", STATE_OF(10));
	cr_assert_eq(janus__containers_create(&kernel, proc_path, NULL, &census), 0);
	cr_assert_eq(janus_containers_refresh(census), 0);
	cr_assert_eq(janus_containers_get_count(census), 3);
	cr_assert_eq(janus_containers_lookup(census, ID, &found), 0);
	cr_assert_eq(janus_container_get_init_pid(found), 9);
	cr_assert_eq(janus_containers_find(census, 9, &found), 0);
	cr_assert_eq(janus_containers_lookup(census, OTHER, &found), 0);
	cr_assert_eq(janus_container_get_init_pid(found), 10);
	cr_assert_eq(janus_containers_lookup(census, TWIN, &found), 0);
	cr_assert_eq(janus_container_get_init_pid(found), 13);
	janus_containers_destroy(census);
}
