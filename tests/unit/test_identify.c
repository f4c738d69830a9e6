// SPDX-License-Identifier: MIT
#include "identify.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "fake_kernel.h"
#include "teardown.h"

#define OPENER 77

static struct janus__proc proc;
static struct janus__parents parents;
static struct fake_file *directory, *file;

static void setup(void)
{
	fake_reset();
	memset(&parents, 0, sizeof(parents));
	directory = fake_directory("/d");
	file = fake_file("/d/f");
	fake_process(OPENER, 1, 1);
	cr_assert_eq(janus__proc_open(&fake_kernel, "/proc", &proc), 0);
}

/* Whatever a test does, what it opened is closed. */
static void teardown(void)
{
	janus__proc_done(&proc);
	teardown_check(fake_wrong_closes() == 0, "an fd was closed twice");
}

TestSuite(identify, .init = setup, .fini = teardown);

static int open_event(const char *path)
{
	return fake_event(path, OPENER, FAN_OPEN_PERM);
}

Test(identify, tells_what_stands_behind_an_fd)
{
	struct janus__file got;

	file->device = makedev(259, 3);
	file->change_time_ns = 5000000006;
	file->birth_time_ns = 4000000005;
	cr_assert_eq(janus__identify_file(&fake_kernel, open_event("/d/f"), &got), 0);
	cr_assert_eq(got.inode.number, file->number);
	cr_assert_eq(got.inode.device, makedev(259, 3));
	cr_assert_eq(got.mount_id, 5);
	cr_assert_eq(got.change_time_ns, 5000000006);
	cr_assert_eq(got.birth_time_ns, 4000000005);
	cr_assert_eq(got.links, 1);
	cr_assert_eq(got.type, S_IFREG);
	cr_assert_not(got.directory);
	cr_assert_eq(janus__identify_file(&fake_kernel, open_event("/d"), &got), 0);
	cr_assert(got.directory);
	cr_assert_eq(got.birth_time_ns, 0, "it was not told");
}

Test(identify, says_why_it_cannot_tell)
{
	struct janus__file got = { .links = 4711 };

	fake_fail("statx", -1, -EIO, 1);
	cr_assert_eq(janus__identify_file(&fake_kernel, open_event("/d/f"), &got), -EIO);
	cr_assert_eq(got.links, 4711);
}

static ssize_t path_of(const char *path, uint32_t links, char *buf, size_t size)
{
	const struct janus__file facts = { .links = links };

	return janus__identify_path(&proc, open_event(path), &facts, buf, size);
}

Test(identify, tells_the_path)
{
	char buf[PATH_MAX];

	cr_assert_eq(path_of("/d/f", 1, buf, sizeof(buf)), 4);
	cr_assert_str_eq(buf, "/d/f");
}

Test(identify, takes_the_mark_of_a_deleted_file_off)
{
	char buf[PATH_MAX];

	file->links = 0;
	cr_assert_eq(path_of("/d/f", 0, buf, sizeof(buf)), 4);
	cr_assert_str_eq(buf, "/d/f");
}

Test(identify, leaves_a_file_that_only_sounds_deleted_alone)
{
	char buf[PATH_MAX];

	fake_file("/d/f (deleted)");
	path_of("/d/f (deleted)", 1, buf, sizeof(buf));
	cr_assert_str_eq(buf, "/d/f (deleted)");
}

Test(identify, refuses_a_path_that_does_not_fit)
{
	char buf[5];

	cr_assert_eq(path_of("/d/f", 1, buf, 5), 4);
	cr_assert_eq(path_of("/d/f", 1, buf, 4), -ENAMETOOLONG);
	cr_assert_eq(path_of("/d/f", 1, buf, 2), -ENAMETOOLONG);
	fake_fail("readlinkat", -1, -ENAMETOOLONG, 1);
	cr_assert_eq(path_of("/d/f", 1, buf, 5), -ENAMETOOLONG);
}

