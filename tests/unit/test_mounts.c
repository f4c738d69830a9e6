// SPDX-License-Identifier: MIT
#include "mounts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fake_proc.h"
#include "fault/allocations.h"

static struct janus__kernel kernel;
static struct janus__proc proc;
static struct janus__mounts mounts;
static const char *folder;
static char text[4096];
static ssize_t read_error; /* what read fails with; 0: it does not */
static int reads, opens, closes;

/* As the kernel reads: at most a page at once; and a signal comes first. */
static ssize_t paging_read(int fd, void *buf, size_t size)
{
	if (++reads == 1)
		return -EINTR;
	if (reads > 2 && read_error)
		return read_error;
	return janus__kernel_linux.read(fd, buf, size < 4096 ? size : 4096);
}

static int counting_openat(int dirfd, const char *path, int flags)
{
	int fd = janus__kernel_linux.openat(dirfd, path, flags);

	opens += fd >= 0;
	return fd;
}

static int counting_close(int fd)
{
	closes++;
	return janus__kernel_linux.close(fd);
}

static void setup(void)
{
	kernel = janus__kernel_linux;
	folder = fake_proc_create();
	cr_assert_eq(janus__proc_open(&kernel, folder, &proc), 0);
	kernel.read = paging_read;
	kernel.openat = counting_openat;
	kernel.close = counting_close;
}

static void teardown(void)
{
	janus__mounts_done(&mounts);
	janus__proc_done(&proc);
	fake_proc_destroy();
}

TestSuite(mounts, .init = setup, .fini = teardown);

static int parse(const char *given)
{
	janus__mounts_done(&mounts);
	cr_assert_lt(strlen(given), sizeof(text));
	strcpy(text, given);
	return janus__mounts_parse(text, strlen(text), &mounts);
}

static uint64_t seen_at(const char *point)
{
	const struct janus__mount *mount = janus__mounts_find_point(&mounts, point);

	return mount ? mount->id : 0;
}

Test(mounts, takes_a_line_apart)
{
	cr_assert_eq(
		parse("36 35 98:5 /sub /mnt rw,noatime master:1 - ext3 /dev/root rw\n"),
		0);
	cr_assert_eq(mounts.count, 1);
	cr_assert_eq(mounts.list[0].id, 36);
	cr_assert_eq(mounts.list[0].parent, 35);
	cr_assert_eq(mounts.list[0].device, makedev(98, 5));
	cr_assert_str_eq(mounts.list[0].root, "/sub");
	cr_assert_str_eq(mounts.list[0].point, "/mnt");
	cr_assert_str_eq(mounts.list[0].type, "ext3");
}

Test(mounts, takes_any_number_of_optional_fields)
{
	cr_assert_eq(parse("1 0 0:1 / / rw - a b c\n"
			   "2 1 0:2 / /b rw shared:1 - b none rw\n"
			   "3 1 0:3 / /c rw shared:1 master:2 propagate_from:3 - c x y\n"
			   "4 1 0:4 / /d rw new_one -x - d  rw\n"),
		     0);
	cr_assert_eq(mounts.count, 4);
	cr_assert_str_eq(mounts.list[0].type, "a");
	cr_assert_str_eq(mounts.list[1].type, "b");
	cr_assert_str_eq(mounts.list[2].type, "c");
	cr_assert_str_eq(mounts.list[3].type, "d");
}

Test(mounts, unescapes_what_the_kernel_escapes)
{
	cr_assert_eq(parse("1 0 0:1 /a\\040b\\011c\\012 /d\\134040\\134 rw - "
			   "fuse.a\\043b s o\n"),
		     0);
	cr_assert_str_eq(mounts.list[0].root, "/a b\tc\n");
	cr_assert_str_eq(mounts.list[0].point, "/d\\040\\");
	cr_assert_str_eq(mounts.list[0].type, "fuse.a#b");
}

Test(mounts, leaves_other_backslashes_alone)
{
	cr_assert_eq(parse("1 0 0:1 /\\000\\400 /\\04\\8\\ rw - \\09a s o\n"), 0);
	cr_assert_str_eq(mounts.list[0].root, "/\\000\\400");
	cr_assert_str_eq(mounts.list[0].point, "/\\04\\8\\");
	cr_assert_str_eq(mounts.list[0].type, "\\09a");
}

