// SPDX-License-Identifier: MIT
/*
 * Owns the mounts of a container. Must not: know the library.
 */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

/* What the host has mounted; each container gets a directory of it. */
#define SHARED WORK "/shared"

/* Layers and mount point of a container's root, until it has moved in. */
#define LAYERS WORK "/layers"
#define LOWER LAYERS "/lower"
#define ROOT LAYERS "/root"

static const char *const bases[PLACE_COUNT] = {
	[PLACE_OVERLAY] = "",
	[PLACE_EXPORTED] = "",
	[PLACE_VOLUME] = "/volume",
	[PLACE_OWN_TMPFS] = "/scratch",
};

static const char *base = "";

const char *place_base(enum place_kind kind)
{
	return bases[kind];
}

const char *at(const char *name)
{
	static char buffers[8][PATH_MAX];
	static unsigned int next;
	char *buffer = buffers[next++ % 8];

	snprintf(buffer, PATH_MAX, "%s%s", base, name);
	return buffer;
}

void copy_program(const char *from, const char *to)
{
	int in = (int)MUST(open(from, O_RDONLY | O_CLOEXEC));
	int out = (int)MUST(open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));
	struct stat facts;

	MUST(fstat(in, &facts));
	CHECK_INT(sendfile(out, in, NULL, (size_t)facts.st_size), facts.st_size);
	close(in);
	close(out);
}

static void make_script(const char *path, const char *interpreter)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755));

	CHECK(dprintf(fd, "#!%s\nexit 0\n", interpreter) > 0);
	close(fd);
}

/* The tree in @directory, which the container will know as @seen. */
static void make_tree(const char *directory, const char *seen)
{
	static const char *const directories[] = { "tree", "tree/a", "tree/a/b", "out" };
	char interpreter[PATH_MAX];
	int here = (int)MUST(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));

	MUST(chdir(directory));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		make_directory(directories[i]);
	make_file("tree/a/b/secret");
	make_file("tree/a/b/other");
	make_file("tree/a/b/twin");
	MUST(link("tree/a/b/twin", "out/twin"));
	copy_program("/usr/bin/true", "tree/tool");
	copy_program("/bin/sh", "tree/sh");
	make_script("tree/script", "/bin/sh");
	snprintf(interpreter, sizeof(interpreter), "%s/tree/sh", seen);
	make_script("out/foreign", interpreter);
	MUST(fchdir(here));
	close(here);
}

/* What programs need, from the host's own. */
static void make_system(void)
{
	static const char *const directories[] = { "usr",    "proc",    "tmp",
						   "volume", "scratch", "bound" };
	static const char *const links[] = { "bin", "lib", "lib64", "sbin" };
	char from[64], to[64];

	MUST(chdir(LOWER));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		make_directory(directories[i]);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(from, sizeof(from), "usr/%s", links[i]);
		snprintf(to, sizeof(to), "%s", links[i]);
		MUST(symlink(from, to));
	}
}

static void mount_root(const char *options)
{
	char all[256];

	snprintf(all, sizeof(all),
		 "lowerdir=" LOWER ",upperdir=" LAYERS "/upper,workdir=" LAYERS "/work%s",
		 options);
	if (mount("overlay", ROOT, "overlay", 0, all) < 0)
		harness_skip("no such overlay on tmpfs here");
}

static void make_root(enum place_kind kind)
{
	mount_tmpfs(LAYERS);
	make_directory(LOWER);
	make_directory(LAYERS "/upper");
	make_directory(LAYERS "/work");
	make_directory(ROOT);
	make_system();
	if (kind == PLACE_OVERLAY || kind == PLACE_EXPORTED)
		make_tree(LOWER, "");
	mount_root(kind == PLACE_EXPORTED ? ",index=on,nfs_export=on,redirect_dir=on"
					  : "");
	MUST(chdir(ROOT));
	MUST(mount("/usr", "usr", NULL, MS_BIND, NULL));
	MUST(mount("proc", "proc", "proc", 0, NULL));
	MUST(mount("janus-tmp", "tmp", "tmpfs", 0, NULL));
}

void place_make_volume(void)
{
	mount_tmpfs(SHARED);
}

void place_host_path(char path[PATH_MAX], pid_t container, const char *name)
{
	snprintf(path, PATH_MAX, SHARED "/%d%s", (int)container, name);
}

/* A fresh one each time: what an earlier container left behind is of no use. */
static void mount_base(enum place_kind kind)
{
	char volume[PATH_MAX];

	if (kind == PLACE_VOLUME) {
		place_host_path(volume, getpid(), "");
		make_directory(volume);
		make_tree(volume, bases[kind]);
		MUST(mount(volume, "volume", NULL, MS_BIND, NULL));
	} else if (kind == PLACE_OWN_TMPFS) {
		MUST(mount("janus-scratch", "scratch", "tmpfs", 0, NULL));
		make_tree("scratch", bases[kind]);
	}
}

int enter_place(const struct deed *deed)
{
	enum place_kind kind = (enum place_kind)deed->number;
	int err = leave_mounts(deed);

	if (err)
		return err;
	make_root(kind);
	mount_base(kind);
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
	    chdir("/") < 0)
		return -errno;
	base = bases[kind];
	return 0;
}
