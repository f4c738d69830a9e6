// SPDX-License-Identifier: MIT
#include "jail.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

#define JAIL WORK "/jail"

static int mount_overlay(void)
{
	make_directory(JAIL "/lower");
	make_directory(JAIL "/upper");
	make_directory(JAIL "/work");
	make_directory(JAIL "/root");
	make_directory(JAIL "/lower" TREE);
	return mount("overlay", JAIL "/root", "overlay", 0,
		     "lowerdir=" JAIL "/lower,upperdir=" JAIL "/upper,workdir=" JAIL
		     "/work");
}

static int lock_in(const struct deed *deed)
{
	int err = leave_mounts(deed);

	if (err)
		return err;
	mount_tmpfs(JAIL);
	if (deed->number == JAIL_OVERLAY && mount_overlay() < 0)
		return -ENODEV;
	MUST(chdir(deed->number == JAIL_OVERLAY ? JAIL "/root" : JAIL));
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	if (deed->number == JAIL_TMPFS)
		make_directory(TREE);
	return 0;
}

void jail_start(struct actor *actor, enum jail_root root)
{
	struct deed deed = { .run = lock_in, .number = (int)root };
	int result;

	actor_start(actor);
	result = actor_do(actor, &deed);
	if (result == -ENODEV)
		harness_skip("no overlayfs on tmpfs here");
	CHECK_INT(result, 0);
}