Test(mounts, escaped_blanks_end_no_field)
{
	cr_assert_eq(parse("1 0 0:1 / /a\\040-\\040nfs rw - tmpfs a\\040-\\040nfs rw\n"),
		     0);
	cr_assert_str_eq(mounts.list[0].point, "/a - nfs");
	cr_assert_str_eq(mounts.list[0].type, "tmpfs");
}

Test(mounts, takes_roots_that_are_no_paths)
{
	cr_assert_eq(parse("1 0 0:4 net:[4026531840] /run/netns/a rw - nsfs nsfs rw\n"),
		     0);
	cr_assert_str_eq(mounts.list[0].root, "net:[4026531840]");
}

Test(mounts, rejects_what_the_kernel_does_not_write)
{
	const char *const lines[] = {
		"\n",
		" \n",
		"1 0 0:1 / / rw - a b c", /* cut */
		"1 0 0:1 / / rw - a\n",   /* cut */
		"1 0 0:1 / / rw -\n",
		"1 0 0:1 / / rw a b c\n",
		"1 0 0:1 / /\n",
		"x 0 0:1 / / rw - a b c\n",
		"-1 0 0:1 / / rw - a b c\n",
		" 0 0:1 / / rw - a b c\n",
		"1 0x 0:1 / / rw - a b c\n",
		"1 0 01 / / rw - a b c\n",
		"1 0 0:1x / / rw - a b c\n",
		"1 0 :1 / / rw - a b c\n",
		"1 0 0: / / rw - a b c\n",
		"1 0 4294967296:1 / / rw - a b c\n",
		"18446744073709551616 0 0:1 / / rw - a b c\n",
		"1 0 0:1  / rw - a b c\n",
		"1 0 0:1 / a rw - a b c\n",
		"1 0 0:1 / / rw -  b c\n",
		"1 0 0:1 / / rw - a b c\n\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		mounts.count = 4711;
		strcpy(text, lines[i]);
		cr_assert_eq(janus__mounts_parse(text, strlen(text), &mounts), -EBADMSG,
			     "%s", lines[i]);
		cr_assert_eq(mounts.count, 4711);
	}
}

Test(mounts, rejects_a_nul)
{
	memcpy(text, "1 0 0:1 / /\0a rw - a b c\n", 26);
	cr_assert_eq(janus__mounts_parse(text, 25, &mounts), -EBADMSG);
}

Test(mounts, takes_the_largest_numbers)
{
	cr_assert_eq(parse("18446744073709551615 0 4095:1048575 / / rw - a b c\n"), 0);
	cr_assert_eq(mounts.list[0].id, UINT64_MAX);
	cr_assert_eq(mounts.list[0].device, makedev(4095, 1048575));
}

Test(mounts, nothing_mounted_is_no_error)
{
	cr_assert_eq(parse(""), 0);
	cr_assert_eq(mounts.count, 0);
	cr_assert_null(janus__mounts_find(&mounts, 0));
	cr_assert_null(janus__mounts_find_point(&mounts, "/"));
}

Test(mounts, finds_by_id_and_by_device)
{
	cr_assert_eq(parse("1 0 8:1 / / rw - ext4 b c\n"
			   "2 1 0:7 / /a rw - tmpfs b c\n"
			   "3 1 0:7 / /b rw - tmpfs b c\n"),
		     0);
	cr_assert_str_eq(janus__mounts_find(&mounts, 3)->point, "/b");
	cr_assert_null(janus__mounts_find(&mounts, 0));
	cr_assert_eq(janus__mounts_find_device(&mounts, makedev(0, 7))->id, 2);
	cr_assert_null(janus__mounts_find_device(&mounts, makedev(7, 0)));
}

