// SPDX-License-Identifier: MIT
/*
 * Owns each event fd from read(2) to the answer. Must not: allocate, log, open a guarded file,
 * wait for anything.
 */
#include "handling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "answering.h"
#include "quiet.h"
#include "spec.h"

/* One event on its way. */
struct handling {
	struct janus__responder *responder;
	struct janus__answered *event; /* the slot that it will be told from */
	struct janus__search search;
	uint64_t generation; /* of what is guarded, before anything was looked up */
	struct janus__slot *slot;
	bool wide;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Nobody has rules for it. That is the time to remind the caller of marks that should be gone
 * by now: as long as nobody comes here, they cost nobody anything.
 */
static void remind_of_linger(struct janus__responder *responder)
{
	int64_t due_ns = atomic_load(&responder->linger_due_ns);

	if (due_ns && due_ns <= now_ns(CLOCK_MONOTONIC))
		janus__responder_signal(responder);
}

/* Before the answer, for as long as he waits he is who he is. */
static const struct janus__actor *look_at_opener(const struct handling *handling)
{
	struct janus__answered *event = handling->event;

	if (!event->actor)
		event->actor = janus__actors_get(handling->responder->actors, event->pid);
	return event->actor;
}

/* Who cannot be told to be the owner is none, and that is counted. */
static bool is_owner(void *userdata, const struct janus__spec *spec, int32_t pid)
{
	const struct handling *handling = userdata;
	struct janus__responder *responder = handling->responder;
	int is;

	if (!spec->owner.pid || pid <= 0)
		return false;
	if (responder->threads)
		pid = look_at_opener(handling)->facts.pid;
	is = janus__proc_is_descendant(responder->proc, pid, spec->owner.pid,
				       spec->owner.start_time);
	if (is < 0)
		janus__count(&responder->counters->failed, 1);
	return is == 1;
}

static enum janus__listed is_listed(void *userdata, const struct janus__spec *spec,
				    const struct janus__subject *subject)
{
	const struct handling *handling = userdata;
	struct janus__responder *responder = handling->responder;
	enum janus__listed listed = janus__excepted(responder->proc, spec, subject,
						    look_at_opener(handling));

	if (listed == JANUS__LISTED_UNKNOWN)
		janus__count(&responder->counters->failed, 1);
	return listed;
}

static struct janus__decision decide(struct handling *handling)
{
	struct janus__question question = {
		.kind = handling->event->kind,
		.pid = handling->event->pid,
		.match = &handling->event->match,
		.is_owner = is_owner,
		.is_listed = is_listed,
		.userdata = handling,
	};

	return janus__decide(&question, handling->responder->handler->opinions,
			     JANUS__OPINIONS_MAX);
}

static bool has_would_deny(const struct janus__opinion *opinions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (opinions[i].verdict == JANUS_VERDICT_WOULD_DENY)
			return true;
	return false;
}

static struct janus__waiting waiting_of(const struct janus__answered *event)
{
	return (struct janus__waiting){
		.fd = event->fd,
		.pid = event->pid,
		.file = &event->file,
	};
}

/*
 * The opener is gone by now. If no wide mark needs to ask about anything in this directory,
 * because nobody has anything to say or because its inode mark asks as well, none shall.
 */
static void hush(struct handling *handling)
{
	struct janus__responder *responder = handling->responder;
	const struct janus__match *match = &handling->event->match;
	const struct janus__waiting waiting = waiting_of(handling->event);
	struct janus__search *search = &handling->search;
	bool nothing = !match->directory && !match->above_count;

	if (search->guessed || search->mount_root || match->strict || !match->complete)
		return;
	if (!nothing && (janus__decide_kinds(match) & ~match->directory_marked))
		return;
	if (janus__search_open(&responder->handler->searcher, &waiting, search))
		janus__quiet_add(responder->quiet, search->directory.fd,
				 handling->generation, nothing);
}

/* Those for which there was no room. */
static void lose_opinions(struct janus__responder *responder, size_t count)
{
	if (count <= JANUS__OPINIONS_MAX)
		return;
	janus__ring_lose(responder->ring, count - JANUS__OPINIONS_MAX);
	janus__count(&responder->counters->records_dropped, count - JANUS__OPINIONS_MAX);
}

/* The opener is gone by now. Opinions are told from the event, or, if they are many, at once. */
static void keep_or_tell(struct janus__responder *responder,
			 struct janus__answered *event, size_t opinion_count)
{
	struct janus__handler *handler = responder->handler;
	size_t count = opinion_count < JANUS__OPINIONS_MAX ? opinion_count
							   : JANUS__OPINIONS_MAX;

