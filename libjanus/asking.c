// SPDX-License-Identifier: MIT
/*
 * Owns each fd from the question to the answer. A ticket is claimed once, by the program or by
 * the responder: who has claimed it may touch the slot, and nobody uses that again before.
 */
#include "asking.h"

#include <errno.h>

#include "respond.h"

/* What a slot's ticket is, besides that. */
#define FINISHED UINT64_C(0)
#define CLAIMED UINT64_C(1)
#define SLOT_BITS 16

static bool claim(struct janus__slot *slot, uint64_t ticket, uint64_t as)
{
	uint64_t expected = ticket;

	return atomic_compare_exchange_strong(&slot->ticket, &expected, as);
}

static int fd_of(const struct janus__asking *asking, const struct janus__slot *slot)
{
	return janus__ledger_fd(asking->ledger, (uint32_t)(slot - asking->ledger->slots));
}

static int respond(const struct janus__asking *asking, struct janus__slot *slot,
		   bool deny)
{
	int group = atomic_load(&slot->wide) ? asking->wide_fd : asking->group_fd;
	int err;

	if (!janus__slot_take(slot, JANUS__SLOT_TAKEN))
		return -ETIMEDOUT;
	err = janus__respond(
		asking->kernel, group,
		&(struct janus__answer){ .fd = fd_of(asking, slot), .deny = deny });
	/* Whom it did not reach gets one from whoever looks after the deadline. */
	if (err < 0) {
		atomic_store(&slot->state, JANUS__SLOT_OPEN);
		return -EIO;
	}
	atomic_store(&slot->state, deny ? JANUS__SLOT_DENIED : JANUS__SLOT_ALLOWED);
	return 0;
}

uint64_t janus__asking_put(struct janus__asking *asking, struct janus__slot *slot,
			   const struct janus__access *access, int64_t more_ns)
{
	uint32_t at = (uint32_t)(slot - asking->ledger->slots);
	int fd = janus__ledger_fd(asking->ledger, at);
	struct janus__question_asked *question;
	struct janus__slot *kept;

	if (asking->count == JANUS__ASKED_MAX)
		return 0;
	kept = janus__ledger_keep(asking->ledger, slot, fd);
	if (!kept)
		return 0;
	atomic_fetch_add(&kept->since_ns, more_ns);
	question = &asking->questions[asking->count++];
	*question = (struct janus__question_asked){
		.slot = kept,
		.access = *access,
		.ticket = ++asking->serial << SLOT_BITS |
			  (uint64_t)(kept - asking->ledger->slots),
		.fd = fd,
	};
	atomic_store(&kept->ticket, question->ticket);
	return question->ticket;
}

/* He has his answer, and nobody else has his slot in hand. */
static void forget(struct janus__asking *asking, uint32_t at)
{
	struct janus__question_asked *question = &asking->questions[at];

	janus__slot_free(question->slot);
	asking->kernel->close(question->fd);
	*question = asking->questions[--asking->count];
}

void janus__asking_take_back(struct janus__asking *asking)
{
	struct janus__question_asked *question = &asking->questions[asking->count - 1];

	if (!claim(question->slot, question->ticket, FINISHED))
		return;
	(void)respond(asking, question->slot,
		      janus__ledger_denies(asking->ledger, question->slot));
}

/* Whether it is the responder's again: answered, by whomever. */
static bool is_over(const struct janus__question_asked *question)
{
	unsigned int state = janus__slot_state(question->slot);

	if (state != JANUS__SLOT_ALLOWED && state != JANUS__SLOT_DENIED)
		return false;
	return atomic_load(&question->slot->ticket) == FINISHED ||
	       claim(question->slot, question->ticket, FINISHED);
}

void janus__asking_reap(struct janus__asking *asking, struct janus__twins *twins)
{
	for (uint32_t i = 0; i < asking->count;) {
		const struct janus__question_asked *question = &asking->questions[i];

		if (!is_over(question)) {
			i++;
			continue;
		}
		if (janus__slot_state(question->slot) == JANUS__SLOT_ALLOWED &&
		    question->access.pid)
			(void)janus__twins_meet(twins, &question->access);
		forget(asking, i);
	}
}

bool janus__asking_has_allowed(struct janus__asking *asking,
			       const struct janus__access *access)
{
	for (uint32_t i = 0; i < asking->count; i++) {
		struct janus__question_asked *question = &asking->questions[i];
		unsigned int state = janus__slot_state(question->slot);

		if (question->access.wide == access->wide ||
		    !janus__access_is_same(&question->access, access) ||
		    (state != JANUS__SLOT_TAKEN && state != JANUS__SLOT_ALLOWED))
			continue;
		question->access.pid = 0;
		return true;
	}
	return false;
}

/* The program is not in a call any more. */
void janus__asking_end(struct janus__asking *asking)
{
	while (asking->count) {
		struct janus__slot *slot = asking->questions[asking->count - 1].slot;

		(void)respond(asking, slot, janus__ledger_denies(asking->ledger, slot));
		forget(asking, asking->count - 1);
	}
}

int janus__asking_answer(struct janus__asking *asking, uint64_t ticket, bool deny)
{
	uint64_t at = ticket & (((uint64_t)1 << SLOT_BITS) - 1);
	struct janus__slot *slot = &asking->ledger->slots[at];
	int err;

	if (at >= JANUS__SLOTS || !claim(slot, ticket, CLAIMED))
		return -ETIMEDOUT;
	err = respond(asking, slot, deny);
	atomic_store(&slot->ticket, FINISHED);
	return err;
}
