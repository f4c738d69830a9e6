/* SPDX-License-Identifier: MIT */
/*
 * The actors that one thread has to do with, cached by process until it has had nothing to do
 * for a while (JANUS__ACTORS_IDLE_NS is its time). Allocates nothing once it is made. An actor
 * that somebody holds stays as it is, whatever becomes of its process.
 */
#ifndef JANUS_ACTORS_H
#define JANUS_ACTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"

struct janus__actors;

#define JANUS__ACTORS_IDLE_NS 1000000000

/* At most @held actors are held at the same time. -ENOMEM. */
int janus__actors_create(struct janus__actors **ret, const struct janus__proc *proc,
			 uint32_t held);

/* Nobody holds an actor any more. NULL: nothing happens. */
void janus__actors_destroy(struct janus__actors *actors);

/*
 * Who @pid is now, which may be a thread. Never NULL: who is gone, or cannot be seen, is an
 * actor, too. Held until janus__actors_put().
 */
struct janus__actor *janus__actors_get(struct janus__actors *actors, int32_t pid);

/* The same, but who was looked at since the last refresh is taken for the same. */
struct janus__actor *janus__actors_recall(struct janus__actors *actors, int32_t pid);
void janus__actors_refresh(struct janus__actors *actors);

/* Whether processes are remembered; and forget all of them, with their fds. */
bool janus__actors_any(const struct janus__actors *actors);
void janus__actors_clear(struct janus__actors *actors);

/* NULL: nothing happens. */
void janus__actors_put(struct janus__actors *actors, struct janus__actor *actor);

#endif