Test(mounts, finds_what_is_mounted_at_a_point)
{
	cr_assert_eq(parse("1 0 8:1 / / rw - ext4 b c\n"
			   "2 1 0:7 / /a rw - tmpfs b c\n"
			   "3 2 0:8 / /a/b/c rw - tmpfs b c\n"
			   "4 1 0:9 / /ab rw - tmpfs b c\n"),
		     0);
	cr_assert_eq(seen_at("/"), 1);
	cr_assert_eq(seen_at("/a"), 2);
	cr_assert_eq(seen_at("/a/b/c"), 3);
	cr_assert_eq(seen_at("/ab"), 4);
	cr_assert_eq(seen_at("/a/b"), 0);
	cr_assert_eq(seen_at("/a/b/c/d"), 0);
	cr_assert_eq(seen_at("/b"), 0);
}

Test(mounts, the_upper_of_a_stack_is_seen_whatever_the_order)
{
	cr_assert_eq(parse("1 0 8:1 / / rw - ext4 b c\n"
			   "2 1 0:7 / /a rw - tmpfs b c\n"
			   "3 2 0:8 / /a rw - tmpfs b c\n"),
		     0);
	cr_assert_eq(seen_at("/a"), 3);
	/* Put beneath: the younger one carries the older. */
	cr_assert_eq(parse("1 0 8:1 / / rw - ext4 b c\n"
			   "2 3 0:7 / /a rw - tmpfs b c\n"
			   "3 1 0:8 / /a rw - tmpfs b c\n"),
		     0);
	cr_assert_eq(seen_at("/a"), 2);
	cr_assert_eq(parse("1 1 0:1 / / rw - rootfs b c\n"
			   "2 1 8:1 / / rw - ext4 b c\n"
			   "3 2 0:8 / /a rw - tmpfs b c\n"),
		     0);
	cr_assert_eq(seen_at("/"), 2);
	cr_assert_eq(seen_at("/a"), 3);
}

Test(mounts, a_mount_further_up_hides_those_below)
{
	cr_assert_eq(parse("1 0 8:1 / / rw - ext4 b c\n"
			   "2 1 0:7 / /a/b rw - tmpfs b c\n"
			   "3 1 0:8 / /a rw - tmpfs b c\n"),
		     0);
	cr_assert_eq(seen_at("/a"), 3);
	cr_assert_eq(seen_at("/a/b"), 0);
}

Test(mounts, a_root_that_is_no_mount_point_does_not_matter)
{
	cr_assert_eq(parse("5 1 0:7 / /a rw - tmpfs b c\n"
			   "6 5 0:8 / /a/b rw - tmpfs b c\n"),
		     0);
	cr_assert_eq(seen_at("/a"), 5);
	cr_assert_eq(seen_at("/a/b"), 6);
	cr_assert_eq(seen_at("/"), 0);
}

Test(mounts, knows_what_others_serve)
{
	const char *const stalls[] = { "fuse",  "fuseblk", "fuse.sshfs", "nfs",
				       "nfs4",  "9p",      "cifs",       "smb3",
				       "ceph",  "autofs",  "afs",        "coda",
				       "smbfs", "virtiofs" };
	const char *const stays[] = { "ext4",  "tmpfs", "overlay", "fusectl", "nfsd",
				      "nfs4x", "xfs",   "",        "gfs2",    "lustre" };
	struct janus__mount mount = { 0 };

	for (size_t i = 0; i < sizeof(stalls) / sizeof(stalls[0]); i++) {
		mount.type = stalls[i];
		cr_assert(janus__mount_stalls(&mount), "%s", stalls[i]);
	}
	for (size_t i = 0; i < sizeof(stays) / sizeof(stays[0]); i++) {
		mount.type = stays[i];
		cr_assert_not(janus__mount_stalls(&mount), "%s", stays[i]);
	}
}

/* @count mounts below /, each with a long name. */
static void write_many(int32_t pid, unsigned int count)
{
	char *file = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&file, &size);

	cr_assert_not_null(stream);
	fputs("1 0 8:1 / / rw - ext4 b c\n", stream);
	for (unsigned int i = 2; i <= count; i++)
		fprintf(stream, "%u 1 0:%u / /%0200u rw - tmpfs b c\n", i, i, i);
	fclose(stream);
	fake_proc_write(pid, "mountinfo", file);
	free(file);
}

