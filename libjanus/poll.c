// SPDX-License-Identifier: MIT
/*
 * The caller's side of the ring. Owns when ready_fd is readable: exactly while there is
 * something for janus_poll() to do.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "context.h"
#include "event.h"
#include "spec.h"

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A gap is told when it is seen. */
static void make_gap(struct janus__record *record)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	record->kind = JANUS_EVENT_GAP;
	record->error = -ENOBUFS;
	record->time_ns = now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Each record of either ring has a number, and those that were lost have one, too. */
static uint64_t number(const struct janus_context *context,
		       const struct janus__record *record)
{
	return context->sequence + (record->spec ? 1 : record->lost);
}

/* False: the buffer is full before the ring is empty. */
static bool move_records(struct janus_context *context, struct janus__ring *ring,
			 struct janus_event_buffer *buffer)
{
	struct janus__record record, shown;
	struct janus__texts texts;

	while (ring->bytes && janus__ring_peek(ring, &shown, &texts)) {
		record = shown;
		if (!record.spec)
			make_gap(&record);
		record.sequence = number(context, &shown);
		if (!janus__event_buffer_append(buffer, &record, &texts))
			return false;
		context->sequence = record.sequence;
		janus__ring_pop(ring, &shown);
	}
	return true;
}

/*
 * The steps in this order, so that none comes between the others unseen: who has something to
 * say says it first and then signals. Returns -EIO when the end was reached and all is told.
 */
static int fetch(struct janus_context *context, struct janus_event_buffer *buffer)
{
	struct janus__responder *responder = &context->responder;
	bool broken, drained;
	int count;

	janus__responder_clear_signal(responder);
	broken = atomic_load(&responder->broken);
	janus__context_expire(context);
	janus__tend(context);
	drained = move_records(context, &context->ring, buffer) &&
		  move_records(context, &context->observed, buffer) &&
		  janus__tend_tell(context, buffer);
	if (broken || !drained)
		janus__responder_signal(responder);
	count = (int)janus_event_buffer_get_count(buffer);
	return count == 0 && broken ? -EIO : count;
}

/* Nothing was fetched: wait for something. */
static int wait_for_signal(struct janus_context *context, int64_t timeout_ns)
{
	struct pollfd fd = { .fd = context->epoll_fd, .events = POLLIN };

	return context->kernel->poll(&fd, 1, timeout_ns);
}

static int64_t time_left(int64_t timeout_ns, int64_t start_ns)
{
	int64_t passed;

	if (timeout_ns <= 0)
		return timeout_ns;
	passed = monotonic_ns() - start_ns;
	return passed < timeout_ns ? timeout_ns - passed : 0;
}

int janus_poll(struct janus_context *context, struct janus_event_buffer *buffer,
	       int64_t timeout_ns)
{
	int64_t start_ns = timeout_ns > 0 ? monotonic_ns() : 0;

	if (!context || !buffer)
		return -EINVAL;
	janus__event_buffer_clear(buffer);
	for (;;) {
		int count = fetch(context, buffer);
		bool woken = atomic_exchange(&context->woken, false);
		int64_t left_ns;
		int err;

		if (count)
			return count;
		left_ns = time_left(timeout_ns, start_ns);
		if (woken || left_ns == 0)
			return 0;
		err = wait_for_signal(context, left_ns);
		if (err < 0)
			return err;
	}
}

int janus_wakeup(struct janus_context *context)
{
	if (!context)
		return -EINVAL;
	atomic_store(&context->woken, true);
	janus__responder_signal(&context->responder);
	return 0;
}

int janus_get_fd(const struct janus_context *context)
{
	return context ? context->epoll_fd : -EINVAL;
}

int janus_event_respond(struct janus_context *context, const struct janus_event *event,
			uint32_t verdict)
{
	uint64_t ticket = context && event ? janus__event_ticket(event) : 0;

	if (!ticket || (verdict != JANUS_VERDICT_ALLOW && verdict != JANUS_VERDICT_DENY))
		return -EINVAL;
	return janus__responder_answer(&context->responder, ticket,
				       verdict == JANUS_VERDICT_DENY);
}
