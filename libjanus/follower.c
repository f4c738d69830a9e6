// SPDX-License-Identifier: MIT
/*
 * Owns the batch between read(2) and the trees. Takes the engine's mutex for a batch at a time,
 * so that a watch that is being made waits for no more than that.
 */
#include "follower.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH_BYTES 65536

/* How often mounts are looked at where nobody tells of them. */
#define MOUNTS_NS 1000000000

/*
 * Observations that are so close are many. Then some are gathered first, for the kernel makes
 * one of all that happens to one file meanwhile.
 */
#define BUSY_NS 5000000
#define GATHER_NS 300000

/* A group that fails this often in a row will not come back. */
#define READ_ERRORS_MAX 64

static uint64_t count_events(const unsigned char *bytes, size_t length)
{
	struct janus__observation seen;
	uint64_t count = 0;
	long used;

	while ((used = janus__decode_fid(bytes, length, &seen)) > 0) {
		bytes += used;
		length -= (size_t)used;
		count++;
	}
	return count;
}

static void handle(struct janus__follower *follower,
		   const struct janus__observation *seen)
{
	struct janus__follow *follow = &follower->follow;
	struct janus__fresh *fresh = follow->marker->fresh;

	/* What was listed is remembered until the last event that can speak of it. */
	janus__fresh_next(fresh, fresh->young.count && !fresh->old.count
					 ? janus__marks_queued(follow->marker)
					 : 0);
	janus__count(&follow->marker->counters->observed, 1);
	if (seen->mask & FAN_Q_OVERFLOW)
		janus__follow_overflow(follow);
	else
		janus__follow(follow, seen);
}

/* False: the kernel speaks a language that we do not know. */
static bool handle_batch(struct janus__follower *follower, size_t length)
{
	const unsigned char *bytes = follower->batch;
	struct janus__observation seen;
	long used;

	pthread_mutex_lock(follower->engine);
	janus__actors_refresh(follower->follow.marker->teller->actors);
	follower->batch_left = count_events(bytes, length);
	while ((used = janus__decode_fid(bytes, length, &seen)) > 0) {
		follower->batch_left--;
		handle(follower, &seen);
		bytes += used;
		length -= (size_t)used;
	}
	follower->batch_left = 0;
	janus__follow_settle(&follower->follow);
	pthread_mutex_unlock(follower->engine);
	if (used < 0)
		janus__count(&follower->follow.marker->counters->malformed, 1);
	return used == 0;
}

static void look_at_mounts(struct janus__follower *follower)
{
	/* What they were is of no interest: the mounts themselves are looked at. */
	if (follower->mount_fd >= 0)
		while (follower->kernel->read(follower->mount_fd, follower->batch,
					      BATCH_BYTES) > 0)
			;
	pthread_mutex_lock(follower->engine);
	janus__follow_mounts(&follower->follow);
	janus__follow_settle(&follower->follow);
	pthread_mutex_unlock(follower->engine);
}