Test(mounts, reads_a_file_of_any_length)
{
	write_many(7, 1000);
	cr_assert_eq(janus__mounts_read(&proc, 7, &mounts), 0);
	cr_assert_eq(mounts.count, 1000);
	for (unsigned int i = 2; i <= 1000; i++) {
		cr_assert_eq(mounts.list[i - 1].id, i);
		cr_assert_eq(strtoul(mounts.list[i - 1].point + 1, NULL, 10), i);
	}
	cr_assert_eq(opens, 1);
	cr_assert_eq(closes, 1);
}

Test(mounts, number_zero_is_this_process)
{
	char self[128], to[32];

	snprintf(self, sizeof(self), "%s/self", folder);
	snprintf(to, sizeof(to), "%d", 9);
	write_many(9, 1);
	cr_assert_eq(symlink(to, self), 0);
	cr_assert_eq(janus__mounts_read(&proc, 0, &mounts), 0);
	cr_assert_eq(mounts.count, 1);
}

Test(mounts, reads_the_real_one)
{
	struct janus__proc real;
	struct stat st;

	cr_assert_eq(janus__proc_open(&kernel, "/proc", &real), 0);
	cr_assert_eq(janus__mounts_read(&real, 0, &mounts), 0);
	janus__proc_done(&real);
	cr_assert_eq(stat("/proc", &st), 0);
	cr_assert_str_eq(janus__mounts_find_device(&mounts, st.st_dev)->type, "proc");
	cr_assert_str_eq(janus__mounts_find_point(&mounts, "/proc")->type, "proc");
}

Test(mounts, says_that_a_process_is_gone)
{
	cr_assert_eq(janus__mounts_read(&proc, 12, &mounts), -ESRCH);
	cr_assert_eq(janus__mounts_read(&proc, -1, &mounts), -ESRCH);
	write_many(12, 100);
	read_error = -EINVAL;
	cr_assert_eq(janus__mounts_read(&proc, 12, &mounts), -ESRCH);
	cr_assert_eq(closes, opens);
}

Test(mounts, a_failed_read_tells_nothing_and_closes)
{
	write_many(12, 100);
	read_error = -EACCES;
	mounts.count = 4711;
	cr_assert_eq(janus__mounts_read(&proc, 12, &mounts), -EACCES);
	cr_assert_eq(mounts.count, 4711);
	cr_assert_eq(opens, 1);
	cr_assert_eq(closes, 1);
}

Test(mounts, a_malformed_file_tells_nothing)
{
	fake_proc_write(12, "mountinfo", "1 0 8:1 / / rw - ext4 b c\nnonsense\n");
	mounts.count = 4711;
	cr_assert_eq(janus__mounts_read(&proc, 12, &mounts), -EBADMSG);
	cr_assert_eq(mounts.count, 4711);
}

static ssize_t endless_read(int fd, void *buf, size_t size)
{
	(void)fd;
	memset(buf, '\n', size);
	return (ssize_t)size;
}

Test(mounts, gives_an_endless_file_up)
{
	write_many(12, 1);
	kernel.read = endless_read;
	cr_assert_eq(janus__mounts_read(&proc, 12, &mounts), -EFBIG);
	cr_assert_eq(closes, 1);
}

Test(mounts, survives_each_allocation_that_fails)
{
	size_t nth;
	long before;

	write_many(7, 300);
	before = allocations_live();
	for (nth = 1;; nth++) {
		int err;

		allocations_fail(nth);
		err = janus__mounts_read(&proc, 7, &mounts);
		if (!allocations_failed()) {
			cr_assert_eq(err, 0);
			break;
		}
		cr_assert_eq(err, -ENOMEM);
		cr_assert_eq(allocations_live(), before);
	}
	allocations_fail(0);
	/* The text, at least one time that it grows, the list. */
	cr_assert_geq(nth, 4);
	cr_assert_eq(mounts.count, 300);
	janus__mounts_done(&mounts);
	cr_assert_eq(allocations_live(), before);
	cr_assert_eq(opens, closes);
}
