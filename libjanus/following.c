// SPDX-License-Identifier: MIT
/*
 * Owns the fds and the thread that trees and observation need: none of them is there before
 * the first watch that wants them.
 */
#include "context.h"

#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "observe.h"
#include "util.h"

static void wake_caller(void *userdata, bool broken)
{
	struct janus_context *context = userdata;

	if (broken)
		atomic_store(&context->responder.broken, true);
	janus__responder_signal(&context->responder);
}

/* The number that was kept for it, if that is still there. */
static int to_low_fd(const struct janus_context *context, int group)
{
	const struct janus__kernel *kernel = context->kernel;

	if (group < 0 || context->low_fd < 0 ||
	    kernel->replace_fd(group, context->low_fd) < 0)
		return group;
	kernel->close(group);
	return context->low_fd;
}

static int open_following(struct janus_context *context)
{
	struct janus__follower *follower = &context->follower;
	const struct janus__kernel *kernel = context->kernel;
	bool bounded = context->flags & JANUS_CONTEXT_BOUNDED_QUEUE;

	follower->kick_fd = kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (follower->kick_fd < 0)
		return follower->kick_fd;
	context->marker.observe_fd = to_low_fd(
		context, janus__observe_open_group(kernel, bounded, &context->features));
	if (context->marker.observe_fd < 0)
		return context->marker.observe_fd;
	follower->mount_fd = janus__observe_open_mount_group(kernel);
	if (follower->mount_fd >= 0)
		context->features |= JANUS_FEATURE_MOUNT_EVENTS;
	return 0;
}

void janus__context_unfollow(struct janus_context *context)
{
	struct janus__follower *follower = &context->follower;
	int *fds[] = { &context->marker.observe_fd, &follower->mount_fd,
		       &follower->kick_fd };

	/* It cannot be kept once more: where fds are that scarce any number will do. */
	if (context->marker.observe_fd == context->low_fd)
		context->low_fd = -1;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(fds); i++) {
		if (*fds[i] >= 0)
			context->kernel->close(*fds[i]);
		*fds[i] = -1;
	}
}

int janus__context_follow(struct janus_context *context)
{
	struct janus__follower *follower = &context->follower;
	int err;

	if (follower->started)
		return 0;
	err = open_following(context);
	if (!err && !context->trees.buckets)
		err = janus__trees_init(&context->trees);
	if (!err && !context->observed.bytes)
		err = janus__ring_init(&context->observed, context->ring.size);
	if (!err && !context->teller.actors)
		err = janus__actors_create(&context->teller.actors, &context->proc, 1);
	if (!err) {
		follower->kernel = context->kernel;
		follower->engine = &context->engine;
		follower->follow.marker = &context->marker;
		follower->follow.own_pid = getpid();
		follower->observe_fd = context->marker.observe_fd;
		follower->wake = wake_caller;
		follower->userdata = context;
		err = janus__follower_start(follower);
	}
	if (err)
		janus__context_unfollow(context);
	return err;
}
