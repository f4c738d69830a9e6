// SPDX-License-Identifier: MIT
/*
 * On a folder of its own: what a way leads through are real directories.
 */
#include "reach.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct janus__root root;
static char passed[4096], arrived[4096];

static void make(const char *path)
{
	char whole[256];
	size_t length = (size_t)snprintf(whole, sizeof(whole), "%s%s", folder, path);

	if (whole[length - 1] == '/')
		cr_assert_eq(mkdir(whole, 0755), 0, "%s", whole);
	else
		cr_assert_eq(mknod(whole, S_IFREG | 0644, 0), 0, "%s", whole);
}

static void make_link(const char *path, const char *to)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", folder, path);
	cr_assert_eq(symlink(to, whole), 0);
}

static void setup(void)
{
	const char *const paths[] = { "/a/",    "/a/b/",   "/a/b/c/", "/a/b/c/x",
				      "/a/b/x", "/a/x",    "/d/",     "/d/b/",
				      "/d/b/y", "/star*/", "/star*/x" };

	snprintf(folder, sizeof(folder), "/tmp/janus-reach-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		make(paths[i]);
	root = (struct janus__root){ .fd.kernel = &janus__kernel_linux };
	root.fd.fd = janus__kernel_linux.openat(AT_FDCWD, folder,
						O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(root.fd.fd, 0);
}

static int remove_entry(const char *path, const struct stat *st, int kind,
			struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	janus__root_done(&root);
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(reach, .init = setup, .fini = teardown);

static void append(char *list, const char *what)
{
	cr_assert_lt(strlen(list) + strlen(what) + 2, sizeof(passed));
	strcat(strcat(list, what), " ");
}

static void pass(void *userdata, int fd, const char *name)
{
	char link[64], path[256], shown[512];
	ssize_t length;

	(void)userdata;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	cr_assert_gt(length, 0);
	path[length] = '\0';
	snprintf(shown, sizeof(shown), "%s:%s", path + strlen(folder), name);
	append(passed, shown);
}

static void arrive(void *userdata, const char *path)
{
	(void)userdata;
	append(arrived, path);
}

static bool has(const char *list, const char *what)
{
	char wanted[256], all[sizeof(passed) + 1];

	snprintf(wanted, sizeof(wanted), " %s ", what);
	snprintf(all, sizeof(all), " %s", list);
	return strstr(all, wanted);
}

static size_t count(const char *list)
{
	size_t words = 0;

	for (; *list; list++)
		words += *list == ' ';
	return words;
}

static void reach(const char *path, bool pattern)
{
	const struct janus__reach go = {
		.root = &root,
		.path = path,
		.pattern = pattern,
		.pass = pass,
		.arrive = arrive,
	};

	passed[0] = arrived[0] = '\0';
	cr_assert_eq(janus__reach(&go), 0);
}

Test(reach, a_literal_path_leads_to_one_place)
{
	reach("/a/b/x", false);
	cr_assert_str_eq(arrived, "/a/b/x ");
	cr_assert_str_eq(passed, ":a /a:b /a/b:x ");
}

Test(reach, what_is_not_there_is_awaited_where_the_way_ends)
{
	reach("/a/no/x", false);
	cr_assert_str_eq(arrived, "/a/no/x ");
	cr_assert(has(passed, ":a"));
	cr_assert(has(passed, "/a:no"));
	cr_assert_eq(count(passed), 2);
}

Test(reach, a_literal_path_means_its_stars)
{
	reach("/star*/x", false);
	cr_assert_str_eq(arrived, "/star*/x ");
	reach("/star\\*/x", true);
	cr_assert_str_eq(arrived, "/star*/x ");
}

Test(reach, a_star_stands_for_each_name)
{
	reach("/*/b/x", true);
	cr_assert(has(arrived, "/a/b/x"));
	cr_assert(has(passed, ":*"));
	cr_assert(has(passed, "/a:b"));
	cr_assert(has(passed, "/d:b"));
	cr_assert(has(passed, "/star*:b"));
	cr_assert(has(passed, "/d/b:x"));
}

Test(reach, a_last_star_arrives_at_each_entry)
{
	reach("/a/b/*", true);
	cr_assert_eq(count(arrived), 2);
	cr_assert(has(arrived, "/a/b/c"));
	cr_assert(has(arrived, "/a/b/x"));
}

Test(reach, two_stars_stand_for_any_depth)
{
	reach("/a/**/x", true);
	cr_assert(has(arrived, "/a/x"));
	cr_assert(has(arrived, "/a/b/x"));
	cr_assert(has(arrived, "/a/b/c/x"));
	cr_assert(has(passed, "/a:*"));
	cr_assert(has(passed, "/a/b/c:x"));
}

Test(reach, no_link_leads_out_of_the_root)
{
	make_link("/out", "/a");
	make_link("/up", "../../../../a");
	reach("/out/b/x", false);
	cr_assert(has(passed, "/a/b:x"));
	reach("/up/b/x", false);
	cr_assert(has(passed, "/a/b:x"));
}

Test(reach, a_link_to_a_directory_is_not_gone_through_by_two_stars)
{
	make_link("/a/loop", "/a");
	reach("/a/**/x", true);
	cr_assert_null(strstr(arrived, "loop"));
}

Test(reach, the_root_itself_is_reached)
{
	reach("/", false);
	cr_assert_str_eq(arrived, "/ ");
}
