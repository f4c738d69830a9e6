// SPDX-License-Identifier: MIT
/*
 * The walk through mounted cgroups, which are folders here: what of them is mounted says a
 * mountinfo of the test's own, and which file system they are on, its kernel.
 */
#include "hierarchy.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_proc.h"
#include "fault/allocations.h"
#include "listing.h"

#define SEEN_MAX 512

static struct janus__kernel kernel;
static struct janus__proc proc;
static const char *folder;
static int open_count;

/* The roots of hierarchies: the file system of the Nth one is 0:N+1. */
static uint64_t inodes[4];
static size_t inode_count;

/* What fails: a call on a path that ends like this, or whatever the path is. */
static struct {
	const char *call;
	const char *path;
	int error;
} fault;

static char seen[SEEN_MAX][256];
static size_t seen_count;
static bool all_readable;

static int fails(const char *call, const char *path)
{
	size_t length = strlen(path), wanted = strlen(fault.path ? fault.path : "");

	if (!fault.call || strcmp(fault.call, call) != 0 || length < wanted ||
	    (wanted && strcmp(path + length - wanted, fault.path) != 0))
		return 0;
	return fault.error;
}

static int counting_openat(int dirfd, const char *path, int flags)
{
	int fd = fails("openat", path);

	if (!fd)
		fd = janus__kernel_linux.openat(dirfd, path, flags);
	open_count += fd >= 0;
	return fd;
}

static int counting_close(int fd)
{
	open_count--;
	return janus__kernel_linux.close(fd);
}

static int own_statx(int dirfd, const char *path, int flags, unsigned int mask,
		     struct statx *ret)
{
	int err = fails("statx", path);

	if (!err)
		err = janus__kernel_linux.statx(dirfd, path, flags, mask, ret);
	for (size_t i = 0; !err && i < inode_count; i++) {
		if (ret->stx_ino != inodes[i])
			continue;
		ret->stx_dev_major = 0;
		ret->stx_dev_minor = (uint32_t)i + 1;
	}
	return err;
}

static ssize_t own_read(int fd, void *buf, size_t size)
{
	int err = fails("read", "");

	return err ? err : janus__kernel_linux.read(fd, buf, size);
}

/* Names first, then the error. */
static ssize_t own_getdents(int fd, void *buf, size_t size)
{
	ssize_t length = janus__kernel_linux.getdents(fd, buf, size);

	return length ? length : fails("getdents", "");
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	kernel.openat = counting_openat;
	kernel.close = counting_close;
	kernel.statx = own_statx;
	kernel.read = own_read;
	kernel.getdents = own_getdents;
	folder = fake_proc_create();
	fake_proc_folder("self");
	cr_assert_eq(janus__proc_open(&kernel, folder, &proc), 0);
	open_count = 0;
}

static void teardown(void)
{
	janus__proc_done(&proc);
	fake_proc_destroy();
}

TestSuite(hierarchy, .init = setup, .fini = teardown);

static uint64_t inode_of(const char *path)
{
	char full[256];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", folder, path);
	cr_assert_eq(stat(full, &st), 0, "%s", full);
	return st.st_ino;
}

/* A hierarchy's root, on a file system of its own. */
static void add_root(const char *name)
{
	fake_proc_folder(name);
	if (strncmp(name, "v1", 2) == 0)
		fake_proc_text(name, "release_agent", "");
	inodes[inode_count++] = inode_of(name);
}

struct mounted {
	const char *type;
	uint32_t minor;
	const char *point;
};

static void mount_all(const struct mounted *mounts, size_t count)
{
	char text[2048];
	size_t used = (size_t)sprintf(text, "20 1 8:1 / / rw - ext4 x rw\n");

	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%zu 20 0:%u / %s/%s rw shared:9 - %s x rw\n",
					 30 + i, mounts[i].minor, folder, mounts[i].point,
					 mounts[i].type);
	fake_proc_text("self", "mountinfo", text);
}

#define MOUNT(...)                                                                       \
	mount_all((const struct mounted[]){ __VA_ARGS__ },                               \
		  sizeof((const struct mounted[]){ __VA_ARGS__ }) /                      \
			  sizeof(struct mounted))

static void see(void *userdata, const char *path, int fd)
{
	struct statx stx;

	(void)userdata;
	all_readable &= janus__kernel_linux.statx(fd, "", AT_EMPTY_PATH, STATX_TYPE,
						  &stx) == 0 &&
			S_ISDIR(stx.stx_mode);
	if (seen_count < SEEN_MAX)
		snprintf(seen[seen_count], sizeof(seen[0]), "%.255s", path);
	seen_count++;
}

static bool walk(void)
{
	bool complete;

	seen_count = 0;
	all_readable = true;
	complete = janus__hierarchies_walk(&proc, see, NULL);
	cr_assert(all_readable);
	cr_assert_eq(open_count, 0, "%d fds are left open", open_count);
	return complete;
}

