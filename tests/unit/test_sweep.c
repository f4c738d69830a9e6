// SPDX-License-Identifier: MIT
#include "sweep.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make_tree.h"

#define FILES 2000

static struct janus__kernel kernel;
static struct janus__proc proc = { .kernel = &kernel, .fd = 900 };
static struct janus__counters counters;
static struct janus__fresh fresh;
static struct janus__marker marker;
static struct janus__node *root;

static char *text; /* of the fdinfo */
static size_t text_length, text_at, piece;
static int opens, closes, open_error, read_error;

static int scripted_openat(int dirfd, const char *path, int flags)
{
	(void)flags;
	cr_assert_eq(dirfd, 900);
	cr_assert_str_eq(path, "self/fdinfo/50");
	opens++;
	text_at = 0;
	return open_error ? open_error : 1000;
}

static ssize_t scripted_read(int fd, void *buf, size_t size)
{
	size_t length = text_length - text_at;

	cr_assert_eq(fd, 1000);
	if (text_at && read_error)
		return read_error;
	length = length < piece ? length : piece;
	length = length < size ? length : size;
	memcpy(buf, text + text_at, length);
	text_at += length;
	return (ssize_t)length;
}

static int scripted_close(int fd)
{
	cr_assert_eq(fd, 1000);
	closes++;
	return 0;
}

static void setup(void)
{
	make_trees_setup();
	kernel.openat = scripted_openat;
	kernel.read = scripted_read;
	kernel.close = scripted_close;
	marker = (struct janus__marker){
		.kernel = &kernel,
		.proc = &proc,
		.counters = &counters,
		.trees = &make_trees,
		.fresh = &fresh,
		.group_fd = 50,
	};
	root = make_root(make_tree((struct make_rule){
				 .deny = true, .flags = JANUS_SUBJECT_RECURSIVE }),
			 "/a", 1, 0);
	for (uint64_t i = 0; i < FILES; i++)
		make_child(root, "f", 100 + i, JANUS__NODE_FILE);
	piece = 4096;
}

static void teardown(void)
{
	free(text);
	make_trees_teardown();
}

TestSuite(sweep, .init = setup, .fini = teardown);

/* An fdinfo in which every @step-th file is still marked. */
static void write_marks(size_t step)
{
	FILE *stream;

	free(text);
	stream = open_memstream(&text, &text_length);
	cr_assert_not_null(stream);
	fputs("pos:\t0\nflags:\t02\nmnt_id:\t17\nino:\t1038\n"
	      "fanotify flags:25 event-flags:8000\n",
	      stream);
	for (size_t i = 0; i < FILES; i += step) {
		const unsigned char *bytes = make_fid(100 + i)->bytes;

		fprintf(stream,
			"fanotify ino:%zx sdev:28 mflags:0 mask:40010000 ignored_mask:0 "
			"fhandle-bytes:8 fhandle-type:1 f_handle:",
			i);
		for (size_t j = 0; j < 8; j++)
			fprintf(stream, "%02x", bytes[j]);
		fputc('\n', stream);
	}
	fclose(stream);
}

static void sweep_after(size_t ends)
{
	for (size_t i = 0; i < ends; i++)
		janus__sweep_note(&make_trees);
	janus__sweep(&marker);
	cr_assert_eq(closes, open_error ? 0 : opens);
}

Test(sweep, forgets_what_is_not_marked_any_more)
{
	write_marks(4);
	sweep_after(1025);
	cr_assert_eq(opens, 1);
	cr_assert_eq(make_trees.file_count, FILES / 4);
	for (uint64_t i = 0; i < FILES; i++)
		cr_assert_eq(!janus__trees_find(&make_trees, make_fid(100 + i), NULL),
			     i % 4 != 0);
	cr_assert_eq(make_trees.directory_count, 1);
}

Test(sweep, reads_lines_that_are_cut_anywhere)
{
	for (piece = 1; piece < 400; piece += 57) {
		write_marks(2);
		sweep_after(1025);
		cr_assert_eq(make_trees.file_count, FILES / 2);
		for (uint64_t i = 1; i < FILES; i += 2)
			make_child(root, "f", 100 + i, JANUS__NODE_FILE);
	}
}

Test(sweep, waits_until_it_is_worth_it)
{
	write_marks(4);
	sweep_after(1024);
	cr_assert_eq(opens, 0);
	sweep_after(1);
	cr_assert_eq(opens, 1);
	sweep_after(1);
	cr_assert_eq(opens, 1);
}

Test(sweep, looks_for_itself_after_an_overflow)
{
	write_marks(4);
	counters.overflows = 1;
	sweep_after(0);
	cr_assert_eq(opens, 1);
	cr_assert_eq(make_trees.file_count, FILES / 4);
	sweep_after(0);
	cr_assert_eq(opens, 1);
}

