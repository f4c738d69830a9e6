// SPDX-License-Identifier: MIT
/*
 * Owns when events are read and told; handling.c owns what becomes of one. Must not: allocate,
 * log, wait for anything but the groups.
 */
#include "responder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "actors.h"
#include "decode.h"
#include "handling.h"
#include "ledger.h"
#include "overdue.h"

#define BATCH_EVENTS JANUS__BATCH_EVENTS

/* A group that fails this often in a row will not come back. */
#define READ_ERRORS_MAX 64

/*
 * Telling is put off while openers come one after the other, so that none of them waits for
 * the record of another one: until nobody has come for a moment, or until this many have
 * come. Then a few are told for each one that is answered, until all are.
 */
#define UNTOLD_HIGH 32
#define TOLD_PER_EVENT 4
#define QUIET_NS 50000

/* Those of what is untold, and of the event that is being handled. */
#define ACTORS_HELD (JANUS__UNTOLD_MAX + 1)

/* The reader is woken this often at most, unless there is nothing else to do. */
#define SIGNAL_NS 10000000

/* What an opener takes whom the program decides about is given back so soon after that. */
#define ASKED_NS 50000000

/* The inode marks' group, and that of the wide ones. */
#define GROUPS 2u

struct janus__batch {
	size_t events_since_told;
	unsigned int errors[GROUPS]; /* in a row */
	bool readable[GROUPS];       /* or at least not known to be empty */
	bool catching_up;            /* too much is untold */
	bool quiet;                  /* nobody has come for a moment */
	bool scarce;                 /* there were no fds: one event at a time */
	bool unsignaled;             /* records that the reader was not woken for */
	int64_t signaled_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

void janus__responder_signal(struct janus__responder *responder)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&responder->signaled, true))
		(void)responder->kernel->write(responder->ready_fd, &one, sizeof(one));
}

void janus__responder_clear_signal(struct janus__responder *responder)
{
	uint64_t count;

	(void)responder->kernel->read(responder->ready_fd, &count, sizeof(count));
	atomic_store(&responder->signaled, false);
}

static void signal_records(struct janus__responder *responder)
{
	if (!responder->batch->unsignaled)
		return;
	responder->batch->unsignaled = false;
	janus__responder_signal(responder);
}

void janus__responder_told(struct janus__responder *responder, int64_t when_ns)
{
	struct janus__batch *batch = responder->batch;
	int64_t passed_ns = when_ns - batch->signaled_ns;

	batch->unsignaled = true;
	if (passed_ns >= 0 && passed_ns < SIGNAL_NS &&
	    !janus__ring_is_half_full(responder->ring))
		return;
	batch->signaled_ns = when_ns;
	signal_records(responder);
}

void janus__responder_tell(struct janus__responder *responder, size_t count)
{
	struct janus__untold *untold = &responder->handler->untold;

	while (count-- && untold->count)
		janus__responder_told(responder, janus__untold_tell(untold));
	if (untold->count == 0)
		responder->batch->catching_up = false;
}

static int group_fd(const struct janus__responder *responder, unsigned int group)
{
	return group ? responder->wide_fd : responder->group_fd;
}

/* Without freeing its number under the caller's feet. True: it could not be helped. */
static bool close_group(const struct janus__responder *responder, int fd)
{
	if (fd < 0 || responder->kernel->replace_fd(responder->stop_fd, fd) >= 0)
		return false;
	responder->kernel->close(fd);
	return true;
}

/*
 * A group cannot be read or written any more. Whoever waits on it would wait for ever, so it is
 * closed, which lets them through; and with it the other one, for half a guard is none.
 */
static void give_up(struct janus__responder *responder)
{
	if (responder->shared) { /* the keeper answers, and another process shall read */
		atomic_store(&responder->broken, true);
		janus__responder_signal(responder);
		return;
	}
	/* The one that is asked first, for whoever waits for it holds the other one. */
	responder->wide_closed = close_group(responder, responder->wide_fd);
	responder->group_closed = close_group(responder, responder->group_fd);
	atomic_store(&responder->broken, true);
	janus__responder_signal(responder);
}

/* Events come without a pause, be they to be told or not. */
static void catch_up(struct janus__responder *responder)
{
	struct janus__batch *batch = responder->batch;

	batch->events_since_told = 0;
	if (responder->handler->untold.count)
		batch->catching_up = true;
	else
		signal_records(responder);
}