static size_t count_seen(const char *path)
{
	size_t count = 0;

	for (size_t i = 0; i < seen_count && i < SEEN_MAX; i++)
		count += strcmp(seen[i], path) == 0;
	return count;
}

/* One hierarchy of v2 with "/a", "/a/b" and "/c". */
static void add_v2(void)
{
	add_root("v2");
	fake_proc_folder("v2/a/b");
	fake_proc_folder("v2/c");
	fake_proc_text("v2/a", "cgroup.events", "");
	MOUNT({ "cgroup2", 1, "v2" });
	fake_proc_text("self", "cgroup", "0::/c\n");
}

Test(hierarchy, tells_each_cgroup_by_its_path)
{
	add_v2();
	cr_assert(walk());
	cr_assert_eq(seen_count, 4);
	cr_assert_str_eq(seen[0], "/");
	cr_assert_eq(count_seen("/a"), 1);
	cr_assert_eq(count_seen("/a/b"), 1);
	cr_assert_eq(count_seen("/c"), 1);
}

Test(hierarchy, walks_each_once_wherever_it_is_mounted)
{
	add_root("v1");
	add_root("v2");
	fake_proc_folder("v1/one");
	fake_proc_folder("v2/two");
	MOUNT({ "tmpfs", 9, "" }, { "cgroup", 1, "v1" }, { "cgroup2", 2, "v2" },
	      { "cgroup", 1, "v1" }, { "cgroup2", 2, "v2" });
	fake_proc_text("self", "cgroup", "1:cpu:/\n0::/\n");
	cr_assert(walk());
	cr_assert_eq(seen_count, 4);
	cr_assert_eq(count_seen("/"), 2);
	cr_assert_eq(count_seen("/one"), 1);
	cr_assert_eq(count_seen("/two"), 1);
}

/* "v2", and 1,100 folders that are called by numbers of 64 digits behind a folder's name. */
static void add_many(const char *above)
{
	char path[256];

	add_root("v2");
	for (int i = 0; i < 1100; i++) {
		snprintf(path, sizeof(path), "v2/%s%064d", above, i);
		fake_proc_folder(path);
	}
	MOUNT({ "cgroup2", 1, "v2" });
	fake_proc_text("self", "cgroup", "0::/\n");
}

Test(hierarchy, walks_through_any_number_of_containers)
{
	add_many("docker/");
	cr_assert(walk());
	cr_assert_eq(seen_count, 1102);
}

Test(hierarchy, gives_up_on_a_container_that_has_too_many_cgroups)
{
	add_many(
		"docker/3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a/x");
	cr_assert_not(walk());
}

Test(hierarchy, one_that_is_not_mounted_is_missing)
{
	add_v2();
	fake_proc_text("self", "cgroup", "1:cpu:/\n0::/c\n");
	cr_assert_not(walk());
	cr_assert_eq(seen_count, 4);
}

Test(hierarchy, a_part_of_one_does_not_stand_for_it)
{
	add_root("v2");
	fake_proc_text("v2", "cgroup.events", "");
	fake_proc_folder("part");
	inodes[inode_count++] = inode_of("part");
	MOUNT({ "cgroup2", 1, "v2" }, { "cgroup", 2, "part" });
	fake_proc_text("self", "cgroup", "1:cpu:/\n0::/\n");
	cr_assert_not(walk());
	cr_assert_eq(seen_count, 0);
}

Test(hierarchy, what_hides_a_mount_is_not_taken_for_it)
{
	add_v2();
	MOUNT({ "cgroup2", 7, "v2" });
	cr_assert_not(walk());
	cr_assert_eq(seen_count, 0);
	MOUNT({ "cgroup2", 1, "nowhere" });
	cr_assert_not(walk());
	cr_assert_eq(seen_count, 0);
}

Test(hierarchy, files_and_links_are_no_cgroups)
{
	add_v2();
	fake_proc_text("v2", "cgroup.procs", "1\n");
	fake_proc_link("a", "v2/link");
	cr_assert(walk());
	cr_assert_eq(seen_count, 4);
}

Test(hierarchy, ends_at_a_depth_and_says_so)
{
	char path[256] = "v2";

	add_v2();
	for (int i = 0; i < 32; i++)
		strcat(path, "/d");
	fake_proc_folder(path);
	cr_assert_not(walk());
	cr_assert_eq(count_seen(path + strlen("v2")), 1);
	strcat(path, "/d");
	fake_proc_folder(path);
	cr_assert_not(walk());
	cr_assert_eq(count_seen(path + strlen("v2")), 0);
	cr_assert_eq(count_seen("/c"), 1);
}

Test(hierarchy, lists_as_many_as_there_are)
{
	char name[64];

	add_v2();
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "v2/a-cgroup-with-a-longer-name-%d", i);
		fake_proc_folder(name);
	}
	cr_assert(walk());
	cr_assert_eq(seen_count, 404);
}

