/* SPDX-License-Identifier: MIT */
/*
 * Openers that the program decides about: their slots in the ledger, their fds, and the tickets
 * by which an answer finds them. The responder's own but for janus__asking_answer().
 */
#ifndef JANUS_ASKING_H
#define JANUS_ASKING_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel.h"
#include "ledger.h"
#include "twins.h"

/* More than that are not asked about at a time; the rest gets what failure means. */
#define JANUS__ASKED_MAX 256u

struct janus__asking {
	const struct janus__kernel *kernel;
	struct janus__ledger *ledger;
	int group_fd;
	int wide_fd;
	uint64_t serial; /* of the last question */
	uint32_t count;
	struct janus__question_asked {
		struct janus__slot *slot;
		struct janus__access access; /* pid 0: both groups have asked */
		uint64_t ticket;
		int fd;
	} questions[JANUS__ASKED_MAX];
};

/*
 * From now on the program decides about the one who waits in a slot, for @more_ns longer than
 * the deadline. Returns a ticket; 0: there is no room, or he has his answer; then all is as it was.
 * The fd is ours from here on.
 */
uint64_t janus__asking_put(struct janus__asking *asking, struct janus__slot *slot,
			   const struct janus__access *access, int64_t more_ns);

/* Take back the last question, of which nobody could be told. */
void janus__asking_take_back(struct janus__asking *asking);

/*
 * Give back what those take who have their answer. @twins hears of who was allowed: the other
 * group may ask about the same access now.
 */
void janus__asking_reap(struct janus__asking *asking, struct janus__twins *twins);

/*
 * Whether the program is allowing this very access, or has, when the other group asked about it:
 * else there would be no second question.
 */
bool janus__asking_has_allowed(struct janus__asking *asking,
			       const struct janus__access *access);

/* Nobody will decide any more: all get what failure means. */
void janus__asking_end(struct janus__asking *asking);

/*
 * The program's side, on its own thread: the answer. -ETIMEDOUT: he has one already; -EIO: the
 * kernel did not take it.
 */
int janus__asking_answer(struct janus__asking *asking, uint64_t ticket, bool deny);

#endif
