/* SPDX-License-Identifier: MIT */
/*
 * The place: a container as runtimes make them, a process whose root is an overlay that exists
 * in its own mount namespace only, and in it the tree that is guarded:
 *
 *   BASE/tree/a/b/secret       BASE/tree/a/b/other
 *   BASE/tree/tool             a program         BASE/tree/sh       an interpreter
 *   BASE/tree/script           run by /bin/sh    BASE/out/foreign   run by BASE/tree/sh
 *   BASE/out/                  no part of the tree, on the same file system
 *   BASE/out/twin              a hard link of tree/a/b/twin
 */
#ifndef TESTS_EVASION_PLACE_H
#define TESTS_EVASION_PLACE_H

#include "doer.h"

#define TREE "/tree"
#define SECRET "/tree/a/b/secret"

enum place_kind {
	PLACE_OVERLAY,  /* in the container's root */
	PLACE_EXPORTED, /* the same, and the overlay has file handles */
	PLACE_VOLUME, /* in a directory of a file system that others have mounted, too */
	PLACE_OWN_TMPFS, /* in a tmpfs that only the container has */
	PLACE_COUNT,
};

/* The directory above the tree, as the container sees it. */
const char *place_base(enum place_kind kind);

/* What the testing process has to do once, before containers with volumes are made. */
void place_make_volume(void);

/* Where the host has @name of the volume of a container. */
void place_host_path(char path[PATH_MAX], pid_t container, const char *name);

/* A deed: become the container's process; @number is the kind. */
int enter_place(const struct deed *deed);

/* In the container: @name below its base. Good for some further calls. */
const char *at(const char *name);

/* In the container: a file that can be executed. */
void copy_program(const char *from, const char *to);

#endif
