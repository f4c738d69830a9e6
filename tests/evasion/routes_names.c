// SPDX-License-Identifier: MIT
/*
 * Other names for a file: relative ones, links, and names it is given by rename.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "routes.h"

int open_flags(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int open_it(const char *path)
{
	return open_flags(path, O_RDONLY);
}

static int open_plain(void)
{
	return open_it(at(SECRET));
}

static int open_relative(void)
{
	MUST(chdir(at("/tree/a")));
	return open_it("b/secret");
}

static int open_by_dots(void)
{
	int directory =
		(int)MUST(open(at("/tree/a/b"), O_PATH | O_DIRECTORY | O_CLOEXEC));
	int fd = openat(directory, "../../a/.//b/../b/secret", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int open_by_relative_link(void)
{
	MUST(symlink("../tree/a/b/secret", at("/out/link")));
	return open_it(at("/out/link"));
}

static int open_by_absolute_link(void)
{
	MUST(symlink(at(SECRET), "/tmp/link"));
	return open_it("/tmp/link");
}

static int open_by_links(void)
{
	MUST(symlink(at(TREE), "/tmp/1"));
	MUST(symlink("1/a", "/tmp/2"));
	MUST(symlink("../tmp/2/b", "/tmp/3"));
	MUST(symlink("/tmp/3/secret", "/tmp/4"));
	return open_it("/tmp/4");
}

static int open_twin(void)
{
	return open_it(at("/out/twin"));
}

static int write_twin(void)
{
	return open_flags(at("/out/twin"), O_RDWR);
}

static int open_twin_copied_up(void)
{
	MUST(chmod(at("/out/twin"), 0600));
	return open_it(at("/out/twin"));
}

static int open_beside_twin_copied_up(void)
{
	MUST(chmod(at("/out/twin"), 0600));
	return open_it(at("/tree/a/b/twin"));
}

static int link_outside(void)
{
	MUST(link(at(SECRET), at("/out/linked")));
	return 0;
}

static int open_linked_outside(void)
{
	return open_it(at("/out/linked"));
}

static int link_outside_and_open(void)
{
	link_outside();
	return open_linked_outside();
}

static int link_inside_and_open(void)
{
	MUST(link(at(SECRET), at("/tree/linked")));
	return open_it(at("/tree/linked"));
}

/* The guarded name goes, the other one stays. */
static int link_outside_and_unlink(void)
{
	link_outside();
	MUST(unlink(at(SECRET)));
	return open_linked_outside();
}

static int move_file_out(void)
{
	MUST(rename(at(SECRET), at("/out/moved")));
	return open_it(at("/out/moved"));
}

static int move_directory_out(void)
{
	MUST(rename(at("/tree/a"), at("/out/a")));
	return open_it(at("/out/a/b/secret"));
}

static int move_tree_away(void)
{
	MUST(rename(at(TREE), at("/out/tree")));
	return open_it(at("/out" SECRET));
}

/* On its way it is in directories that are all new. */
static int move_out_through_new_directories(void)
{
	MUST(mkdir(at("/tree/x"), 0755));
	MUST(mkdir(at("/tree/x/y"), 0755));
	MUST(rename(at("/tree/a/b"), at("/tree/x/y/b")));
	MUST(rename(at("/tree/x"), at("/out/x")));
	return open_it(at("/out/x/y/b/secret"));
}

static int exchange_directories(void)
{
	MUST(mkdir(at("/out/empty"), 0755));
	MUST(renameat2(AT_FDCWD, at("/tree/a"), AT_FDCWD, at("/out/empty"),
		       RENAME_EXCHANGE));
	return open_it(at("/out/empty/b/secret"));
}

static int exchange_files(void)
{
	MUST(renameat2(AT_FDCWD, at(SECRET), AT_FDCWD, at("/out/foreign"),
		       RENAME_EXCHANGE));
	return open_it(at("/out/foreign"));
}

static int move_file_in(void)
{
	MUST(rename(at("/out/foreign"), at("/tree/a/foreign")));
	return open_it(at("/tree/a/foreign"));
}

static int move_file_over(void)
{
	MUST(rename(at("/out/foreign"), at(SECRET)));
	return open_it(at(SECRET));
}

static int make_foreign_directory(void)
{
	MUST(mkdir(at("/out/d"), 0755));
	MUST(mkdir(at("/out/d/e"), 0755));
	make_file(at("/out/d/e/file"));
	return 0;
}

static int move_directory_in(void)
{
	MUST(rename(at("/out/d"), at("/tree/a/d")));
	return open_it(at("/tree/a/d/e/file"));
}

static int open_when_copied_up(void)
{
	MUST(chmod(at(SECRET), 0600));
	return open_it(at(SECRET));
}

static int open_where_directories_are_copied_up(void)
{
	MUST(chmod(at("/tree/a/b"), 0700));
	MUST(chmod(at("/tree/a"), 0700));
	return open_it(at(SECRET));
}

static int open_below_chroot(void)
{
	MUST(chroot(at("/tree/a/b")));
	return open_it("/secret");
}

static const struct route routes[] = {
	{ "plain path", NULL, open_plain, 0, 0 },
	{ "relative path", NULL, open_relative, 0, 0 },
	{ "openat with ..", NULL, open_by_dots, 0, 0 },
	{ "relative symlink", NULL, open_by_relative_link, 0, 0 },
	{ "absolute symlink", NULL, open_by_absolute_link, 0, 0 },
	{ "chain of symlinks", NULL, open_by_links, 0, 0 },
	{ "chroot into the tree", NULL, open_below_chroot, 0, 0 },
	{ "hard link from the start", NULL, open_twin, 0, 0 },
	{ "writing to a hard link from the start", NULL, write_twin, 0, 0 },
	{ "hard link that is copied up", NULL, open_twin_copied_up, 0, 0 },
	{ "hard link whose twin is copied up", NULL, open_beside_twin_copied_up, 0, 0 },
	{ "hard link made before the guard", link_outside, open_linked_outside, 0, 0 },
	{ "hard link made after it", NULL, link_outside_and_open, 0, 0 },
	{ "hard link made after it in the tree", NULL, link_inside_and_open, 0, 0 },
	{ "hard link when the guarded name is gone", NULL, link_outside_and_unlink, 0,
	  0 },
	{ "file moved out", NULL, move_file_out, 0, 0 },
	{ "directory moved out", NULL, move_directory_out, 0, LAYERED },
	{ "tree moved away", NULL, move_tree_away, 0, LAYERED },
	{ "moved out in new directories", NULL, move_out_through_new_directories, 0,
	  LAYERED },
	{ "directory exchanged with one outside", NULL, exchange_directories, 0,
	  LAYERED },
	{ "file exchanged with one outside", NULL, exchange_files, 0, 0 },
	{ "file moved in", NULL, move_file_in, 0, 0 },
	{ "file moved over a guarded one", NULL, move_file_over, 0, 0 },
	{ "directory moved in", make_foreign_directory, move_directory_in, 0, 0 },
	{ "file copied up", NULL, open_when_copied_up, 0, 0 },
	{ "directories copied up", NULL, open_where_directories_are_copied_up, 0, 0 },
};

const struct route_table name_routes = ROUTE_TABLE(routes);
