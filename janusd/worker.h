/* SPDX-License-Identifier: MIT */
/*
 * The daemon at work: one loop on the main thread over the library's events, the jobs of
 * the gRPC thread and the signals. Owns every object of the process and the order in
 * which they come and go. It may end at any moment: what has to be there afterwards is in the
 * keep and in the state.
 */
#ifndef JANUSD_WORKER_H
#define JANUSD_WORKER_H

#include <stdatomic.h>
#include <stdint.h>

#include "guard_config.h"
#include "listen.h"

struct cmdline;
struct janus_keep;

/* In memory that keeper and worker share. The keeper believes none of it. */
struct worker_note {
	char last_line[512];
	atomic_bool is_ready;
	atomic_bool is_guarding; /* what the last one had; nobody can be served for now */
	atomic_bool is_drained;  /* nobody is served any more, guards are in force */
	atomic_uint beats;       /* grows with each question whether it makes progress */
	/* Of the keeper, for whoever asks: its workers that had to be replaced, its handovers. */
	atomic_uint_least64_t restarts;
	atomic_uint_least64_t handovers;
	/* Of listeners that take any port: the next worker listens on the same. */
	uint16_t ports[LISTEN_MAX];
};

struct worker_setup {
	const struct cmdline *cmdline;
	struct listeners *listeners;
	struct node_name node;
	struct janus_keep *keep;
	int state_fd;
	struct worker_note *note;
	int ask_fd;  /* an eventfd, the keeper's to write: is there progress? */
	int tell_fd; /* likewise, the worker's: look at the note */
};

/*
 * What the setup leads to stays the caller's. Signals that the worker waits for are blocked
 * already: SIGTERM, SIGINT, SIGHUP, SIGUSR1, and SIGUSR2, which means to serve nobody any more,
 * and to go on guarding until it comes once more; then it leaves, and the guards stay. Return:
 * the exit status of the process.
 */
int worker_run(const struct worker_setup *setup);

#endif