Test(sweep, in_doubt_everything_stays)
{
	write_marks(4);
	open_error = -EMFILE;
	sweep_after(1025);
	cr_assert_eq(opens, 1);
	open_error = 0;
	closes = 1;
	read_error = -ENOMEM;
	sweep_after(1025);
	cr_assert_eq(opens, 2);
	read_error = 0;
	text_length -= 10; /* the last line has no end */
	sweep_after(1025);
	cr_assert_eq(opens, 3);
	cr_assert_eq(make_trees.file_count, FILES);
}

Test(sweep, an_fdinfo_without_marks_means_that_all_have_gone)
{
	write_marks(FILES);
	text_length = (size_t)(strstr(text, "fanotify ino") - text);
	sweep_after(1025);
	cr_assert_eq(make_trees.file_count, 0);
}

/* Handles of overlayfs: of a lower file, and of an upper one. */
static void make_overlay_files(void)
{
	unsigned char bytes[36] = { 0, 0, 0, 0, 0xfb, 33 };
	struct janus__fid fid = { .fsid = 7, .type = 0xf8, .length = 36, .bytes = bytes };
	struct janus__node_facts facts = {
		.fid = &fid, .parent = root, .name = "f", .flags = JANUS__NODE_FILE
	};

	facts.name_length = 1;
	for (int upper = 0; upper < 2; upper++) {
		bytes[6] = upper ? 0x04 : 0;
		cr_assert_not_null(janus__node_create(&make_trees, root->tree, &facts));
	}
}

Test(sweep, lower_files_of_an_overlay_stay)
{
	make_overlay_files();
	write_marks(4);
	sweep_after(1025);
	cr_assert_eq(make_trees.file_count, FILES / 4 + 1);
}

Test(sweep, all_files_of_overlays_stay_where_some_handle_was_not_told)
{
	const char *nameless = "\nfanotify ino:5 sdev:28 mflags:0 mask:1 ";
	char *line;

	make_overlay_files();
	write_marks(4);
	line = strstr(text, "\nfanotify ino");
	memcpy(line, nameless, strlen(nameless));
	for (line += strlen(nameless); *line != '\n'; line++)
		*line = ' ';
	sweep_after(1025);
	cr_assert_eq(make_trees.file_count, FILES / 4 - 1 + 2);
}

Test(sweep, files_that_rules_name_stay)
{
	make_root(root->tree, "/file", 5000, JANUS__NODE_FILE);
	write_marks(4);
	sweep_after(1025);
	cr_assert_not_null(janus__trees_find(&make_trees, make_fid(5000), NULL));
}

static bool parse(const char *line, struct janus__sweep_mark *ret)
{
	memset(ret, 0xff, sizeof(*ret));
	return janus__sweep_parse(line, strlen(line), ret);
}

#define HEAD "fanotify ino:a sdev:28 mflags:0 mask:40010000 ignored_mask:0"

Test(sweep, a_line_tells_a_handle)
{
	struct janus__sweep_mark mark;

	cr_assert(parse(HEAD " fhandle-bytes:c fhandle-type:f8 "
			     "f_handle:5f8173380a0000000000000f",
			&mark));
	cr_assert_eq(mark.length, 12);
	cr_assert_eq(mark.type, 0xf8);
	cr_assert_eq(mark.bytes[0], 0x5f);
	cr_assert_eq(mark.bytes[11], 0x0f);
}

Test(sweep, a_line_without_a_whole_handle_tells_of_an_inode_only)
{
	const char *const lines[] = {
		HEAD,
		HEAD " fhandle-bytes:2 fhandle-type:1 f_handle:ab",
		HEAD " fhandle-bytes:1 fhandle-type:1 f_handle:abcd",
		HEAD " fhandle-bytes:1 fhandle-type:1 f_handle:aB",
		HEAD " fhandle-bytes: fhandle-type:1 f_handle:ab",
		HEAD " fhandle-bytes:1 fhandle-type:fffffff1 f_handle:ab",
		HEAD " fhandle-bytes:100000001 fhandle-type:1 f_handle:ab",
		HEAD " fhandle-bytes:1 f_handle:ab",
		HEAD " fhandle-bytes:0 fhandle-type:1 f_handle:",
	};
	struct janus__sweep_mark mark;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_assert(parse(lines[i], &mark), "%s", lines[i]);
		cr_assert_eq(mark.length, 0, "%s", lines[i]);
	}
}

Test(sweep, other_lines_tell_of_no_inode)
{
	const char *const lines[] = { "",
				      "fanotify",
				      "fanotify flags:25 event-flags:8000",
				      "fanotify mnt_id:17 mflags:0 mask:1 ignored_mask:0",
				      "fanotify sdev:28 mflags:0 mask:1 ignored_mask:0",
				      "ino:\t1038",
				      " " HEAD };
	struct janus__sweep_mark mark;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert_not(parse(lines[i], &mark), "%s", lines[i]);
}
