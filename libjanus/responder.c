// SPDX-License-Identifier: MIT
/*
 * Owns each event fd from read(2) to close(2). Must not: allocate, log, open a guarded file,
 * wait for anything but the group.
 */
#include "responder.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decide.h"
#include "decode.h"
#include "identify.h"
#include "respond.h"
#include "spec.h"

/* Each event that is read takes an fd: a batch must not take them all. */
#define BATCH_EVENTS 64
#define OPINIONS_MAX 1024
#define OPINIONS_ROOM_MIN 256

/* A group that fails this often in a row will not come back. */
#define READ_ERRORS_MAX 64

/* An event that was answered and is still to be told. */
struct answered {
	struct janus__match match; /* keeps the specs of the opinions */
	struct janus__file file;
	struct janus__opinion *opinions;
	size_t opinion_count;
	int64_t time_ns;
	uint32_t kind;
	int32_t pid;
	int fd;
};

struct janus__batch {
	struct fanotify_event_metadata bytes[BATCH_EVENTS];
	struct answered answered[BATCH_EVENTS];
	struct janus__opinion opinions[OPINIONS_MAX];
	size_t answered_count;
	size_t opinion_count;
	char path[PATH_MAX];
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
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
	if (janus__respond(responder->kernel, responder->group_fd, reply) < 0)
		janus__count(&responder->counters->reply_errors, 1);
}

/* Let through what is none of our business, or what cannot be decided. */
static void let_through(struct janus__responder *responder, int fd,
			atomic_uint_least64_t *counter)
{
	answer(responder, &(struct janus__answer){ .fd = fd });
	janus__count(counter, 1);
	responder->kernel->close(fd);
}

/* The path is told as the target sees it, whose root may lie deeper than ours. */
static const char *path_in_target(const struct janus__spec *spec, const char *path)
{
	size_t length = strlen(spec->root);

	if (strncmp(path, spec->root, length) != 0)
		return path;
	if (path[length] == '\0')
		return "/";
	return path[length] == '/' ? path + length : path;
}

static void tell_opinion(struct janus__responder *responder,
			 const struct answered *answered,
			 const struct janus__opinion *opinion)
{
	const char *path = path_in_target(opinion->spec, responder->batch->path);
	struct janus__record record = {
		.kind = answered->kind,
		.verdict = opinion->verdict,
		.reason = opinion->reason,
		.pid = answered->pid,
		.directory = answered->file.directory,
		.time_ns = answered->time_ns,
		.spec = janus__spec_ref(opinion->spec),
		.rule = opinion->rule,
	};

	if (janus__ring_push(responder->ring, &record, path, strlen(path))) {
		janus__count(&responder->counters->records, 1);
	} else {
		janus__spec_unref(opinion->spec);
		janus__count(&responder->counters->records_dropped, 1);
	}
}

static void tell(struct janus__responder *responder, struct answered *answered)
{
	char *path = responder->batch->path;

	if (janus__identify_path(responder->proc, answered->fd, &answered->file, path,
				 PATH_MAX) < 0)
		path[0] = '\0';
	for (size_t i = 0; i < answered->opinion_count; i++)
		tell_opinion(responder, answered, &answered->opinions[i]);
	responder->kernel->close(answered->fd);
	janus__match_done(&answered->match);
}

/* Nobody waits any more: tell what was answered. */
static void tell_all(struct janus__responder *responder)
{
	struct janus__batch *batch = responder->batch;

	if (batch->answered_count == 0)
		return;
	for (size_t i = 0; i < batch->answered_count; i++)
		tell(responder, &batch->answered[i]);
	batch->answered_count = 0;
	batch->opinion_count = 0;
	janus__responder_signal(responder);
}

static bool is_owner(void *userdata, const struct janus__spec *spec, int32_t pid)
{
	const struct janus__responder *responder = userdata;

	return spec->owner.pid && pid > 0 &&
	       janus__proc_is_descendant(responder->proc, pid, spec->owner.pid,
					 spec->owner.start_time) == 1;
}

/*
 * The kernel says that the file, or the directory it lies in, is marked, but we do not know
 * either. On overlayfs that can be a file which got another number when it was written.
 */
static bool follow_drift(struct janus__responder *responder, int fd,
			 const struct janus__file *file)
{
	char *path = responder->batch->path;

	return janus__rules_have_drifters(responder->rules) &&
	       janus__identify_path(responder->proc, fd, file, path, PATH_MAX) >= 0 &&
	       janus__rules_follow_drift(responder->rules, file->inode, file->mount_id,
					 path);
}

/* Which rules speak of the file. True: where it lies could not be told. */
static bool find_rules(struct janus__responder *responder, struct answered *event)
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
	struct janus__inode parent;

	if (!janus__rules_find(responder->rules, event->file.inode, &event->match))
		return false;
	janus__match_done(&event->match);
	if (janus__identify_parent(responder->parents, responder->proc, &waiting,
				   &parent) == 0) {
		janus__rules_find_with_parent(responder->rules, event->file.inode, parent,
					      &event->match);
		return false;
	}
	orphan.on_overlay = janus__identify_filesystem(responder->kernel, event->fd) ==
			    JANUS__FILESYSTEM_OVERLAY;
	janus__rules_find_strictest(responder->rules, &orphan, &event->match);
	return event->match.directory;
}

static bool found_none(const struct janus__match *match)
{
	return !match->file && !match->directory;
}

