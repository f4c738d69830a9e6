// SPDX-License-Identifier: MIT
/*
 * Owns each event fd from read(2) to the answer. Must not: allocate, log, open a guarded file,
 * wait for anything but the group.
 */
#include "responder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decide.h"
#include "decode.h"
#include "identify.h"
#include "respond.h"
#include "spec.h"
#include "untold.h"

/* Each event that is read takes an fd: a batch must not take them all. */
#define BATCH_EVENTS 32

/* More watches than this for one file and event are asked, but not told: a gap stands there. */
#define OPINIONS_MAX 1024

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

/* The reader is woken this often at most, unless there is nothing else to do. */
#define SIGNAL_NS 10000000

struct janus__batch {
	struct fanotify_event_metadata bytes[BATCH_EVENTS];
	struct janus__opinion opinions[OPINIONS_MAX];
	struct janus__untold untold;
	bool unanswered; /* somebody waits whom no answer reaches */
	size_t events_since_told;
	bool catching_up; /* too much is untold */
	bool quiet;       /* nobody has come for a moment */
	bool unsignaled;  /* records that the reader was not woken for */
	int64_t signaled_ns;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
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

static void answer(struct janus__responder *responder, const struct janus__answer *reply)
{
	if (janus__respond(responder->kernel, responder->group_fd, reply) == 0)
		return;
	janus__count(&responder->counters->reply_errors, 1);
	responder->batch->unanswered = true;
}

/* Let through what is none of our business, or what cannot be decided. */
static void let_through(struct janus__responder *responder, int fd,
			atomic_uint_least64_t *counter)
{
	answer(responder, &(struct janus__answer){ .fd = fd });
	janus__count(counter, 1);
	responder->kernel->close(fd);
}

/*
 * Nobody has rules for it. That is the time to remind the caller of marks that should be gone
 * by now: as long as nobody comes here, they cost nobody anything.
 */
static void pass_unmatched(struct janus__responder *responder, int fd)
{
	int64_t due_ns = atomic_load(&responder->linger_due_ns);

	let_through(responder, fd, &responder->counters->unmatched);
	if (due_ns && due_ns <= now_ns(CLOCK_MONOTONIC))
		janus__responder_signal(responder);
}

static void signal_records(struct janus__responder *responder)
{
	if (!responder->batch->unsignaled)
		return;
	responder->batch->unsignaled = false;
	janus__responder_signal(responder);
}

/* @when_ns: when what was told was answered. */
static void told(struct janus__responder *responder, int64_t when_ns)
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

static void tell(struct janus__responder *responder, size_t count)
{
	struct janus__batch *batch = responder->batch;

	while (count-- && batch->untold.count)
		told(responder, janus__untold_tell(&batch->untold));
	if (batch->untold.count == 0)
		batch->catching_up = false;
}

/* Who cannot be told to be the owner is none, and that is counted. */
static bool is_owner(void *userdata, const struct janus__spec *spec, int32_t pid)
{
	const struct janus__responder *responder = userdata;
	int is;

	if (!spec->owner.pid || pid <= 0)
		return false;
	is = janus__proc_is_descendant(responder->proc, pid, spec->owner.pid,
				       spec->owner.start_time);
	if (is < 0)
		janus__count(&responder->counters->failed, 1);
	return is == 1;
}

static bool lies_on_overlay(const struct janus__responder *responder, int fd)
{
	return janus__identify_filesystem(responder->kernel, fd) ==
	       JANUS__FILESYSTEM_OVERLAY;
}

/*
 * A file without rules on overlayfs can be one that got another number when it was written,
 * and has rules under its former one: the number that the kernel itself has for it; 0: no.
 */
static uint64_t anchor_number(const struct janus__responder *responder,
			      const struct janus__answered *event)
{
	struct janus__fdinfo info;

	if (event->file.directory || !lies_on_overlay(responder, event->fd) ||
	    janus__identify_fdinfo(responder->proc, event->fd, &info) < 0)
		return 0;
	return info.inode_number;
}

/* Which rules speak of the file. True: where it lies could not be told. */
static bool find_rules(struct janus__responder *responder, struct janus__answered *event)
{
	struct janus__waiting waiting = {
		.fd = event->fd,
		.pid = event->pid,
		.file = &event->file,
	};
	struct janus__orphan orphan = {
		.inode = event->file.inode,
		.kind = event->kind,
	};
	uint32_t hints = janus__rules_find(responder->rules, event->file.inode,
					   &event->match);
	struct janus__inode parent;

	if (!hints)
		return false;
	janus__match_done(&event->match);
	if (hints & JANUS__RULES_MAY_DRIFT)
		orphan.anchor_number = anchor_number(responder, event);
	if (janus__identify_parent(responder->parents, responder->proc, &waiting,
				   &parent)) {
		orphan.on_overlay = lies_on_overlay(responder, event->fd);
		return janus__rules_find_orphan(responder->rules, &orphan, &event->match);
	}
	if (orphan.anchor_number)
		janus__rules_follow_drift(
			responder->rules, event->file.inode,
			(struct janus__inode){ parent.device, orphan.anchor_number });
	janus__rules_find_with_parent(responder->rules, event->file.inode, parent,
				      &event->match);
	return false;
}

static struct janus__decision decide(struct janus__responder *responder,
				     const struct janus__answered *event)
{
	struct janus__question question = {
		.kind = event->kind,
		.pid = event->pid,
		.match = &event->match,
		.is_owner = is_owner,
		.userdata = responder,
	};

	return janus__decide(&question, responder->batch->opinions, OPINIONS_MAX);
}

static bool has_would_deny(const struct janus__opinion *opinions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (opinions[i].verdict == JANUS_VERDICT_WOULD_DENY)
			return true;
	return false;
}

/* The opener is gone by now. Opinions are told from the event, or, if they are many, at once. */
static void keep_or_tell(struct janus__responder *responder,
			 struct janus__answered *event, size_t opinion_count)
{
	struct janus__batch *batch = responder->batch;
	size_t count = opinion_count < OPINIONS_MAX ? opinion_count : OPINIONS_MAX;