	if (count <= JANUS__OPINIONS_KEPT) {
		memcpy(event->opinions, handler->opinions,
		       count * sizeof(*event->opinions));
		event->opinion_count = (uint32_t)count;
		janus__untold_add(&handler->untold);
		return;
	}
	janus__responder_tell(responder, handler->untold.count);
	janus__untold_tell_all(&handler->untold, event, handler->opinions, count);
	lose_opinions(responder, opinion_count);
	janus__responder_told(responder, event->time_ns);
}

/* Where the place was guessed the reason must say so. */
static void mark_as_failure(struct janus__responder *responder, size_t opinion_count)
{
	struct janus__opinion *opinions = responder->handler->opinions;

	for (size_t i = 0; i < opinion_count && i < JANUS__OPINIONS_MAX; i++)
		opinions[i].reason = JANUS_REASON_FAILURE;
	janus__count(&responder->counters->failed, 1);
}

static struct janus__access access_of(const struct handling *handling)
{
	const struct janus__answered *event = handling->event;

	return (struct janus__access){
		.inode = event->file.inode,
		.time_ns = event->time_ns,
		.kind = event->kind,
		.pid = event->pid,
		.wide = handling->wide,
	};
}

/* Allowed, and the other group has asked about it already. */
static bool was_told(const struct handling *handling)
{
	const struct janus__access access = access_of(handling);

	return handling->responder->wide_fd >= 0 &&
	       janus__twins_meet(&handling->responder->handler->twins, &access);
}

/* The program has allowed it, when the other group asked. */
static bool was_allowed(const struct handling *handling)
{
	const struct janus__access access = access_of(handling);
	struct janus__handler *handler = handling->responder->handler;

	return janus__asking_has_allowed(&handler->asking, &access) ||
	       janus__twins_second(&handler->twins, &access);
}

static void forget(struct janus__responder *responder, struct janus__answered *event)
{
	janus__untold_forget(&responder->handler->untold, event);
}

/* The kernel has its answer: count, and queue what is to be told. */
static void settle(struct handling *handling, const struct janus__decision *decision)
{
	struct janus__responder *responder = handling->responder;
	struct janus__counters *counters = responder->counters;
	struct janus__answered *event = handling->event;
	size_t count = decision->opinion_count;

	if (count == 0 && !decision->deny) {
		janus__count(&counters->unmatched, 1);
		forget(responder, event);
		return;
	}
	event->time_ns = now_ns(CLOCK_REALTIME);
	if (!decision->deny && was_told(handling)) {
		forget(responder, event);
		return;
	}
	janus__count(decision->deny ? &counters->denied : &counters->allowed, 1);
	if (has_would_deny(responder->handler->opinions,
			   count < JANUS__OPINIONS_MAX ? count : JANUS__OPINIONS_MAX))
		janus__count(&counters->would_deny, 1);
	if (handling->search.guessed || event->match.strict)
		mark_as_failure(responder, count);
	keep_or_tell(responder, event, count);
}

/* What was answered for us, as the records shall have it. */
static void obey(const struct handling *handling, struct janus__decision *decision)
{
	unsigned int state = janus__slot_state(handling->slot);
	struct janus__opinion *opinions = handling->responder->handler->opinions;

	decision->deny = state == JANUS__SLOT_DENYING || state == JANUS__SLOT_DENIED;
	for (size_t i = 0; i < decision->opinion_count && i < JANUS__OPINIONS_MAX; i++) {
		opinions[i].reason = JANUS_REASON_DEADLINE;
		if (decision->deny)
			opinions[i].verdict = JANUS_VERDICT_DENY;
		else if (opinions[i].verdict == JANUS_VERDICT_DENY)
			opinions[i].verdict = JANUS_VERDICT_ALLOW;
	}
}

/* What he gets if the rest takes too long. */
static void note_failure(const struct handling *handling)
{
	const struct janus__answered *event = handling->event;

	if (janus__strict_any(&handling->responder->ledger->strict))
		janus__slot_set_verdict(
			handling->slot,
			handling->search.guessed ||
				janus__decide_failure(&event->match, event->kind));
}

/* He waits in the ledger: the program hears of it at once, before anything else. */
static void tell_question(struct handling *handling, size_t count)
{
	struct janus__responder *responder = handling->responder;
	struct janus__handler *handler = responder->handler;

	janus__count(&responder->counters->asked, 1);
	janus__responder_tell(responder, handler->untold.count);
	handler->untold.heard = false;
	janus__untold_tell_all(&handler->untold, handling->event, handler->opinions,
			       count < JANUS__OPINIONS_MAX ? count : JANUS__OPINIONS_MAX);
	if (!handler->untold.heard)
		janus__asking_take_back(&handler->asking);
	lose_opinions(responder, count);
	janus__responder_signal(responder);
}

static int64_t ask_ns(const struct handling *handling, size_t count)
{
	const struct janus__opinion *opinions = handling->responder->handler->opinions;
	int64_t longest = 0;

	for (size_t i = 0; i < count && i < JANUS__OPINIONS_MAX; i++)
		if (opinions[i].verdict == JANUS_VERDICT_ASK &&
		    opinions[i].spec->ask_ns > longest)
			longest = opinions[i].spec->ask_ns;
	return longest;
}

/* False: the program cannot be asked. */
static bool ask(struct handling *handling, const struct janus__decision *decision)
{
	struct janus__responder *responder = handling->responder;
	struct janus__answered *event = handling->event;
	int64_t deadline_ns = atomic_load(&responder->ledger->deadline_ns);
	int64_t wanted_ns = ask_ns(handling, decision->opinion_count);
	struct janus__access access = access_of(handling);
	int link = janus__identify_link(responder->proc, event->fd);

	if (link < 0)
		return false;
	event->ticket = janus__asking_put(&responder->handler->asking, handling->slot,
					  &access,
					  wanted_ns ? wanted_ns - deadline_ns : 0);
	if (!event->ticket) {
		responder->kernel->close(link);
		return false;
	}
	event->fd = link;
	tell_question(handling, decision->opinion_count);
	return true;
}

/* The program could not be asked. */
static void decide_without(struct handling *handling, struct janus__decision *decision)
{
	struct janus__responder *responder = handling->responder;
	struct janus__opinion *opinions = responder->handler->opinions;

	decision->deny = janus__decide_failure(&handling->event->match,
					       handling->event->kind);
	for (size_t i = 0; i < decision->opinion_count && i < JANUS__OPINIONS_MAX; i++) {
		opinions[i].reason = JANUS_REASON_FAILURE;
		opinions[i].verdict = decision->deny ? JANUS_VERDICT_DENY
						     : JANUS_VERDICT_ALLOW;
	}
	janus__count(&responder->counters->failed, 1);
}

/* The program decides, unless it has done so just now, when the other group asked. */
static bool leave_to_program(struct handling *handling, struct janus__decision *decision)
{
	struct janus__responder *responder = handling->responder;
	struct janus__handler *handler = responder->handler;

	/* For as long as he waits, whoever else gets a say in such files meanwhile. */
	janus__slot_set_verdict(
		handling->slot,
		janus__decide_failure(&handling->event->match, handling->event->kind));
	janus__asking_reap(&handler->asking, &handler->twins);
	handling->event->time_ns = now_ns(CLOCK_REALTIME);
	if (was_allowed(handling)) {
		(void)janus__answer(responder, handling->slot,
				    &(struct janus__answer){ .fd = handling->event->fd });
		forget(responder, handling->event);
		return true;
	}
	if (ask(handling, decision))
		return true;
	decide_without(handling, decision);
	return false;
}

static void decide_and_answer(struct handling *handling)
{
	struct janus__responder *responder = handling->responder;
	struct janus__answered *event = handling->event;
	const struct janus__asked asked = {
		.waiting = waiting_of(event),
		.kind = event->kind,
		.wide = handling->wide,
	};
	struct janus__decision decision;

	janus__search(&responder->handler->searcher, &asked, &event->match,
		      &handling->search);
	note_failure(handling);
	decision = decide(handling);
	if (decision.opinion_count)
		look_at_opener(handling);
	if (decision.ask && leave_to_program(handling, &decision)) {
		janus__fd_done(&handling->search.directory);
		return;
	}
	if (!janus__answer(responder, handling->slot,
			   &(struct janus__answer){
				   .fd = event->fd,
				   .deny = decision.deny,
				   .audit = decision.audit,
			   }))
		obey(handling, &decision);
	if (handling->wide && !decision.deny)
		hush(handling);
	janus__fd_done(&handling->search.directory);
	settle(handling, &decision);
	if (decision.opinion_count == 0)
		remind_of_linger(responder);
}

static void handle(struct janus__responder *responder,
		   const struct janus__kernel_event *kernel_event,
		   struct janus__slot *slot)
{
	struct janus__answered *event = janus__untold_next(&responder->handler->untold);
	struct handling handling = {
		.responder = responder,
		.event = event,
		.slot = slot,
		.wide = atomic_load(&slot->wide),
	};