static void wake(struct janus__follower *follower)
{
	struct janus__teller *teller = follower->follow.marker->teller;

	if (!teller->told)
		return;
	teller->told = false;
	follower->wake(follower->userdata, false);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/*
 * Something can be read. A lone observation is told at once; and at once is followed what
 * openers may come to, who are asked for permission.
 */
static void gather(struct janus__follower *follower)
{
	struct pollfd kick = { .fd = follower->kick_fd, .events = POLLIN };
	bool busy = now_ns() - follower->read_ns < BUSY_NS;

	if (busy && !atomic_load(&follower->follow.marker->trees->asking_count))
		(void)follower->kernel->poll(&kick, 1, GATHER_NS);
	follower->read_ns = now_ns();
}

/* All that was there; false: the group is no good any more. */
static bool read_batches(struct janus__follower *follower, unsigned int *errors)
{
	ssize_t length;

	while (!atomic_load(&follower->stopping)) {
		length = follower->kernel->read(follower->observe_fd, follower->batch,
						BATCH_BYTES);
		if (length == -EAGAIN || length == 0)
			return true;
		if (length < 0 && length != -EINTR && ++*errors >= READ_ERRORS_MAX)
			return false;
		if (length < 0)
			continue;
		*errors = 0;
		if (!handle_batch(follower, (size_t)length))
			return false;
		wake(follower);
		if (length < BATCH_BYTES / 2)
			return true;
	}
	return true;
}

/* Said before the queue is emptied, so that who finds it empty knows whether all is told. */
static bool read_all(struct janus__follower *follower, unsigned int *errors)
{
	bool good;

	atomic_store(&follower->in_hand, true);
	good = read_batches(follower, errors);
	atomic_store(&follower->in_hand, false);
	return good;
}

/* How long to wait when there is nothing to do; -1: for ever. */
static int64_t patience(const struct janus__follower *follower, bool polls)
{
	if (polls)
		return MOUNTS_NS;
	return janus__actors_any(follower->follow.marker->teller->actors)
		       ? JANUS__ACTORS_IDLE_NS
		       : -1;
}

static void forget_actors(struct janus__follower *follower)
{
	pthread_mutex_lock(follower->engine);
	janus__actors_clear(follower->follow.marker->teller->actors);
	pthread_mutex_unlock(follower->engine);
}

static void *run(void *arg)
{
	struct janus__follower *follower = arg;
	struct pollfd fds[] = {
		{ .fd = follower->observe_fd, .events = POLLIN },
		{ .fd = follower->kick_fd, .events = POLLIN },
		{ .fd = follower->mount_fd, .events = POLLIN },
	};
	unsigned int errors = 0;
	uint64_t kicks;

	while (!atomic_load(&follower->stopping)) {
		bool polls = atomic_load(&follower->polls_mounts);
		int ready = follower->kernel->poll(fds, follower->mount_fd < 0 ? 2 : 3,
						   patience(follower, polls));

		if (ready == 0)
			forget_actors(follower);

		if (fds[1].revents & POLLIN)
			(void)follower->kernel->read(follower->kick_fd, &kicks,
						     sizeof(kicks));
		if (fds[0].revents & POLLIN)
			gather(follower);
		if (!read_all(follower, &errors)) {
			follower->wake(follower->userdata, true);
			break;
		}
		if ((ready == 0 && polls) || (fds[2].revents & POLLIN)) {
			look_at_mounts(follower);
			wake(follower);
		}
	}
	return NULL;
}

int janus__follower_start(struct janus__follower *follower)
{
	int err;

	follower->batch = malloc(BATCH_BYTES);
	if (!follower->batch)
		return -ENOMEM;
	err = follower->kernel->thread_create(&follower->thread, "janus-follower", run,
					      follower);
	if (err) {
		free(follower->batch);
		follower->batch = NULL;
		return err;
	}
	follower->started = true;
	return 0;
}

static void kick(struct janus__follower *follower)
{
	const uint64_t one = 1;

	(void)follower->kernel->write(follower->kick_fd, &one, sizeof(one));
}

void janus__follower_stop(struct janus__follower *follower)
{
	if (!follower->started)
		return;
	atomic_store(&follower->stopping, true);
	kick(follower);
	pthread_join(follower->thread, NULL);
	free(follower->batch);
	follower->started = false;
}

void janus__follower_watch_mounts(struct janus__follower *follower,
				  const struct janus__proc *proc, int32_t pid)
{
	const uint64_t mask = FAN_MNT_ATTACH | FAN_MNT_DETACH;
	char path[32] = "self/ns/mnt";
	int err = -EINVAL;

	if (pid)
		snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	if (follower->mount_fd >= 0)
		err = follower->kernel->fanotify_mark(follower->mount_fd,
						      FAN_MARK_ADD | FAN_MARK_MNTNS, mask,
						      proc->fd, path);
	if (err >= 0 || atomic_load(&follower->polls_mounts))
		return;
	atomic_store(&follower->polls_mounts, true);
	kick(follower);
}
