/* SPDX-License-Identifier: MIT */
/*
 * The responder's answers, by way of the ledger. Its own.
 */
#ifndef JANUS_ANSWERING_H
#define JANUS_ANSWERING_H

#include "ledger.h"
#include "respond.h"
#include "responder.h"

/*
 * Its own threads are answered at once, and its keeper. Which those are /proc knows where the
 * kernel does not tell processes.
 */
bool janus__answer_is_own(const struct janus__responder *responder, int32_t pid);

/* False: it took too long, and somebody else has answered. */
bool janus__answer(struct janus__responder *responder, struct janus__slot *slot,
		   const struct janus__answer *reply);

/* What is none of our business: without a record. The fd is closed. */
void janus__answer_only(struct janus__responder *responder, struct janus__slot *slot,
			const struct janus__answer *reply,
			atomic_uint_least64_t *counter);

/* Whose file cannot be looked at gets what failure means. The fd is closed. */
void janus__answer_blindly(struct janus__responder *responder, struct janus__slot *slot,
			   int fd);

#endif
