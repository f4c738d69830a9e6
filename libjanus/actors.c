// SPDX-License-Identifier: MIT
/*
 * Owns the memory of all actors of a thread, and the fds of those that are cached: three each, so
 * there are few.
 */
#include "actors.h"

#include <errno.h>
#include <stdlib.h>

/* Processes that ask in turns; more than that, and each is read anew. */
#define SETS ((size_t)8)
#define WAYS ((size_t)4)
#define CACHED (SETS * WAYS)

struct held_actor {
	struct janus__actor actor; /* first, so that one is the other */
	struct held_actor *next;   /* that is free */
	uint32_t references;
};

struct slot {
	struct held_actor *held; /* NULL: empty */
	struct janus__actor_fds fds;
	uint64_t used;   /* when, in looks */
	uint64_t looked; /* the round of refreshing in which it was looked at */
};

struct janus__actors {
	const struct janus__proc *proc;
	uint64_t looks;
	uint64_t round;
	uint32_t cached;
	struct held_actor *free;
	struct slot slots[CACHED];
	struct held_actor pool[];
};

int janus__actors_create(struct janus__actors **ret, const struct janus__proc *proc,
			 uint32_t held)
{
	size_t count = (size_t)CACHED + held;
	struct janus__actors *actors =
		calloc(1, sizeof(*actors) + count * sizeof(actors->pool[0]));

	if (!actors)
		return -ENOMEM;
	actors->proc = proc;
	for (size_t i = 0; i < count; i++) {
		actors->pool[i].next = actors->free;
		actors->free = &actors->pool[i];
	}
	*ret = actors;
	return 0;
}

static void let_go(struct janus__actors *actors, struct held_actor *held)
{
	if (--held->references)
		return;
	held->next = actors->free;
	actors->free = held;
}

static void empty(struct janus__actors *actors, struct slot *slot)
{
	if (!slot->held)
		return;
	actors->cached--;
	janus__actor_fds_done(&slot->fds, actors->proc->kernel);
	let_go(actors, slot->held);
	slot->held = NULL;
}

void janus__actors_destroy(struct janus__actors *actors)
{
	if (!actors)
		return;
	janus__actors_clear(actors);
	free(actors);
}

bool janus__actors_any(const struct janus__actors *actors)
{
	return actors && actors->cached;
}

void janus__actors_clear(struct janus__actors *actors)
{
	for (size_t i = 0; i < CACHED; i++)
		empty(actors, &actors->slots[i]);
}

/* The slot of the process, or the one that it shall have. */
static struct slot *slot_of(struct janus__actors *actors, int32_t pid)
{
	struct slot *set = &actors->slots[((uint32_t)pid % SETS) * WAYS];
	struct slot *oldest = set;

	for (size_t i = 0; i < WAYS; i++) {
		struct slot *slot = &set[i];

		if (slot->held && slot->held->actor.id == pid)
			return slot;
		if (oldest->held && (!slot->held || slot->used < oldest->used))
			oldest = slot;
	}
	return oldest;
}

static struct janus__actor *hold(struct held_actor *held)
{
	held->references++;
	return &held->actor;
}

/* Who is not there to be looked at again is not kept. */
static struct janus__actor *read_anew(struct janus__actors *actors, struct slot *slot,
				      int32_t pid)
{
	struct held_actor *held;

	empty(actors, slot);
	held = actors->free;
	actors->free = held->next;
	held->references = 0;
	if (janus__actor_read(&held->actor, actors->proc, pid, &slot->fds)) {
		slot->held = held;
		actors->cached++;
		slot->looked = actors->round;
		hold(held);
	}
	return hold(held);
}

static struct janus__actor *find(struct janus__actors *actors, int32_t pid, bool recall)
{
	struct slot *slot = slot_of(actors, pid);

	slot->used = ++actors->looks;
	if (!slot->held || slot->held->actor.id != pid)
		return read_anew(actors, slot, pid);
	if (recall && slot->looked == actors->round)
		return hold(slot->held);
	if (!janus__actor_is_same(&slot->held->actor, &slot->fds, actors->proc))
		return read_anew(actors, slot, pid);
	slot->looked = actors->round;
	return hold(slot->held);
}

struct janus__actor *janus__actors_get(struct janus__actors *actors, int32_t pid)
{
	return find(actors, pid, false);
}

struct janus__actor *janus__actors_recall(struct janus__actors *actors, int32_t pid)
{
	return find(actors, pid, true);
}

void janus__actors_refresh(struct janus__actors *actors)
{
	actors->round++;
}

void janus__actors_put(struct janus__actors *actors, struct janus__actor *actor)
{
	if (actor)
		let_go(actors, (struct held_actor *)actor);
}