/*
 * The process or the system has no fds left, and the kernel has denied an event for it. What we
 * hold ourselves is given up, so that the next ones can be answered.
 */
static void make_fds(struct janus__responder *responder)
{
	janus__responder_tell(responder, responder->handler->untold.count);
	janus__actors_clear(responder->actors);
	janus__reserve_release(&responder->reserve);
	responder->batch->scarce = true;
	responder->handler->starved = false;
}

/* Nobody waits: there may be fds again. */
static void restock(struct janus__responder *responder)
{
	if (responder->batch->scarce && janus__reserve_fill(&responder->reserve))
		responder->batch->scarce = false;
}

/* Answer what one read(2) brought; false: not everybody in it could be. */
static bool handle_bytes(struct janus__responder *responder, size_t length, bool wide)
{
	struct janus__batch *batch = responder->batch;
	const char *bytes = (const char *)responder->ledger->batches[wide].events;
	struct janus__kernel_event event;
	size_t events = 0;
	long used;

	while ((used = janus__decode(bytes, length, &event)) > 0) {
		janus__handle_event(responder, &event,
				    janus__ledger_slot(responder->ledger, wide, events));
		bytes += used;
		length -= (size_t)used;
		events++;
	}
	batch->quiet = false;
	if (batch->scarce || responder->handler->starved)
		make_fds(responder);
	else if (batch->catching_up)
		janus__responder_tell(responder, TOLD_PER_EVENT * events);
	else if ((batch->events_since_told += events) >= UNTOLD_HIGH)
		catch_up(responder);
	if (used < 0)
		janus__count(&responder->counters->malformed, 1);
	return used == 0 && !responder->handler->unanswered;
}

/* The one who was woken for that may be asleep again before it is time to end. */
static void end_holding(const struct janus__responder *responder)
{
	uint64_t count;

	(void)responder->kernel->read(responder->stop_fd, &count, sizeof(count));
}

/* Wait for an event, or for the end; 0: neither has come. What cannot be told may be there. */
static int wait_for_events(struct janus__responder *responder, int64_t timeout_ns)
{
	struct janus__batch *batch = responder->batch;
	struct pollfd fds[] = {
		{ .fd = responder->group_fd, .events = POLLIN },
		{ .fd = responder->stop_fd, .events = POLLIN },
		{ .fd = responder->wide_fd, .events = POLLIN },
	};
	int count = responder->kernel->poll(fds, responder->wide_fd < 0 ? 2 : 3,
					    timeout_ns);

	if (fds[1].revents && !atomic_load(&responder->stopping))
		end_holding(responder);
	batch->readable[0] = count < 0 || fds[0].revents;
	batch->readable[1] = count < 0 || fds[2].revents;
	return count;
}

/* Who has asked is forgotten when nobody asks for a while. */
static void wait_idly(struct janus__responder *responder)
{
	if (responder->handler->asking.count)
		wait_for_events(responder, ASKED_NS);
	else if (!janus__actors_any(responder->actors))
		wait_for_events(responder, -1);
	else if (wait_for_events(responder, JANUS__ACTORS_IDLE_NS) == 0)
		janus__actors_clear(responder->actors);
}

/* Nobody waits for an answer. If that lasts, use the time, but look again after each record. */
static void rest(struct janus__responder *responder)
{
	struct janus__batch *batch = responder->batch;

	if (responder->handler->untold.count == 0) {
		signal_records(responder);
		restock(responder);
		wait_idly(responder);
	} else if (batch->quiet) {
		janus__responder_tell(responder, 1);
		batch->readable[0] = true;
		batch->readable[1] = true;
	} else {
		batch->quiet = wait_for_events(responder, QUIET_NS) == 0;
	}
}

static void make_room(struct janus__responder *responder)
{
	size_t count = responder->handler->untold.count;

	if (count > JANUS__UNTOLD_MAX - BATCH_EVENTS)
		janus__responder_tell(responder,
				      count + BATCH_EVENTS - JANUS__UNTOLD_MAX);
}

/*
 * Read one group once. When something has come, the other one may have something by now, too.
 * False: it cannot go on.
 */
