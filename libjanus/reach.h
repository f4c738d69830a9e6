/* SPDX-License-Identifier: MIT */
/*
 * From a rule's path, literal or a pattern, to the places that it names now, and to the
 * directories on the way, where more of them may appear.
 */
#ifndef JANUS_REACH_H
#define JANUS_REACH_H

#include "root.h"

struct janus__reach {
	const struct janus__root *root;
	const char *path;
	bool pattern;
	/* A directory where an entry that matches @name, a component, would lead on. */
	void (*pass)(void *userdata, int fd, const char *name);
	/* A place, or for a literal path what may become one. */
	void (*arrive)(void *userdata, const char *path);
	void *userdata;
};

/* Tell all of them. -ENOMEM; -E2BIG: a pattern leads through too many directories. */
int janus__reach(const struct janus__reach *reach);

#endif
