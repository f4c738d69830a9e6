/* SPDX-License-Identifier: MIT */
/*
 * A target's root, and a path inside it -> fd. No symlink of a container leads out of the
 * container, no magic link of /proc leads anywhere.
 */
#ifndef JANUS_ROOT_H
#define JANUS_ROOT_H

#include "kernel.h"
#include "proc.h"
#include "spec.h"

struct janus_watch_report;

struct janus__root {
	struct janus__fd fd;           /* O_PATH */
	struct janus__process process; /* whose root it is; pid 0: the host's */
	char *container;               /* its full id; NULL: none; the root's own */
	const char *runtime;
};

/*
 * Open the root of a spec's target: of its owner, if that is known already. @report is told
 * what failed. Errors as those of janus_watch_create() that concern the target.
 */
int janus__root_open(struct janus__root *ret, const struct janus__proc *proc,
		     const struct janus__spec *spec, struct janus_watch_report *report);

void janus__root_done(struct janus__root *root);

/*
 * Open a path inside the root as O_PATH; the caller closes it. Negative errno of openat2(2);
 * -ELOOP: it leads through a magic link, such as that of /dev/stdout.
 */
int janus__root_resolve(const struct janus__root *root, const char *path);

/* What the root itself is called in paths from the kernel: "" for "/". Caller frees. */
int janus__root_name(const struct janus__root *root, const struct janus__proc *proc,
		     char **ret);

#endif
