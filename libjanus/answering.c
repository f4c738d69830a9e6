// SPDX-License-Identifier: MIT
/*
 * Owns who answers: the responder, or whoever has taken the slot because it took too long.
 */
#include "answering.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "handling.h"
#include "respond.h"

/* A moment, for who is about to answer in another thread or process. */
#define OTHERS_NS 1000000
#define OTHERS_TRIES 20

/*
 * Somebody else answers. The event's number must not be used again before he has, so its fd is
 * kept until then; if he was stopped in between, ours is as good.
 */
static void let_answer(const struct janus__responder *responder,
		       const struct janus__slot *slot, int fd)
{
	unsigned int state = janus__slot_state(slot);

	for (int i = 0; i < OTHERS_TRIES && state < JANUS__SLOT_ALLOWED; i++) {
		(void)responder->kernel->poll(NULL, 0, OTHERS_NS);
		state = janus__slot_state(slot);
	}
	if (state < JANUS__SLOT_ALLOWED)
		(void)janus__respond(
			responder->kernel,
			atomic_load(&slot->wide) ? responder->wide_fd
						 : responder->group_fd,
			&(struct janus__answer){ .fd = fd,
						 .deny = state == JANUS__SLOT_DENYING });
}

/* He has his answer. */
static void count_wait(struct janus__responder *responder, const struct janus__slot *slot)
{
	const struct janus__ledger *ledger = responder->ledger;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	janus__count_wait(
		responder->counters,
		now.tv_sec * INT64_C(1000000000) + now.tv_nsec -
			janus__ledger_since_ns(ledger, (uint32_t)(slot - ledger->slots)));
}

bool janus__answer(struct janus__responder *responder, struct janus__slot *slot,
		   const struct janus__answer *reply)
{
	int group = atomic_load(&slot->wide) ? responder->wide_fd : responder->group_fd;

	if (!janus__slot_take(slot, JANUS__SLOT_TAKEN)) {
		let_answer(responder, slot, reply->fd);
		count_wait(responder, slot);
		return false;
	}
	if (janus__respond(responder->kernel, group, reply) < 0) {
		janus__count(&responder->counters->reply_errors, 1);
		responder->handler->unanswered = true;
	}
	atomic_store(&slot->state, JANUS__SLOT_DONE);
	count_wait(responder, slot);
	return true;
}

void janus__answer_only(struct janus__responder *responder, struct janus__slot *slot,
			const struct janus__answer *reply, atomic_uint_least64_t *counter)
{
	(void)janus__answer(responder, slot, reply);
	janus__count(counter, 1);
	responder->kernel->close(reply->fd);
}

void janus__answer_blindly(struct janus__responder *responder, struct janus__slot *slot,
			   int fd)
{
	bool deny = janus__ledger_denies(responder->ledger, slot);

	janus__count(deny ? &responder->counters->denied : &responder->counters->allowed,
		     1);
	janus__answer_only(responder, slot,
			   &(struct janus__answer){ .fd = fd, .deny = deny },
			   &responder->counters->failed);
}

bool janus__answer_is_own(const struct janus__responder *responder, int32_t pid)
{
	struct statx stx;
	char path[32];

	if (pid > 0 && pid == responder->keeper_pid)
		return true;
	if (!responder->threads || pid <= 0)
		return pid == responder->own_pid;
	snprintf(path, sizeof(path), "self/task/%d", pid);
	return responder->kernel->statx(responder->proc->fd, path, 0, STATX_INO, &stx) ==
	       0;
}
