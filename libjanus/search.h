/* SPDX-License-Identifier: MIT */
/*
 * From an event to the rules that speak of its file: where it lies, what the table says of
 * that, and, where the table does not know the place, what lies above it. The responder's own.
 */
#ifndef JANUS_SEARCH_H
#define JANUS_SEARCH_H

#include "climb.h"
#include "identify.h"
#include "kernel.h"
#include "lookup.h"
#include "proc.h"

/* What stays from event to event, and what is too large for a stack. */
struct janus__searcher {
	const struct janus__proc *proc;
	struct janus__rules *rules;
	struct janus__parents parents;
	struct janus__trail trail;
};

/* What is asked about, and by which group. */
struct janus__asked {
	struct janus__waiting waiting;
	uint32_t kind;
	bool wide;
};

struct janus__search {
	bool guessed; /* where it lies could not be told: the strictest rules were taken */
	bool mount_root;            /* it lies in no directory of its own mount */
	struct janus__seen parent;  /* the directory it lies in; all 0: not told */
	struct janus__fd directory; /* of it, O_PATH, if it had to be opened */
};

/* The caller closes @ret's directory and gives the match back. */
void janus__search(struct janus__searcher *searcher, const struct janus__asked *question,
		   struct janus__match *match, struct janus__search *ret);

/* Have the directory open that was found. False: it cannot be, or the file has moved. */
bool janus__search_open(const struct janus__searcher *searcher,
			const struct janus__waiting *waiting,
			struct janus__search *search);

#endif
