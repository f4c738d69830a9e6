/* SPDX-License-Identifier: MIT */
/*
 * What runtimes themselves write down of their containers: which process is the first one. The
 * only way to those whose id stands in no cgroup.
 */
#ifndef JANUS_STATE_H
#define JANUS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

struct janus__state {
	const char *id;
	const char *runtime;
	int32_t pid;
	uint64_t start_time;
	uint32_t author; /* the user whose words these are; 0: they need no other's */
};

/* False: no more, please. */
typedef bool janus__state_fn(void *userdata, const struct janus__state *state);

/*
 * Tell @fn of each container that a runtime has written down and whose process is still that
 * one: below /run as pid 1 sees it, and as we do. An entry counts if who wrote it may speak for
 * the process: root, or in a user's own folder that user. Ids are free to choose, so a user's
 * word for one is worth less than root's; it comes after those of the folders that are root's.
 * @id: that one only; NULL: all. -EMFILE, -ENFILE, -ENOMEM: some may be missing.
 */
int janus__states_read(const struct janus__proc *proc, const char *id,
		       janus__state_fn *fn, void *userdata);

/* The same for one folder more, by its path. */
int janus__states_read_from(const struct janus__proc *proc, const char *path,
			    const char *id, janus__state_fn *fn, void *userdata);

#endif