	if (count <= JANUS__OPINIONS_KEPT) {
		memcpy(event->opinions, batch->opinions,
		       count * sizeof(*event->opinions));
		event->opinion_count = (uint32_t)count;
		janus__untold_add(&batch->untold);
		return;
	}
	tell(responder, batch->untold.count);
	janus__untold_tell_all(&batch->untold, event, batch->opinions, count);
	if (opinion_count > count) {
		janus__ring_lose(responder->ring, opinion_count - count);
		janus__count(&responder->counters->records_dropped,
			     opinion_count - count);
	}
	told(responder, event->time_ns);
}

/* Where the parent was guessed the reason must say so. */
static void mark_as_failure(struct janus__responder *responder, size_t opinion_count)
{
	struct janus__opinion *opinions = responder->batch->opinions;

	for (size_t i = 0; i < opinion_count && i < OPINIONS_MAX; i++)
		opinions[i].reason = JANUS_REASON_FAILURE;
	janus__count(&responder->counters->failed, 1);
}

static void decide_and_answer(struct janus__responder *responder,
			      struct janus__answered *event)
{
	struct janus__counters *counters = responder->counters;
	bool guessed = find_rules(responder, event);
	struct janus__decision decision = decide(responder, event);
	size_t count = decision.opinion_count;

