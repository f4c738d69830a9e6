/* SPDX-License-Identifier: MIT */
/*
 * Processes to be looked at: their files are those of a fake /proc; their pidfds, and what
 * those say, are the test's own.
 */
#ifndef JANUS_TESTS_FAKE_ACTOR_H
#define JANUS_TESTS_FAKE_ACTOR_H

#include "kernel.h"
#include "proc.h"

#define FAKE_ACTOR_ID "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define FAKE_ACTOR_CGROUP "0::/docker/" FAKE_ACTOR_ID "/below\n"

struct fake_actor {
	struct janus__kernel kernel;
	struct janus__proc proc;
	const char *folder;
	int open_count, status_reads;
	int failing_open; /* the Nth openat fails with -EMFILE; 0: none does */
	const char *exe; /* what each link to a program says; NULL: what the folder has */
	ssize_t exe_error;

	/* What the pidfds say. */
	struct {
		int open_error;   /* opening one fails with that */
		int thread_error; /* and one of a thread, with that */
		int info_error;
		int alive_error;
		struct janus__pidfd_info info;
	} said;
};

extern struct fake_actor fake_actor;

void fake_actor_begin(void);
void fake_actor_end(void);

/* A "worker" of user 1000 and group 100 in FAKE_ACTOR_CGROUP, whose parent is 7. */
void fake_actor_add(int32_t pid);
void fake_actor_status(int32_t pid, int32_t parent, uint32_t uid, uint32_t gid);

#endif
