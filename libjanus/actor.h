/* SPDX-License-Identifier: MIT */
/*
 * Who has asked: what is known of one process, and how it is read. Allocates nothing, opens
 * nothing but entries of /proc.
 */
#ifndef JANUS_ACTOR_H
#define JANUS_ACTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc.h"

#define JANUS__COMM_SIZE 64u /* those of the kernel's own threads are that long */
#define JANUS__CGROUPS_SIZE 8192u

/* The part that is told as it stands. */
struct janus__facts {
	int32_t pid;        /* 0: it cannot be seen, and nothing else is known */
	int32_t tid;        /* which thread; 0: nobody has asked for that */
	int32_t pid_inside; /* in its own pid namespace */
	int32_t parent_pid; /* 0: it has none, or none that can be seen */
	uint32_t uid;       /* effective, as is the next */
	uint32_t gid;
	bool gone;           /* nothing but the pid is known */
	const char *runtime; /* of its container; static; "": unknown, or there is none */
	char comm[JANUS__COMM_SIZE];
};

/* A part of a text. */
struct janus__span {
	uint32_t at;
	uint32_t length;
};

/* Never changes once it was read. */
struct janus__actor {
	int32_t id; /* what it was asked for by: a pid, or the number of a thread */
	struct janus__facts facts;
	uint64_t pid_namespace; /* its inode's number; 0: unknown */
	uint64_t cgroup_number; /* that of its cgroup v2; 0: unknown */
	uint32_t exe_length;
	uint32_t cgroups_length;      /* 0: unknown */
	struct janus__span cgroup;    /* in @cgroups: the path that is told */
	struct janus__span container; /* in @cgroups: the id; empty: there is none */
	char exe[PATH_MAX]; /* terminated; "": unknown, or one of the kernel's own */
	char cgroups[JANUS__CGROUPS_SIZE]; /* the whole file, not terminated */
};

/* fds that make a second look at a process cheap, and that no later one can have. */
struct janus__actor_fds {
	int pidfd;
	int comm_fd;
	int exe_fd; /* of the link itself */
};

/*
 * Read who @pid is, which may be any thread of a process. True: it lived all the time, so that
 * all is of one process; @ret_fds is the caller's to close. False: it is gone, or could not be
 * read for want of fds.
 */
bool janus__actor_read(struct janus__actor *ret, const struct janus__proc *proc,
		       int32_t pid, struct janus__actor_fds *ret_fds);

void janus__actor_fds_done(struct janus__actor_fds *fds,
			   const struct janus__kernel *kernel);

/*
 * Whether it is the same process, running the same program, with the same rights, parent and
 * cgroup. On cgroup v1 a move to another cgroup goes unnoticed until it executes something.
 */
bool janus__actor_is_same(const struct janus__actor *actor,
			  const struct janus__actor_fds *fds,
			  const struct janus__proc *proc);

#endif