Test(hierarchy, one_that_is_removed_meanwhile_is_not_missing)
{
	add_v2();
	fault.call = "openat";
	fault.path = "b";
	fault.error = -ENOENT;
	cr_assert(walk());
	cr_assert_eq(seen_count, 3);
	fault.call = "getdents";
	fault.path = NULL;
	cr_assert(walk());
	cr_assert_eq(seen_count, 4);
}

Test(hierarchy, what_cannot_be_read_is_missing)
{
	static const struct {
		const char *call;
		const char *path;
		int error;
	} faults[] = {
		{ "openat", "b", -EACCES },
		{ "openat", "a", -EMFILE },
		{ "openat", "v2", -EMFILE },
		{ "openat", "self/mountinfo", -EMFILE },
		{ "openat", "self/cgroup", -EMFILE },
		{ "statx", "cgroup.events", -ENOMEM },
		{ "statx", "", -ENOMEM },
		{ "getdents", NULL, -ENOMEM },
		{ "read", NULL, -EIO },
	};

	add_v2();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		memcpy(&fault, &faults[i], sizeof(fault));
		cr_assert_not(walk(), "%s %s", fault.call, fault.path);
	}
}

Test(hierarchy, without_memory_nothing_is_told)
{
	add_v2();
	for (size_t nth = 1; nth <= 2; nth++) {
		long blocks = allocations_live();

		allocations_fail(nth);
		cr_assert_not(walk());
		cr_assert(allocations_failed());
		cr_assert_eq(seen_count, 0);
		cr_assert_eq(allocations_live(), blocks);
	}
}

/* What is read of a cgroup.procs with that text. */
static void read_pids(const char *text, struct janus__pids *ret)
{
	int fd;

	fake_proc_folder("cgroup");
	fake_proc_text("cgroup", "cgroup.procs", text);
	fd = janus__kernel_linux.openat(proc.fd, "cgroup", O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	janus__cgroup_read_pids(&kernel, fd, ret);
	janus__kernel_linux.close(fd);
	cr_assert_eq(open_count, 0);
}

Test(hierarchy, reads_pids_but_those_that_are_none_of_ours)
{
	struct janus__pids pids = { 0 };

	read_pids("1\n0\n2147483647\n2147483648\n18446744073709551617\n7\n", &pids);
	cr_assert_eq(pids.count, 3);
	cr_assert_eq(pids.list[0], 1);
	cr_assert_eq(pids.list[1], INT32_MAX);
	cr_assert_eq(pids.list[2], 7);
	cr_assert_eq(pids.err, 0);
	read_pids("", &pids);
	cr_assert_eq(pids.count, 3);
	janus__pids_done(&pids);
	cr_assert_eq(pids.count, 0);
}

Test(hierarchy, reads_pids_in_pieces)
{
	struct janus__pids pids = { 0 };
	char *text = malloc(65536);
	size_t used = 0;

	for (int i = 0; i < 5000; i++)
		used += (size_t)sprintf(text + used, "%d\n", 100000 + i);
	read_pids(text, &pids);
	cr_assert_eq(pids.count, 5000);
	for (int i = 0; i < 5000; i++)
		cr_assert_eq(pids.list[i], 100000 + i);
	janus__pids_done(&pids);
	free(text);
}

Test(hierarchy, says_why_pids_are_missing)
{
	static const int absent[] = { -ENODEV, -EOPNOTSUPP, -EACCES };
	struct janus__pids pids = { 0 };

	fault.call = "read";
	for (size_t i = 0; i < 3; i++) {
		fault.error = absent[i];
		read_pids("1\n", &pids);
		cr_assert_eq(pids.err, 0, "%d", fault.error);
	}
	fault.error = -EIO;
	read_pids("1\n", &pids);
	cr_assert_eq(pids.err, -EIO);
	fault.call = "openat";
	fault.error = -EMFILE;
	read_pids("1\n", &pids);
	cr_assert_eq(pids.err, -EMFILE);
	cr_assert_eq(pids.count, 0);
}

Test(hierarchy, pids_are_sorted_each_once)
{
	static const int32_t given[] = { 5, 1, 5, 3, 1, 5, 2147483647, 2 };
	static const int32_t wanted[] = { 1, 2, 3, 5, 2147483647 };
	struct janus__pids pids = { 0 };

	janus__pids_sort(&pids);
	cr_assert_eq(pids.count, 0);
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		janus__pids_add(&pids, given[i]);
	janus__pids_sort(&pids);
	cr_assert_eq(pids.count, 5);
	cr_assert_arr_eq(pids.list, wanted, sizeof(wanted));
	janus__pids_done(&pids);
}

Test(hierarchy, pids_without_memory_are_told_missing)
{
	struct janus__pids pids = { 0 };

	for (int32_t pid = 1; pid <= 64; pid++)
		janus__pids_add(&pids, pid);
	allocations_fail(1);
	janus__pids_add(&pids, 65);
	cr_assert_eq(pids.count, 64);
	cr_assert_eq(pids.err, -ENOMEM);
	cr_assert_eq(pids.list[63], 64);
	janus__pids_done(&pids);
}
