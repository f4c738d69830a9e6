// SPDX-License-Identifier: MIT
/*
 * Names are few and paths short, so that operations meet what others have left. What cannot be
 * done, such as removing what is not there, does not count.
 */
#include "chaos.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define NAMES 4
#define DEEPEST 5
#define MOUNTS 2

static struct chaos *chaos;
static int mounts[MOUNTS] = { -1, -1 }; /* O_PATH fds of their roots */

/* Of the last rename: what would undo it is not done. */
static char last_from[PATH_MAX], last_to[PATH_MAX];

/* splitmix64 */
static uint32_t random_below(uint32_t bound)
{
	uint64_t z = (chaos->seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % bound);
}

static bool one_in(uint32_t count)
{
	return random_below(count) == 0;
}

/* Mostly in the tree. */
static void choose_path(char path[PATH_MAX])
{
	uint32_t depth = 1 + random_below(DEEPEST);
	size_t length;

	snprintf(path, PATH_MAX, "%s", one_in(6) ? CHAOS_OUT : CHAOS_TREE);
	for (uint32_t i = 0; i < depth; i++) {
		length = strlen(path);
		snprintf(path + length, PATH_MAX - length, "/%c",
			 'a' + (char)random_below(NAMES));
	}
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(chaos->log[chaos->done % CHAOS_LOG], sizeof(chaos->log[0]), format,
		  arguments);
	va_end(arguments);
	chaos->done++;
}

static void create(int kind)
{
	static const char *const names[] = { "mkdir", "mknod", "symlink" };
	char path[PATH_MAX];
	int result;

	choose_path(path);
	result = kind == 0   ? mkdir(path, 0755)
		 : kind == 1 ? mknod(path, S_IFREG | 0644, 0)
			     : symlink("nowhere", path);
	if (result == 0)
		note("%s %s", names[kind], path);
}

static void link_one(void)
{
	char from[PATH_MAX], to[PATH_MAX];

	choose_path(from);
	choose_path(to);
	if (link(from, to) == 0)
		note("link %s %s", from, to);
}

static void rename_one(void)
{
	bool exchange = (chaos->flags & CHAOS_EXCHANGE) && one_in(3);
	char from[PATH_MAX], to[PATH_MAX];

	choose_path(from);
	choose_path(to);
	if (strcmp(from, last_to) == 0 && strcmp(to, last_from) == 0)
		return;
	if (strcmp(from, to) == 0 ||
	    renameat2(AT_FDCWD, from, AT_FDCWD, to, exchange ? RENAME_EXCHANGE : 0) < 0)
		return;
	note("%s %s %s", exchange ? "exchange" : "rename", from, to);
	snprintf(last_from, sizeof(last_from), "%s", from);
	snprintf(last_to, sizeof(last_to), "%s", to);
}

static void remove_one(bool directory)
{
	char path[PATH_MAX];

	choose_path(path);
	if ((directory ? rmdir(path) : unlink(path)) == 0)
		note("%s %s", directory ? "rmdir" : "unlink", path);
}

/* All below the fd, which is closed. Mounts below are left, and what holds them. */
static void remove_all(int fd)
{
	DIR *directory = fdopendir(fd);
	struct dirent *entry;

	CHECK(directory);
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type != DT_DIR) {
			unlinkat(fd, entry->d_name, 0);
			continue;
		}
		remove_all((int)MUST(
			openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
		unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	closedir(directory);
}

/* Or what is moved ever deeper would be out of reach. */
static void remove_tree(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%c", one_in(3) ? CHAOS_OUT : CHAOS_TREE,
		 'a' + (char)random_below(NAMES));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	remove_all(fd);
	rmdir(path);
	note("remove all of %s", path);
}

static void mount_one(int *slot)
{
	char path[PATH_MAX];

	choose_path(path);
	if (mkdir(path, 0755) < 0)
		return;
	MUST(mount("janus-chaos", path, "tmpfs", 0, "mode=755"));
	*slot = (int)MUST(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	note("mkdir and mount %s", path);
}

/* Emptied first, so that nothing goes without a word. */
static void unmount_one(int *slot)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", *slot);
	length = MUST(readlink(link, path, sizeof(path) - 1));
	path[length] = '\0';
	remove_all((int)MUST(open(link, O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
	close(*slot);
	*slot = -1;
	if (umount2(path, 0) < 0)
		MUST(umount2(path, MNT_DETACH));
	note("empty and unmount %s", path);
}

static void toggle_mount(void)
{
	int *slot = &mounts[random_below(MOUNTS)];

	if (!(chaos->flags & CHAOS_MOUNT))
		return;
	if (*slot < 0)
		mount_one(slot);
	else
		unmount_one(slot);
}

static void do_something(void)
{
	uint32_t choice = random_below(100);

	if (choice < 26)
		create(0);
	else if (choice < 46)
		create(1);
	else if (choice < 50)
		create(2);
	else if (choice < 57)
		link_one();
	else if (choice < 78)
		rename_one();
	else if (choice < 90)
		remove_one(false);
	else if (choice < 96)
		remove_one(true);
	else if (one_in(20))
		remove_tree();
	else if (one_in(40))
		toggle_mount();
}

int make_chaos(const struct deed *deed)
{
	uint64_t end;

	chaos = deed->shared;
	end = chaos->done + (uint64_t)deed->number;
	while (chaos->done < end)
		do_something();
	return 0;
}

void print_chaos(const struct chaos *log)
{
	uint64_t first = log->done < CHAOS_LOG ? 0 : log->done - CHAOS_LOG;

	for (uint64_t i = first; i < log->done; i++)
		printf("     %llu: %s\n", (unsigned long long)i, log->log[i % CHAOS_LOG]);
}
