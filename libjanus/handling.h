/* SPDX-License-Identifier: MIT */
/*
 * One event: look, decide, answer, and queue it to be told. The responder's own.
 */
#ifndef JANUS_HANDLING_H
#define JANUS_HANDLING_H

#include "asking.h"
#include "decide.h"
#include "decode.h"
#include "failure.h"
#include "ledger.h"
#include "responder.h"
#include "search.h"
#include "twins.h"
#include "untold.h"

/* More watches than this for one file and event are asked, but not told: a gap stands there. */
#define JANUS__OPINIONS_MAX 1024

/* What handling needs from event to event. */
struct janus__handler {
	struct janus__opinion opinions[JANUS__OPINIONS_MAX];
	struct janus__searcher searcher;
	struct janus__twins twins;
	struct janus__untold untold;
	struct janus__failure failure;
	struct janus__asking asking;
	uint32_t held_count; /* who waits until all watches are there */
	struct janus__held {
		struct janus__kernel_event event;
		struct janus__slot *slot;
	} held[JANUS__HELD_MAX];
	bool unanswered; /* somebody waits whom no answer reaches */
	bool starved;    /* there was no fd for an event */
};

/* There must be room in the queue of the untold. @slot: where the ledger has it. */
void janus__handle_event(struct janus__responder *responder,
			 const struct janus__kernel_event *event,
			 struct janus__slot *slot);

/* The thread has ended: whoever is held, or waits for the program, gets what failure means. */
void janus__handle_rest(struct janus__responder *responder);

/* All watches are there: one of those that were held. Likewise; there must be one. */
void janus__handle_held(struct janus__responder *responder);

#endif
