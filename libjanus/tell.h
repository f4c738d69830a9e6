/* SPDX-License-Identifier: MIT */
/*
 * What is observed -> records for the caller. Under the engine's mutex.
 */
#ifndef JANUS_TELL_H
#define JANUS_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include "actors.h"
#include "ring.h"
#include "stats.h"
#include "tree.h"

struct janus__teller {
	struct janus__ring *ring;
	struct janus__counters *counters;
	struct janus__actors *actors;
	bool told; /* something is in the ring that the reader was not woken for */
};

/* What is to be told of an entry of a directory, or of the directory itself (@name NULL). */
struct janus__news {
	const struct janus__node *node;
	const char *name;
	const struct janus__node *old_node; /* of a rename */
	const char *old_name;
	uint32_t kind;
	uint32_t file_type;
	int32_t pid;
};

/* If its tree is active and its subject wants to hear of that kind. */
void janus__tell(struct janus__teller *teller, const struct janus__news *news);

/* A gap in what a tree covers, at a path or as a whole (""). */
void janus__tell_gap(struct janus__teller *teller, const struct janus__tree *tree,
		     const char *path, int err);

#endif