	if (handling.wide)
		handling.generation = janus__quiet_generation(responder->quiet);
	event->kind = janus__decode_kind(kernel_event->mask);
	event->pid = kernel_event->pid;
	event->fd = kernel_event->fd;
	event->actor = NULL;
	event->ticket = 0;
	if (janus__identify_file(responder->kernel, event->fd, &event->file) < 0)
		janus__answer_blindly(responder, slot, event->fd);
	else
		decide_and_answer(&handling);
}

/* Not all watches are there: he waits, until they are or the deadline is over. */
static void hold(struct janus__responder *responder,
		 const struct janus__kernel_event *event, struct janus__slot *slot)
{
	struct janus__handler *handler = responder->handler;
	struct janus__slot *kept;

	janus__slot_set_verdict(
		slot, janus__failure_denies(&handler->failure, event->fd, event->pid,
					    janus__decode_kind(event->mask)));
	kept = janus__ledger_keep(responder->ledger, slot, event->fd);
	if (!kept) {
		janus__answer_blindly(responder, slot, event->fd);
		return;
	}
	handler->held[handler->held_count++] = (struct janus__held){ *event, kept };
	janus__count(&responder->counters->held, 1);
}

void janus__handle_held(struct janus__responder *responder)
{
	struct janus__handler *handler = responder->handler;
	const struct janus__held *held = &handler->held[--handler->held_count];

	janus__count(&responder->counters->held, (uint64_t)-1);
	handle(responder, &held->event, held->slot);
	janus__slot_free(held->slot);
}

void janus__handle_rest(struct janus__responder *responder)
{
	struct janus__handler *handler = responder->handler;

	while (handler->held_count) {
		const struct janus__held *held = &handler->held[--handler->held_count];

		janus__count(&responder->counters->held, (uint64_t)-1);
		janus__answer_blindly(responder, held->slot, held->event.fd);
		janus__slot_free(held->slot);
	}
	janus__asking_end(&handler->asking);
}

void janus__handle_event(struct janus__responder *responder,
			 const struct janus__kernel_event *event,
			 struct janus__slot *slot)
{
	struct janus__counters *counters = responder->counters;

	janus__count(&counters->events, 1);
	if (event->fd < 0) { /* the kernel has denied it itself */
		janus__count(&counters->failed, 1);
		janus__count(&counters->denied, 1);
		responder->handler->starved |= event->fd == -EMFILE ||
					       event->fd == -ENFILE;
	} else if (janus__answer_is_own(responder, event->pid)) {
		janus__answer_only(responder, slot,
				   &(struct janus__answer){ .fd = event->fd },
				   &counters->self);
	} else if (atomic_load(&responder->holding)) {
		hold(responder, event, slot);
	} else {
		handle(responder, event, slot);
	}
}
