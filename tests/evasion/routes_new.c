// SPDX-License-Identifier: MIT
/*
 * What is new in the tree since the guard came, and opened at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "routes.h"

/* Made without opening it. */
static void make_node(const char *path)
{
	MUST(mknod(path, S_IFREG | 0644, 0));
}

static void make_deep_directory(void)
{
	MUST(mkdir(at("/tree/a/1"), 0755));
	MUST(mkdir(at("/tree/a/1/2"), 0755));
	MUST(mkdir(at("/tree/a/1/2/3"), 0755));
	MUST(mkdir(at("/tree/a/1/2/3/4"), 0755));
}

static int open_new_file(void)
{
	make_node(at("/tree/a/new"));
	return open_it(at("/tree/a/new"));
}

static int create_new_file(void)
{
	return open_flags(at("/tree/a/new"), O_RDWR | O_CREAT | O_EXCL);
}

static int open_unnamed_file(void)
{
	return open_flags(at("/tree/a"), O_RDWR | O_TMPFILE);
}

static int open_in_new_directories(void)
{
	make_deep_directory();
	make_node(at("/tree/a/1/2/3/4/new"));
	return open_it(at("/tree/a/1/2/3/4/new"));
}

static int create_in_new_directories(void)
{
	make_deep_directory();
	return open_flags(at("/tree/a/1/2/3/4/new"), O_RDWR | O_CREAT | O_EXCL);
}

static int list_new_directories(void)
{
	make_deep_directory();
	return open_flags(at("/tree/a/1/2/3/4"), O_RDONLY | O_DIRECTORY);
}

/* The first opening is of a name outside of the tree. */
static int move_out_of_new_directories(void)
{
	make_deep_directory();
	make_node(at("/tree/a/1/2/3/4/new"));
	MUST(rename(at("/tree/a/1/2/3/4/new"), at("/tree/a/1/new")));
	return open_it(at("/tree/a/1/new"));
}

static int move_into_new_directories(void)
{
	make_deep_directory();
	MUST(rename(at("/out/foreign"), at("/tree/a/1/2/3/4/foreign")));
	return open_it(at("/tree/a/1/2/3/4/foreign"));
}

static int link_into_new_directories(void)
{
	make_deep_directory();
	MUST(link(at("/out/foreign"), at("/tree/a/1/2/3/4/foreign")));
	return open_it(at("/tree/a/1/2/3/4/foreign"));
}

static int leave_and_open_in_new_directories(void)
{
	MUST(unshare(CLONE_NEWNS));
	return open_in_new_directories();
}

static int bind_and_open_in_new_directories(void)
{
	MUST(mount(at("/tree/a"), "/bound", NULL, MS_BIND, NULL));
	make_deep_directory();
	make_node("/bound/1/2/3/4/new");
	return open_it("/bound/1/2/3/4/new");
}

static int remake_and_open(void)
{
	MUST(rename(at("/tree/a"), at("/out/former")));
	MUST(mkdir(at("/tree/a"), 0755));
	make_node(at("/tree/a/new"));
	return open_it(at("/tree/a/new"));
}

static const struct route routes[] = {
	{ "new file", NULL, open_new_file, 0, 0 },
	{ "new file by O_CREAT", NULL, create_new_file, 0, 0 },
	{ "O_TMPFILE", NULL, open_unnamed_file, 0, 0 },
	{ "new directories", NULL, open_in_new_directories, 0, 0 },
	{ "new directories, O_CREAT", NULL, create_in_new_directories, 0, 0 },
	{ "new directory listed", NULL, list_new_directories, 0, 0 },
	{ "moved up from new directories", NULL, move_out_of_new_directories, 0, 0 },
	{ "moved into new directories", NULL, move_into_new_directories, 0, 0 },
	{ "linked into new directories", NULL, link_into_new_directories, 0, 0 },
	{ "mount namespace, new directories", NULL, leave_and_open_in_new_directories, 0,
	  BESIDE_THE_MOUNT },
	{ "bind, new directories", NULL, bind_and_open_in_new_directories, 0,
	  BESIDE_THE_MOUNT },
	{ "directory made anew", NULL, remake_and_open, 0, LAYERED },
};

const struct route_table new_routes = ROUTE_TABLE(routes);
