// SPDX-License-Identifier: MIT
/*
 * Owns when watches end or start by themselves. All that wait are tried in one round, and a
 * round is followed by twenty times the time that it took, but for a second at most.
 *
 * An end has two steps, so that it is the last that is told of a watch: the rules go when what
 * was observed before has been read, and a moment later, when nobody is about to tell an answer
 * any more, the end is told.
 */
#include "tend.h"

#include <errno.h>
#include <time.h>

#include "container.h"
#include "context.h"
#include "util.h"

#define PAUSE_MIN_NS 20000000
#define PAUSE_MAX_NS 1000000000
#define PAUSE_FACTOR 20

/* How long a step of an end takes at least, and how long it waits for observations. */
#define STEP_NS 10000000
#define OBSERVATIONS_NS 1000000000

/* How often it is looked whether a container without a first process still has others. */
#define SURVIVORS_NS 200000000

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Have janus_poll() come here again when it is time. */
static void arm(struct janus_context *context)
{
	struct janus__tending *tending = &context->tending;
	int64_t due_ns = tending->waiting ? tending->attempt_ns : 0;

	if (tending->ending && (!due_ns || tending->step_ns < due_ns))
		due_ns = tending->step_ns;
	(void)context->kernel->timer_set(tending->timer_fd, due_ns);
}

void janus__tend_wait(struct janus_watch *watch, uint64_t wait_ns)
{
	struct janus__tending *tending = &watch->context->tending;
	int64_t now = now_ns();

	watch->deadline_ns = wait_ns < (uint64_t)(INT64_MAX - now)
				     ? now + (int64_t)wait_ns
				     : INT64_MAX;
	if (tending->waiting++ == 0)
		tending->attempt_ns = now + PAUSE_MIN_NS;
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

/* How the wait of a watch has ended. Takes the reference on the spec. */
static void tell_outcome(struct janus_watch *watch, uint32_t kind,
			 struct janus__spec *spec, int err)
{
	janus__notices_add(&watch->context->notices, watch->start, kind, spec, err);
	watch->start = NULL;
}

/*
 * One that waits becomes what it was to be, or goes on to wait, or never will. What an update
 * was to replace stays in force then.
 */
static void try_to_start(struct janus_watch *watch)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus__goal goal = { .spec = watch->waiting, .report = &report };
	int err;

	janus__tend_finish(watch);
	if (janus__watch_have_notices(watch) < 0)
		return;
	err = janus__watch_enforce(watch, &goal);
	if (!err) {
		tell_outcome(watch, JANUS_EVENT_START, janus__spec_ref(watch->waiting),
			     report.first_error);
	} else if (goal.absent && now_ns() < watch->deadline_ns) {
		return;
	} else {
		tell_outcome(watch, JANUS_EVENT_END, janus__spec_ref(watch->waiting),
			     goal.absent ? -ETIMEDOUT : err);
	}
	/* The reference for waiting has become the watch's own. */
	if (!err)
		janus__spec_ref(watch->waiting);
	janus__tend_forget(watch);
}

static void start_what_waits(struct janus_context *context)
{
	struct janus__tending *tending = &context->tending;
	int64_t begun_ns = now_ns(), pause_ns;

	if (!tending->waiting || begun_ns < tending->attempt_ns)
		return;
	for (struct janus_watch *watch = context->watches; watch; watch = watch->next)
		if (watch->waiting && !watch->destroyed)
			try_to_start(watch);
	pause_ns = (now_ns() - begun_ns) * PAUSE_FACTOR;
	if (pause_ns < PAUSE_MIN_NS)
		pause_ns = PAUSE_MIN_NS;
	if (pause_ns > PAUSE_MAX_NS)
		pause_ns = PAUSE_MAX_NS;
	tending->attempt_ns = now_ns() + pause_ns;
}

/* The kernel and the timer say what there is to do; which of it is ours is seen below. */
static void note_ends(struct janus_context *context)
{
	struct janus__life *lives[64];
	int count;

	do {
		count = context->kernel->epoll_wait(context->lives.epoll_fd,
						    (void **)lives,
						    JANUS__ARRAY_COUNT(lives));
		for (int i = 0; i < count; i++)
			if (lives[i])
				janus__lives_end(&context->lives, lives[i]);
	} while (count == (int)JANUS__ARRAY_COUNT(lives));
}

