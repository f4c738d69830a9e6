/* SPDX-License-Identifier: MIT */
/*
 * The doer: another process that does what it is told and says how it went. It opens guarded
 * files, because what the testing process opens itself is never refused.
 */
#ifndef TESTS_KERNEL_DOER_H
#define TESTS_KERNEL_DOER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What to do: a function of this program, which both processes have at the same place. */
struct deed {
	int (*run)(const struct deed *deed);
	int number;
	void *shared; /* from shared_memory() */
	char path[PATH_MAX];
	char other[PATH_MAX];
};

struct actor {
	pid_t pid;
	int fd; /* towards it */
};

/* It has no fd of ours but stdout and stderr. It ends with us, or by actor_end(). */
void actor_start(struct actor *actor);
void actor_end(struct actor *actor);

/* The same with all fds that we have. */
void actor_start_heir(struct actor *actor);

/* SIGKILL, and wait until it is gone. */
void actor_kill(struct actor *actor);

/* SIGSTOP, and wait until all its threads have stopped; SIGCONT. */
void actor_pause(struct actor *actor);
void actor_resume(struct actor *actor);

/* Have it do something; the function's result. Fails the case after BOUND_MS. */
int actor_do(struct actor *actor, const struct deed *deed);

/* The two halves of actor_do(). */
void actor_begin(struct actor *actor, const struct deed *deed);
int actor_finish(struct actor *actor);

/* Whether what it was told to do is done: actor_finish() will not wait. */
bool actor_is_done(void *actor);

/* Whether it waits in the kernel, as for an answer to a permission event. */
bool actor_waits(void *actor);

/* Zeroed memory that actors started later share. */
void *shared_memory(size_t size);

/* Common deeds: 0 or a negative errno of the step that matters. */
int try_open(struct actor *actor, const char *path);
int try_read(struct actor *actor,
	     const char *path); /* opens first; EPROTO if that fails */
int try_list(struct actor *actor, const char *path);
int try_exec(struct actor *actor, const char *path);
int try_bind(struct actor *actor, const char *from, const char *to); /* makes @to */

/* Open @path again and again until that is refused: where it takes a moment to be guarded. */
void wait_denied(struct actor *actor, const char *path);

/* Deeds for use in others. */
int open_path(const struct deed *deed);    /* open @path to read, close it */
int leave_mounts(const struct deed *deed); /* into a mount namespace of its own */
int enter_root(const struct deed *deed);   /* chroot to @path */
int hold_path(const struct deed *deed);    /* keep an O_PATH fd of @path; its number */

#endif
