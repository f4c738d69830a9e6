// SPDX-License-Identifier: MIT
/*
 * Owns when watches end or start by themselves. Attempts to start cost a look at all processes,
 * all waiting watches share one round of them, and a round costs at most a twentieth of the
 * time until the next one.
 */
#include "tend.h"

#include <errno.h>
#include <time.h>

#include "context.h"
#include "util.h"

#define PAUSE_MIN_NS 20000000
#define PAUSE_MAX_NS 1000000000
#define PAUSE_FACTOR 20

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void arm(struct janus_context *context)
{
	struct janus__tending *tending = &context->tending;

	(void)context->kernel->timer_set(tending->timer_fd,
					 tending->waiting ? tending->due_ns : 0);
}

void janus__tend_wait(struct janus_watch *watch, uint64_t wait_ns)
{
	struct janus__tending *tending = &watch->context->tending;
	int64_t now = now_ns();

	watch->deadline_ns = wait_ns < (uint64_t)(INT64_MAX - now)
				     ? now + (int64_t)wait_ns
				     : INT64_MAX;
	if (tending->waiting++ == 0)
		tending->due_ns = now + PAUSE_MIN_NS;
	arm(watch->context);
}

void janus__tend_forget(struct janus_watch *watch)
{
	if (!watch->waiting)
		return;
	janus__spec_unref(watch->waiting);
	watch->waiting = NULL;
	watch->context->tending.waiting--;
	arm(watch->context);
}

static void tell_end(struct janus_watch *watch, struct janus__spec *spec, int err)
{
	janus__notices_add(&watch->context->notices, watch->end, JANUS_EVENT_END,
			   janus__spec_ref(spec), err);
	watch->end = NULL;
}

/* One that waits has become what it was to be, or never will. */
static void try_to_start(struct janus_watch *watch)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus__goal goal = {
		.spec = watch->waiting,
		.report = &report,
	};
	struct janus__spec *spec = janus__spec_ref(watch->waiting);
	int err = janus__watch_enforce(watch, &goal);

	if (!err) {
		watch->waiting = NULL;
		watch->context->tending.waiting--;
		janus__notices_add(&watch->context->notices, watch->start,
				   JANUS_EVENT_START, spec, report.first_error);
		watch->start = NULL;
		return;
	}
	if (!goal.absent || now_ns() >= watch->deadline_ns) {
		tell_end(watch, spec, goal.absent ? -ETIMEDOUT : err);
		janus__tend_forget(watch);
		janus__watch_retire(watch);
	}
	janus__spec_unref(spec);
}

static void start_what_waits(struct janus_context *context)
{
	struct janus__tending *tending = &context->tending;
	int64_t begun_ns = now_ns(), pause_ns;

	if (!tending->waiting || begun_ns < tending->due_ns)
		return;
	for (struct janus_watch *watch = context->watches; watch; watch = watch->next)
		if (watch->waiting && !watch->destroyed)
			try_to_start(watch);
	janus__watches_reap(context);
	pause_ns = (now_ns() - begun_ns) * PAUSE_FACTOR;
	if (pause_ns < PAUSE_MIN_NS)
		pause_ns = PAUSE_MIN_NS;
	if (pause_ns > PAUSE_MAX_NS)
		pause_ns = PAUSE_MAX_NS;
	tending->due_ns = now_ns() + pause_ns;
	arm(context);
}

/* Whether any has ended. */
static bool note_ends(struct janus_context *context)
{
	struct janus__life *lives[64];
	bool ended = false;
	int count;

	do {
		count = context->kernel->epoll_wait(context->lives.epoll_fd,
						    (void **)lives,
						    JANUS__ARRAY_COUNT(lives));
		for (int i = 0; i < count; i++) {
			if (!lives[i]) /* the timer, or that there are records */
				continue;
			janus__lives_end(&context->lives, lives[i]);
			ended = true;
		}
	} while (count == (int)JANUS__ARRAY_COUNT(lives));
	return ended;
}

static void end_watches(struct janus_context *context)
{
	for (struct janus_watch *watch = context->watches; watch; watch = watch->next) {
		if (!watch->spec || !watch->end || watch->destroyed ||
		    !janus__life_has_ended(watch->life))
			continue;
		/* What waits goes on to wait, and has an end of its own to tell. */
		if (!watch->waiting)
			tell_end(watch, watch->spec, 0);
		janus__watch_retire(watch);
	}
	janus__watches_reap(context);
}

void janus__tend(struct janus_context *context)
{
	if (!context->lives.first && !context->tending.waiting)
		return;
	pthread_mutex_lock(&context->engine);
	if (note_ends(context))
		end_watches(context);
	start_what_waits(context);
	pthread_mutex_unlock(&context->engine);
}

bool janus__tend_tell(struct janus_context *context, struct janus_event_buffer *buffer)
{
	const struct janus__texts none = { .length = { 0 } };
	struct janus__notices *notices = &context->notices;

	while (notices->first) {
		struct janus__record record = notices->first->record;

		record.sequence = context->sequence + 1;
		if (!janus__event_buffer_append(buffer, &record, &none))
			return false;
		context->sequence = record.sequence;
		janus__notices_pop(notices);
	}
	return true;
}