Test(identify, knows_the_filesystems_that_need_care)
{
	static const struct {
		uint64_t magic;
		enum janus__filesystem kind;
	} cases[] = {
		{ 0x01021994, JANUS__FILESYSTEM_PLAIN }, /* tmpfs */
		{ 0xef53, JANUS__FILESYSTEM_PLAIN },     /* ext4 */
		{ 0x794c7630, JANUS__FILESYSTEM_OVERLAY },
		{ 0x65735546, JANUS__FILESYSTEM_STALLING }, /* fuse */
		{ 0x6969, JANUS__FILESYSTEM_STALLING },     /* nfs */
		{ 0xff534d42, JANUS__FILESYSTEM_STALLING }, /* cifs */
		{ 0x0187, JANUS__FILESYSTEM_STALLING },     /* autofs */
	};
	int fd = open_event("/d/f");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		file->fs_type = cases[i].magic;
		cr_assert_eq(janus__identify_filesystem(&fake_kernel, fd), cases[i].kind,
			     "%zu", i);
	}
	fake_fail("fs_type", fd, -EIO, 1);
	cr_assert_eq(janus__identify_filesystem(&fake_kernel, fd),
		     JANUS__FILESYSTEM_PLAIN, "it cannot be told");
}

/* 0 and the parent's number, or an error; looks from an event of its own. */
static int parent_of(const char *path, uint64_t *ret_number)
{
	struct janus__waiting waiting = { .fd = open_event(path), .pid = OPENER };
	struct janus__seen parent = { { 0, 4711 }, 0 };
	struct janus__file facts;
	size_t fds = fake_open_fds();
	int err;

	cr_assert_eq(janus__identify_file(&fake_kernel, waiting.fd, &facts), 0);
	waiting.file = &facts;
	err = janus__identify_parent(&parents, &proc, &waiting, &parent);
	cr_assert_eq(fake_open_fds(), fds, "an fd is left open");
	*ret_number = parent.inode.number;
	return err;
}

static void check_parent(const char *path, const struct fake_file *wanted)
{
	uint64_t number;

	cr_assert_eq(parent_of(path, &number), 0, "%s", path);
	cr_assert_eq(number, wanted->number, "%s", path);
}

static void check_no_parent(const char *path, int error)
{
	uint64_t number;

	cr_assert_eq(parent_of(path, &number), error, "%s", path);
	cr_assert_eq(number, 4711, "the output is untouched");
}

static bool looks_again(const char *path)
{
	uint64_t number;
	size_t before = fake_count("openat2", -1);

	cr_assert_eq(parent_of(path, &number), 0);
	return fake_count("openat2", -1) > before;
}

Test(identify, finds_the_directory_of_a_file_and_of_a_directory)
{
	struct fake_file *sub = fake_directory("/d/sub");

	fake_file("/d/sub/f");
	check_parent("/d/f", directory);
	check_parent("/d/sub", directory);
	check_parent("/d/sub/f", sub);
}

Test(identify, finds_the_root_as_the_directory_of_what_lies_in_it)
{
	struct fake_file *top = fake_file("/top");

	check_parent("/top", top - 3);
	cr_assert_str_eq((top - 3)->path, "/");
}

Test(identify, finds_the_directory_of_a_deleted_file)
{
	file->links = 0;
	check_parent("/d/f", directory);
}

Test(identify, looks_once_at_a_file_that_stays)
{
	cr_assert(looks_again("/d/f"));
	cr_assert_not(looks_again("/d/f"));
	cr_assert(looks_again("/d"));
	cr_assert_not(looks_again("/d"));
}

Test(identify, looks_again_at_a_file_that_changed)
{
	looks_again("/d/f");
	file->change_time_ns++;
	cr_assert(looks_again("/d/f"));
	cr_assert_not(looks_again("/d/f"));
}

Test(identify, looks_always_at_a_file_that_changed_just_now)
{
	struct timespec now;

	/* It could be moved within the same tick of the file system's clock. */
	clock_gettime(CLOCK_REALTIME, &now);
	file->change_time_ns = now.tv_sec * 1000000000 + now.tv_nsec;
	looks_again("/d/f");
	cr_assert(looks_again("/d/f"));
}

