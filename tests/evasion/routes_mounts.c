// SPDX-License-Identifier: MIT
/*
 * Other mounts, other mount namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "routes.h"

/* A root is not unmounted. */
#define ROOTS ((1u << PLACE_OVERLAY) | (1u << PLACE_EXPORTED))

static int held = -1;

static int leave(void)
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	return 0;
}

static int leave_and_open(void)
{
	leave();
	return open_it(at(SECRET));
}

static int open_it_at_secret(void)
{
	return open_it(at(SECRET));
}

static int bind_tree(void)
{
	MUST(mount(at(TREE), "/bound", NULL, MS_BIND, NULL));
	return 0;
}

static int open_in_bound_tree(void)
{
	return open_it("/bound/a/b/secret");
}

static int bind_tree_and_open(void)
{
	bind_tree();
	return open_in_bound_tree();
}

static int bind_file_and_open(void)
{
	make_file("/tmp/file");
	MUST(mount(at(SECRET), "/tmp/file", NULL, MS_BIND, NULL));
	return open_it("/tmp/file");
}

static int bind_all_and_open(void)
{
	MUST(mount("/", "/bound", NULL, MS_BIND | MS_REC, NULL));
	MUST(chroot("/bound"));
	return open_it(at(SECRET));
}

static int bind_again_and_open(void)
{
	bind_tree();
	MUST(mkdir("/tmp/d", 0755));
	MUST(mount("/bound/a", "/tmp/d", NULL, MS_BIND, NULL));
	return open_it("/tmp/d/b/secret");
}

static int leave_and_bind(void)
{
	leave();
	return bind_tree_and_open();
}

static int leave_and_bind_all(void)
{
	leave();
	return bind_all_and_open();
}

static int leave_twice(void)
{
	leave();
	return leave_and_bind();
}

/* A mount namespace that was there before the guard, entered when it is. */
static int hold_namespace(void)
{
	int own = (int)MUST(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));

	leave();
	held = (int)MUST(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
	MUST(setns(own, CLONE_NEWNS));
	close(own);
	return 0;
}

static int enter_namespace(void)
{
	MUST(setns(held, CLONE_NEWNS));
	return open_it(at(SECRET));
}

static int leave_users(void)
{
	MUST(unshare(CLONE_NEWUSER | CLONE_NEWNS));
	return open_it(at(SECRET));
}

static int clone_tree(void)
{
	int tree = (int)MUST(syscall(SYS_open_tree, AT_FDCWD, at(TREE),
				     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));

	return tree;
}

static int open_in_clone(void)
{
	int fd = openat(clone_tree(), "a/b/secret", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int hold_clone(void)
{
	held = clone_tree();
	return 0;
}

static int open_in_held_clone(void)
{
	int fd = openat(held, "a/b/secret", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int move_clone(void)
{
	MUST(syscall(SYS_move_mount, clone_tree(), "", AT_FDCWD, "/bound",
		     MOVE_MOUNT_F_EMPTY_PATH));
	return open_in_bound_tree();
}

/* The whole mount at another place of the same namespace. */
static int move_base(void)
{
	MUST(mount(at(""), "/bound", NULL, MS_MOVE, NULL));
	return open_it("/bound" SECRET);
}

static int move_base_out_of_sight(void)
{
	leave();
	return move_base();
}

static int hold_tree(void)
{
	held = (int)MUST(open(at(TREE), O_PATH | O_DIRECTORY | O_CLOEXEC));
	return 0;
}

static int detach_base(void)
{
	MUST(umount2(at(""), MNT_DETACH));
	return open_in_held_clone();
}

static int leave_and_detach(void)
{
	leave();
	hold_tree();
	return detach_base();
}

/* What hides a part of the tree does not change what lies beneath. */
static int cover_and_bind(void)
{
	MUST(mount("janus-cover", at("/tree/a"), "tmpfs", 0, NULL));
	return open_in_bound_tree();
}

static int remount_and_open(void)
{
	bind_tree();
	MUST(mount(NULL, "/bound", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	return open_in_bound_tree();
}

/* The files that the kernel opens beneath an overlay. */
static int mount_overlay(void)
{
	char options[PATH_MAX];

	snprintf(options, sizeof(options), "lowerdir=%s:/usr/share", at(TREE));
	MUST(mount("overlay", "/bound", "overlay", 0, options));
	return 0;
}

static int mount_overlay_and_open(void)
{
	mount_overlay();
	return open_in_bound_tree();
}

static const struct route routes[] = {
	{ "bind of the tree", NULL, bind_tree_and_open, 0, 0 },
	{ "bind of the tree from before", bind_tree, open_in_bound_tree, 0, 0 },
	{ "bind of the file", NULL, bind_file_and_open, 0, 0 },
	{ "bind of a bind", NULL, bind_again_and_open, 0, 0 },
	{ "rbind of everything", NULL, bind_all_and_open, 0, 0 },
	{ "read-only remount of a bind", NULL, remount_and_open, 0, 0 },
	{ "mount namespace", NULL, leave_and_open, 0, 0 },
	{ "mount namespace from before", hold_namespace, enter_namespace, 0, 0 },
	{ "unshared before the guard", leave, open_it_at_secret, 0, 0 },
	{ "mount namespace, then bind", NULL, leave_and_bind, 0, 0 },
	{ "mount namespace, then rbind", NULL, leave_and_bind_all, 0, 0 },
	{ "mount namespace in a mount namespace", NULL, leave_twice, 0, 0 },
	{ "user namespace", NULL, leave_users, 0, 0 },
	{ "cloned mount, never attached", NULL, open_in_clone, 0, 0 },
	{ "cloned mount from before", hold_clone, open_in_held_clone, 0, 0 },
	{ "cloned mount, attached", NULL, move_clone, 0, 0 },
	{ "mount moved", NULL, move_base, 0, ROOTS },
	{ "mount namespace, then moved", NULL, move_base_out_of_sight, 0, ROOTS },
	{ "mount detached", hold_tree, detach_base, 0, ROOTS },
	{ "mount namespace, then detached", NULL, leave_and_detach, 0, ROOTS },
	{ "bind beneath a cover", bind_tree, cover_and_bind, 0, 0 },
	{ "overlay over the tree", NULL, mount_overlay_and_open, 0, 0 },
	{ "overlay from before", mount_overlay, open_in_bound_tree, 0, 0 },
};

const struct route_table mount_routes = ROUTE_TABLE(routes);
