/* SPDX-License-Identifier: MIT */
/*
 * Directories that the kernel is told to leave alone: where the wide marks would ask, and
 * everybody would be let through whatever he does, an ignore mark for the directory's children
 * says so. All of them are taken back together.
 *
 * The responder adds, whoever changes what is guarded or where things lie clears. Who adds
 * notes the generation before he looks anything up, so that what he found is not older than
 * the last clearing, and never waits.
 */
#ifndef JANUS_QUIET_H
#define JANUS_QUIET_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "proc.h"

struct janus__quiet {
	pthread_mutex_t lock; /* held over calls that the responder does not wait for */
	const struct janus__kernel *kernel;
	const struct janus__proc *proc;
	int wide_fd;                      /* -1: there are no wide marks */
	atomic_uint_least64_t generation; /* of what is guarded */
	atomic_uint_least64_t count;      /* directories since the last clearing */
	atomic_bool forbidden;            /* see janus__quiet_forbid() */
};

void janus__quiet_init(struct janus__quiet *quiet, const struct janus__proc *proc,
		       int wide_fd);
void janus__quiet_done(struct janus__quiet *quiet);

/* To be noted before anything is looked up. */
uint64_t janus__quiet_generation(const struct janus__quiet *quiet);

/*
 * Leave alone the children of the directory behind an fd; with @all also those that are
 * directories, and itself. False: it was not done, for something has changed or is changing,
 * or the kernel does not want to.
 */
bool janus__quiet_add(struct janus__quiet *quiet, int fd, uint64_t generation, bool all);

/*
 * Something has changed: more may be guarded from now on, or lie where things are guarded. When
 * this returns no directory is quiet, and none becomes it by what was found before. May wait
 * for one call of the responder to the kernel.
 */
void janus__quiet_clear(struct janus__quiet *quiet);

/*
 * From now on no directory is left alone: below a deny lies a file that has another name, and
 * its file system makes another inode of that, which only a question can tell to be the same.
 */
void janus__quiet_forbid(struct janus__quiet *quiet);

#endif
