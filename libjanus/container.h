/* SPDX-License-Identifier: MIT */
/*
 * The lookup behind janus_container_lookup(), with the kernel and the /proc of one's choice.
 */
#ifndef JANUS_INTERNAL_CONTAINER_H
#define JANUS_INTERNAL_CONTAINER_H

#include <janus/container.h>

#include "hierarchy.h"
#include "kernel.h"
#include "proc.h"
#include "state.h"

int janus__container_lookup(const struct janus__kernel *kernel, const char *proc_path,
			    const char *id, struct janus_container **ret);

/* The same among @pids only; NULL: wherever it may be. */
int janus__container_of(const struct janus__proc *proc, const char *id,
			const struct janus__pids *pids, struct janus_container **ret);

/* The one that a runtime has written down. */
int janus__container_from_state(const struct janus__proc *proc,
				const struct janus__state *state,
				struct janus_container **ret);

#endif
