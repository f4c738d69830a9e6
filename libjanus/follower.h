/* SPDX-License-Identifier: MIT */
/*
 * The thread that follows: reads what directories and mounts have to tell, and keeps trees and
 * marks as they should be. It may open directories and wait for a file system, so nobody who
 * is asked for permission waits for it.
 */
#ifndef JANUS_FOLLOWER_H
#define JANUS_FOLLOWER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "follow.h"

struct janus__follower {
	/* The context's. */
	const struct janus__kernel *kernel;
	pthread_mutex_t *engine; /* over trees, marks and rules; held over system calls */
	struct janus__follow follow;
	int observe_fd;
	int mount_fd; /* -1: mounts are looked at now and then */
	int kick_fd;  /* readable: look at what has changed for the thread, or end */
	/* Called when there is something to fetch, or when the end has come (@broken). */
	void (*wake)(void *userdata, bool broken);
	void *userdata;

	/* Its own. */
	atomic_bool stopping;
	atomic_bool in_hand; /* what was read may not be told yet */
	uint64_t batch_left;
	atomic_bool polls_mounts; /* some target's mounts cannot be watched */
	bool started;
	int64_t read_ns; /* when observations were read last; CLOCK_MONOTONIC */
	unsigned char *batch;
	pthread_t thread;
};

/* Starts the thread. -ENOMEM, -EAGAIN. */
int janus__follower_start(struct janus__follower *follower);

/* Ends the thread, if it was started, and waits for it. */
void janus__follower_stop(struct janus__follower *follower);

/* Hear of mounts in a target's tree from now on; @pid 0: in ours. Under the engine's mutex. */
void janus__follower_watch_mounts(struct janus__follower *follower,
				  const struct janus__proc *proc, int32_t pid);

#endif