/* Whether something that speaks of the watch may be in the kernel's queue, or on its way. */
static bool has_observations(const struct janus_watch *watch)
{
	const struct janus__marker *marker = &watch->context->marker;

	/* In this order: what has left the queue meanwhile is in the follower's hand. */
	return watch->coverage.trees && marker->observe_fd >= 0 &&
	       (janus__marks_queued(marker) != 0 ||
		atomic_load(&watch->context->follower.in_hand));
}

/*
 * Who is not alone with its first process in a pid namespace outlives it, if only until the
 * runtime comes for the rest: nobody shall be let through meanwhile. Where it cannot be told
 * there may be some.
 */
static bool has_survivors(const struct janus_watch *watch)
{
	const struct janus__spec *spec = watch->spec;
	struct janus_container *container;
	int err;

	if (!spec->container || spec->pid_namespace)
		return false;
	err = janus__container_of(&watch->context->proc, spec->container, NULL,
				  &container);
	if (!err)
		janus_container_destroy(container);
	return err != -ENOENT && err != -ESRCH;
}

/* Its process has ended: the first step, when it is time for it. Returns when to look again. */
static int64_t begin_to_end(struct janus_watch *watch)
{
	int64_t now = now_ns();

	if (!watch->ended_ns) {
		watch->ended_ns = now;
		watch->looked_ns = 0;
		watch->context->tending.ending++;
	}
	if (now - watch->looked_ns < SURVIVORS_NS)
		return watch->looked_ns + SURVIVORS_NS;
	if (has_survivors(watch)) {
		watch->looked_ns = now;
		return now + SURVIVORS_NS;
	}
	if (has_observations(watch) && now - watch->ended_ns < OBSERVATIONS_NS)
		return now + STEP_NS;
	watch->ended = janus__spec_ref(watch->spec);
	watch->ended_ns = now;
	janus__watch_retire(watch);
	return now + STEP_NS;
}

void janus__tend_finish(struct janus_watch *watch)
{
	if (!watch->ended_ns)
		return;
	if (!watch->ended && watch->spec) {
		watch->ended = janus__spec_ref(watch->spec);
		janus__watch_retire(watch);
	}
	/* Who knows the watch no more is not told. */
	if (!watch->destroyed) {
		janus__notices_add(&watch->context->notices, watch->end, JANUS_EVENT_END,
				   watch->ended, 0);
		watch->end = NULL;
	} else {
		janus__spec_unref(watch->ended);
	}
	watch->ended = NULL;
	watch->ended_ns = 0;
	watch->context->tending.ending--;
}

/* The next step of a watch's end. Returns when there is another one; INT64_MAX: never. */
static int64_t end_watch(struct janus_watch *watch)
{
	if (watch->ended) {
		int64_t due_ns = watch->ended_ns + STEP_NS;

		if (now_ns() < due_ns)
			return due_ns;
		janus__tend_finish(watch);
	} else if (watch->spec && watch->end && janus__life_has_ended(watch->life)) {
		return begin_to_end(watch);
	}
	return INT64_MAX;
}

static void end_watches(struct janus_context *context)
{
	int64_t due_ns = INT64_MAX;

	for (struct janus_watch *watch = context->watches; watch; watch = watch->next) {
		int64_t next_ns = watch->destroyed ? INT64_MAX : end_watch(watch);

		if (next_ns < due_ns)
			due_ns = next_ns;
	}
	context->tending.step_ns = due_ns;
	janus__watches_reap(context);
}

void janus__tend(struct janus_context *context)
{
	struct janus__tending *tending = &context->tending;

	if (!context->lives.first && !tending->waiting && !tending->ending)
		return;
	pthread_mutex_lock(&context->engine);
	note_ends(context);
	if (context->lives.ended || tending->ending)
		end_watches(context);
	start_what_waits(context);
	arm(context);
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