Test(identify, looks_always_at_a_file_with_several_links)
{
	file->links = 2;
	looks_again("/d/f");
	cr_assert(looks_again("/d/f"));
}

Test(identify, looks_always_at_a_deleted_file)
{
	file->links = 0;
	looks_again("/d/f");
	cr_assert(looks_again("/d/f"));
}

Test(identify, takes_no_other_file_for_one_it_knows)
{
	struct fake_file *other = fake_directory("/other");
	struct fake_file *twin = fake_file("/other/f");

	check_parent("/d/f", directory);
	twin->number = file->number;
	twin->device = file->device + 1;
	check_parent("/other/f", other);
	check_parent("/d/f", directory);
}

Test(identify, remembers_more_files_than_it_has_room_for)
{
	struct janus__file facts = { .mount_id = 5, .links = 1, .inode.device = 8 };
	struct janus__waiting waiting = { open_event("/d/f"), OPENER, &facts };

	for (uint64_t number = 1; number < 2 * JANUS__PARENTS_COUNT; number++) {
		struct janus__seen parent;

		file->number = facts.inode.number = number;
		cr_assert_eq(janus__identify_parent(&parents, &proc, &waiting, &parent),
			     0);
		cr_assert_eq(parent.inode.number, directory->number);
	}
}

Test(identify, believes_no_path_that_leads_to_another_file)
{
	struct janus__waiting waiting = { .fd = open_event("/d/f"), .pid = OPENER };
	struct janus__file facts;
	struct janus__seen parent;

	cr_assert_eq(janus__identify_file(&fake_kernel, waiting.fd, &facts), 0);
	waiting.file = &facts;
	file->number++;
	cr_assert_eq(janus__identify_parent(&parents, &proc, &waiting, &parent), -ENOENT);
	cr_assert_geq(fake_count("readlinkat", -1), 2, "it looks again, for it may move");
}

Test(identify, looks_from_its_own_root_when_the_opener_is_gone)
{
	struct janus__waiting waiting = { .fd = open_event("/d/f"), .pid = 4711 };
	struct janus__file facts;
	struct janus__seen parent;

	cr_assert_eq(janus__identify_file(&fake_kernel, waiting.fd, &facts), 0);
	waiting.file = &facts;
	cr_assert_eq(janus__identify_parent(&parents, &proc, &waiting, &parent), 0);
	cr_assert_eq(parent.inode.number, directory->number);
	waiting.pid = 0;
	parents = (struct janus__parents){ 0 };
	cr_assert_eq(janus__identify_parent(&parents, &proc, &waiting, &parent), 0);
}

Test(identify, the_root_of_a_mount_lies_nowhere)
{
	file->mount_id = 6;
	check_no_parent("/d/f", -ENOENT);
	directory->mount_id = 6;
	check_no_parent("/d", -EXDEV);
	check_parent("/d/f", directory);
}

Test(identify, says_why_it_cannot_look)
{
	static const struct {
		const char *call;
		int error;
	} cases[] = {
		{ "readlinkat", -ENAMETOOLONG },
		{ "openat", -EMFILE },
		{ "openat2", -EAGAIN },
		{ "read", -EIO },
	};
	uint64_t number;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_fail(cases[i].call, -1, cases[i].error, 1000);
		cr_assert_lt(parent_of("/d/f", &number), 0, "%s", cases[i].call);
		cr_assert_eq(number, 4711);
	}
	fake_fail("openat2", -1, -EAGAIN, 1000);
	check_no_parent("/d", -EAGAIN);
	fake_fail("openat2", -1, 0, 0);
	check_parent("/d/f", directory);
}

Test(identify, does_not_remember_a_failure)
{
	uint64_t number;

	fake_fail("openat2", -1, -EAGAIN, 1000);
	cr_assert_lt(parent_of("/d/f", &number), 0);
	fake_fail("openat2", -1, 0, 0);
	check_parent("/d/f", directory);
}

Test(identify, a_name_that_is_no_path_lies_nowhere)
{
	fake_file("memfd:x");
	check_no_parent("memfd:x", -ENOENT);
}
