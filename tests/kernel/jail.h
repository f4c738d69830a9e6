/* SPDX-License-Identifier: MIT */
/*
 * The jail: a process with a mount namespace and a root of its own, as a container has, and
 * nothing in it but an empty directory TREE.
 */
#ifndef TESTS_KERNEL_JAIL_H
#define TESTS_KERNEL_JAIL_H

#include "doer.h"

#define TREE "/tree"

enum jail_root { JAIL_TMPFS, JAIL_OVERLAY };

/* Start an actor and lock it in. Skips the case where there is no such root. */
void jail_start(struct actor *actor, enum jail_root root);

#endif