	if (count == 0) {
		pass_unmatched(responder, event->fd);
		janus__match_done(&event->match);
		return;
	}
	answer(responder, &(struct janus__answer){
				  .fd = event->fd,
				  .deny = decision.deny,
				  .audit = decision.audit,
			  });
	event->time_ns = now_ns(CLOCK_REALTIME);
	janus__count(decision.deny ? &counters->denied : &counters->allowed, 1);
	if (has_would_deny(responder->batch->opinions,
			   count < OPINIONS_MAX ? count : OPINIONS_MAX))
		janus__count(&counters->would_deny, 1);
	if (guessed)
		mark_as_failure(responder, count);
	keep_or_tell(responder, event, count);
}

static void handle_event(struct janus__responder *responder,
			 const struct janus__kernel_event *kernel_event)
{
	struct janus__answered *event = janus__untold_next(&responder->batch->untold);

	janus__count(&responder->counters->events, 1);
	if (kernel_event->fd < 0) { /* the kernel has denied it itself */
		janus__count(&responder->counters->failed, 1);
		janus__count(&responder->counters->denied, 1);
		return;
	}
	if (kernel_event->pid == responder->own_pid) {
		let_through(responder, kernel_event->fd, &responder->counters->self);
		return;
	}
	event->match = (struct janus__match){ 0 };
	event->kind = janus__decode_kind(kernel_event->mask);
	event->pid = kernel_event->pid;
	event->fd = kernel_event->fd;
	if (janus__identify_file(responder->kernel, event->fd, &event->file) < 0) {
		janus__count(&responder->counters->allowed, 1);
		let_through(responder, event->fd, &responder->counters->failed);
		return;
	}
	decide_and_answer(responder, event);
}

/*
 * The group cannot be read or written any more. Whoever waits on it would wait for ever, so it
 * is closed, which lets them through, without freeing its number under the caller's feet.
 */
static void give_up(struct janus__responder *responder)
{
	if (responder->kernel->replace_fd(responder->stop_fd, responder->group_fd) < 0) {
		responder->kernel->close(responder->group_fd);
		responder->group_closed = true;
	}
	atomic_store(&responder->broken, true);
	janus__responder_signal(responder);
}

/* Events come without a pause, be they to be told or not. */
static void catch_up(struct janus__responder *responder)
{
	struct janus__batch *batch = responder->batch;

	batch->events_since_told = 0;
	if (batch->untold.count)
		batch->catching_up = true;
	else
		signal_records(responder);
}

/* Answer what one read(2) brought; false: not everybody in it could be. */
static bool handle_bytes(struct janus__responder *responder, size_t length)
{
	struct janus__batch *batch = responder->batch;
	const char *bytes = (const char *)batch->bytes;
	struct janus__kernel_event event;
	size_t events = 0;
	long used;

	while ((used = janus__decode(bytes, length, &event)) > 0) {
		handle_event(responder, &event);
		bytes += used;
		length -= (size_t)used;
		events++;
	}
	batch->quiet = false;
	if (batch->catching_up)
		tell(responder, TOLD_PER_EVENT * events);
	else if ((batch->events_since_told += events) >= UNTOLD_HIGH)
		catch_up(responder);
	if (used < 0)
		janus__count(&responder->counters->malformed, 1);
	return used == 0 && !batch->unanswered;
}

/* Wait for an event, or for the end; 0: neither has come. */
static int wait_for_events(struct janus__responder *responder, int64_t timeout_ns)
{
	struct pollfd fds[] = {
		{ .fd = responder->group_fd, .events = POLLIN },
		{ .fd = responder->stop_fd, .events = POLLIN },
	};

	return responder->kernel->poll(fds, 2, timeout_ns);
}

/* Nobody waits for an answer. If that lasts, use the time, but look again after each record. */
static void rest(struct janus__responder *responder)
{
	struct janus__batch *batch = responder->batch;

	if (batch->untold.count == 0) {
		signal_records(responder);
		wait_for_events(responder, -1);
	} else if (batch->quiet) {
		tell(responder, 1);
	} else {
		batch->quiet = wait_for_events(responder, QUIET_NS) == 0;
	}
}

static void *run(void *arg)
{
	struct janus__responder *responder = arg;
	struct janus__batch *batch = responder->batch;
	unsigned int errors = 0;

	while (errors < READ_ERRORS_MAX && !atomic_load(&responder->stopping)) {
		ssize_t length;

		if (batch->untold.count > JANUS__UNTOLD_MAX - BATCH_EVENTS)
			tell(responder,
			     batch->untold.count + BATCH_EVENTS - JANUS__UNTOLD_MAX);
		length = responder->kernel->read(responder->group_fd, batch->bytes,
						 sizeof(batch->bytes));
		if (length > 0) {
			errors = 0;
			if (!handle_bytes(responder, (size_t)length))
				break;
			continue;
		}
		if (length == -EAGAIN) {
			rest(responder);
			continue;
		}
		janus__count(&responder->counters->read_errors, 1);
		errors++;
	}
	tell(responder, batch->untold.count);
	if (!atomic_load(&responder->stopping))
		give_up(responder);
	return NULL;
}

static int make_batch(struct janus__responder *responder)
{
	struct janus__batch *batch = calloc(1, sizeof(*batch));

	responder->batch = batch;
	responder->parents = calloc(1, sizeof(*responder->parents));
	if (!batch || !responder->parents)
		return -ENOMEM;
	batch->untold.proc = responder->proc;
	batch->untold.ring = responder->ring;
	batch->untold.counters = responder->counters;
	return 0;
}

int janus__responder_start(struct janus__responder *responder)
{
	int err = make_batch(responder);

	if (!err)
		err = responder->kernel->thread_create(&responder->thread, run,
						       responder);
	if (err) {
		free(responder->batch);
		free(responder->parents);
	}
	return err;
}

void janus__responder_stop(struct janus__responder *responder)
{
	const uint64_t one = 1;

	atomic_store(&responder->stopping, true);
	(void)responder->kernel->write(responder->stop_fd, &one, sizeof(one));
	pthread_join(responder->thread, NULL);
	free(responder->batch);
	free(responder->parents);
}