static struct janus__decision decide(struct janus__responder *responder,
				     struct answered *event)
{
	struct janus__batch *batch = responder->batch;
	size_t room = OPINIONS_MAX - batch->opinion_count;
	struct janus__question question = {
		.kind = event->kind,
		.pid = event->pid,
		.match = &event->match,
		.is_owner = is_owner,
		.userdata = responder,
	};
	struct janus__decision decision;

	event->opinions = &batch->opinions[batch->opinion_count];
	decision = janus__decide(&question, event->opinions, room);
	event->opinion_count = decision.opinion_count < room ? decision.opinion_count
							     : room;
	return decision;
}

static void count_decision(struct janus__responder *responder,
			   const struct answered *event,
			   const struct janus__decision *decision)
{
	struct janus__counters *counters = responder->counters;
	size_t untold = decision->opinion_count - event->opinion_count;
	bool would_deny = false;

	for (size_t i = 0; i < event->opinion_count; i++)
		would_deny |= event->opinions[i].verdict == JANUS_VERDICT_WOULD_DENY;
	janus__count(decision->deny ? &counters->denied : &counters->allowed, 1);
	if (would_deny)
		janus__count(&counters->would_deny, 1);
	if (untold) {
		janus__ring_lose(responder->ring, untold);
		janus__count(&counters->records_dropped, untold);
	}
}

/* Where the parent was guessed the reason must say so. */
static void mark_as_failure(struct answered *event)
{
	for (size_t i = 0; i < event->opinion_count; i++)
		event->opinions[i].reason = JANUS_REASON_FAILURE;
}

static void decide_and_answer(struct janus__responder *responder, struct answered *event)
{
	struct janus__batch *batch = responder->batch;
	bool guessed = find_rules(responder, event);
	struct janus__decision decision;

	if (found_none(&event->match) && follow_drift(responder, event->fd, &event->file))
		guessed = find_rules(responder, event);
	decision = decide(responder, event);
	if (decision.opinion_count == 0) {
		let_through(responder, event->fd, &responder->counters->unmatched);
		janus__match_done(&event->match);
		return;
	}
	answer(responder, &(struct janus__answer){
				  .fd = event->fd,
				  .deny = decision.deny,
				  .audit = decision.audit,
			  });
	event->time_ns = now_ns();
	if (guessed) {
		mark_as_failure(event);
		janus__count(&responder->counters->failed, 1);
	}
	count_decision(responder, event, &decision);
	batch->opinion_count += event->opinion_count;
	batch->answered_count++;
}

static void handle_event(struct janus__responder *responder,
			 const struct janus__kernel_event *kernel_event)
{
	struct janus__batch *batch = responder->batch;
	struct answered *event;

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
	if (OPINIONS_MAX - batch->opinion_count < OPINIONS_ROOM_MIN)
		tell_all(responder);
	event = &batch->answered[batch->answered_count];
	*event = (struct answered){
		.kind = janus__decode_kind(kernel_event->mask),
		.pid = kernel_event->pid,
		.fd = kernel_event->fd,
	};
	if (janus__identify_file(responder->kernel, event->fd, &event->file) < 0) {
		janus__count(&responder->counters->allowed, 1);
		let_through(responder, event->fd, &responder->counters->failed);
		return;
	}
	decide_and_answer(responder, event);
}

/*
 * The group cannot be read any more. Whoever waits on it would wait for ever, so it is closed,
 * which lets them through, without freeing its number under the caller's feet.
 */
static void give_up(struct janus__responder *responder)
{
	if (responder->kernel->replace_fd(responder->stop_fd, responder->group_fd) < 0)
		responder->kernel->close(responder->group_fd);
	atomic_store(&responder->broken, true);
	janus__responder_signal(responder);
}

/* Handle what one read(2) brought; false: it cannot be decoded. */
static bool handle_bytes(struct janus__responder *responder, size_t length)
{
	const char *bytes = (const char *)responder->batch->bytes;
	struct janus__kernel_event event;
	long used;

	while ((used = janus__decode(bytes, length, &event)) > 0) {
		handle_event(responder, &event);
		bytes += used;
		length -= (size_t)used;
	}
	tell_all(responder);
	if (used < 0)
		janus__count(&responder->counters->malformed, 1);
	return used == 0;
}

static void wait_for_events(struct janus__responder *responder)
{
	struct pollfd fds[] = {
		{ .fd = responder->group_fd, .events = POLLIN },
		{ .fd = responder->stop_fd, .events = POLLIN },
	};

	(void)responder->kernel->poll(fds, 2, -1);
}

static void *run(void *arg)
{
	struct janus__responder *responder = arg;
	struct janus__batch *batch = responder->batch;
	unsigned int errors = 0;

	while (errors < READ_ERRORS_MAX && !atomic_load(&responder->stopping)) {
		ssize_t length = responder->kernel->read(
			responder->group_fd, batch->bytes, sizeof(batch->bytes));

		if (length > 0) {
			errors = 0;
			if (!handle_bytes(responder, (size_t)length))
				break;
			continue;
		}
		if (length != -EAGAIN) {
			janus__count(&responder->counters->read_errors, 1);
			errors++;
		}
		wait_for_events(responder);
	}
	if (!atomic_load(&responder->stopping))
		give_up(responder);
	return NULL;
}

int janus__responder_start(struct janus__responder *responder)
{
	int err;

	responder->batch = calloc(1, sizeof(*responder->batch));
	responder->parents = calloc(1, sizeof(*responder->parents));
	err = responder->batch && responder->parents ? 0 : -ENOMEM;
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