static bool read_group(struct janus__responder *responder, unsigned int group)
{
	struct janus__batch *batch = responder->batch;
	int fd = group_fd(responder, group);
	struct janus__batch_read *read;
	ssize_t length;

	if (fd < 0 || !batch->readable[group])
		return true;
	make_room(responder);
	read = janus__ledger_begin(responder->ledger, group, now_ns());
	length = responder->kernel->read(fd, read->events,
					 sizeof(read->events[0]) *
						 (batch->scarce ? 1 : BATCH_EVENTS));
	janus__ledger_end(responder->ledger, read, length);
	if (length > 0) {
		janus__overdue_wake(responder->ledger, responder->kernel,
				    responder->wake_fd);
		batch->errors[group] = 0;
		batch->readable[!group] = true;
		return handle_bytes(responder, (size_t)length, group);
	}
	if (length == -EAGAIN) {
		batch->readable[group] = false;
		return true;
	}
	janus__count(&responder->counters->read_errors, 1);
	if (length == -EMFILE || length == -ENFILE) {
		make_fds(responder);
		return true;
	}
	return ++batch->errors[group] < READ_ERRORS_MAX;
}

/* All watches are there: those that were held go before any other. */
static void handle_held(struct janus__responder *responder)
{
	while (responder->handler->held_count && !atomic_load(&responder->holding)) {
		make_room(responder);
		janus__handle_held(responder);
	}
}

static void reap_asked(struct janus__responder *responder)
{
	struct janus__handler *handler = responder->handler;

	if (handler->asking.count)
		janus__asking_reap(&handler->asking, &handler->twins);
}

static bool is_idle(const struct janus__responder *responder)
{
	const struct janus__batch *batch = responder->batch;

	return !batch->readable[0] && (!batch->readable[1] || responder->wide_fd < 0);
}

static void *run(void *arg)
{
	struct janus__responder *responder = arg;

	responder->batch->readable[0] = true;
	while (!atomic_load(&responder->stopping)) {
		handle_held(responder);
		reap_asked(responder);
		if (!read_group(responder, 0) || !read_group(responder, 1))
			break;
		if (is_idle(responder))
			rest(responder);
	}
	janus__responder_tell(responder, responder->handler->untold.count);
	if (!atomic_load(&responder->stopping))
		give_up(responder);
	return NULL;
}

static void free_memory(struct janus__responder *responder)
{
	janus__reserve_release(&responder->reserve);
	janus__actors_destroy(responder->actors);
	free(responder->batch);
	free(responder->handler);
}

static int get_memory(struct janus__responder *responder)
{
	struct janus__handler *handler = calloc(1, sizeof(*handler));

	responder->batch = calloc(1, sizeof(*responder->batch));
	responder->handler = handler;
	if (!responder->batch || !handler ||
	    janus__actors_create(&responder->actors, responder->proc, ACTORS_HELD) < 0)
		return -ENOMEM;
	responder->reserve = (struct janus__reserve){ .kernel = responder->kernel };
	responder->batch->scarce = !janus__reserve_fill(&responder->reserve);
	handler->searcher.proc = responder->proc;
	handler->searcher.rules = responder->rules;
	handler->failure.proc = responder->proc;
	handler->failure.strict = &responder->ledger->strict;
	handler->asking.kernel = responder->kernel;
	handler->asking.ledger = responder->ledger;
	handler->asking.group_fd = responder->group_fd;
	handler->asking.wide_fd = responder->wide_fd;
	handler->untold.proc = responder->proc;
	handler->untold.ring = responder->ring;
	handler->untold.counters = responder->counters;
	handler->untold.actors = responder->actors;
	handler->untold.threads = responder->threads;
	return 0;
}

int janus__responder_start(struct janus__responder *responder)
{
	int err = get_memory(responder);

	if (!err)
		err = responder->kernel->thread_create(&responder->thread,
						       "janus-responder", run, responder);
	responder->started = !err;
	if (err)
		free_memory(responder);
	return err;
}

int janus__responder_answer(struct janus__responder *responder, uint64_t ticket,
			    bool deny)
{
	return janus__asking_answer(&responder->handler->asking, ticket, deny);
}

void janus__responder_resume(struct janus__responder *responder)
{
	const uint64_t one = 1;

	atomic_store(&responder->holding, false);
	(void)responder->kernel->write(responder->stop_fd, &one, sizeof(one));
}

void janus__responder_stop(struct janus__responder *responder)
{
	const uint64_t one = 1;

	if (!responder->started)
		return;
	atomic_store(&responder->stopping, true);
	(void)responder->kernel->write(responder->stop_fd, &one, sizeof(one));
	pthread_join(responder->thread, NULL);
	janus__handle_rest(responder);
	free_memory(responder);
}
