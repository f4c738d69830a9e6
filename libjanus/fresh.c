// SPDX-License-Identifier: MIT
#include "fresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define FIRST_ROOM 256

static struct janus__fresh_meeting *free_meeting(struct janus__fresh_meeting *meeting)
{
	struct janus__fresh_meeting *next = meeting->next;

	free(meeting);
	return next;
}

void janus__fresh_done(struct janus__fresh *fresh)
{
	while (fresh->meetings)
		fresh->meetings = free_meeting(fresh->meetings);
	free(fresh->listings);
	free(fresh->young.hashes);
	free(fresh->old.hashes);
	*fresh = (struct janus__fresh){ 0 };
}

static struct janus__fresh_listing *find(const struct janus__fresh *fresh,
					 const struct janus__node *node)
{
	for (size_t i = fresh->listing_count; i > 0; i--)
		if (fresh->listings[i - 1].node == node)
			return &fresh->listings[i - 1];
	return NULL;
}

int janus__fresh_begin(struct janus__fresh *fresh, struct janus__node *node,
		       uint64_t queued)
{
	struct janus__fresh_listing *listing = node->flags & JANUS__NODE_FRESH
						       ? find(fresh, node)
						       : NULL;

	if (!listing && fresh->listing_count == fresh->listing_room) {
		size_t room = fresh->listing_room ? fresh->listing_room * 2 : 64;
		struct janus__fresh_listing *larger = reallocarray(fresh->listings, room,
								   sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		fresh->listings = larger;
		fresh->listing_room = room;
	}
	if (!listing)
		listing = &fresh->listings[fresh->listing_count++];
	*listing = (struct janus__fresh_listing){
		.node = node,
		.begun = fresh->now + queued,
		.ended = UINT64_MAX,
	};
	node->flags |= JANUS__NODE_FRESH;
	return 0;
}

void janus__fresh_end(struct janus__fresh *fresh, const struct janus__node *node,
		      uint64_t queued)
{
	struct janus__fresh_listing *listing = find(fresh, node);

	if (listing)
		listing->ended = fresh->now + queued;
}

static void remove_listing(struct janus__fresh *fresh,
			   struct janus__fresh_listing *listing)
{
	*listing = fresh->listings[--fresh->listing_count];
}

void janus__fresh_forget(struct janus__fresh *fresh, struct janus__node *node)
{
	struct janus__fresh_meeting **link = &fresh->meetings;
	struct janus__fresh_listing *listing;

	while (*link) {
		if ((*link)->node == node || (*link)->directory == node)
			*link = free_meeting(*link);
		else
			link = &(*link)->next;
	}
	if (!(node->flags & JANUS__NODE_FRESH))
		return;
	listing = find(fresh, node);
	if (listing)
		remove_listing(fresh, listing);
}

/* The set. */

static uint64_t hash_entry(const struct janus__node *directory, const char *name,
			   const struct janus__fid *fid)
{
	uint64_t hash = JANUS__HASH_BEGIN;

	hash = janus__hash(hash, &directory, sizeof(struct janus__node *));
	hash = janus__hash(hash, name, strlen(name) + 1);
	hash = janus__hash(hash, fid->bytes, fid->length);
	hash ^= hash >> 31;
	return hash ? hash : 1;
}

static uint64_t *place_in(const struct janus__fresh_set *set, uint64_t hash)
{
	size_t at = (size_t)(hash & (set->room - 1));

	while (set->hashes[at] && set->hashes[at] != hash)
		at = (at + 1) & (set->room - 1);
	return &set->hashes[at];
}

static bool set_has(const struct janus__fresh_set *set, uint64_t hash)
{
	return set->count && *place_in(set, hash);
}

static int make_room(struct janus__fresh_set *set)
{
	struct janus__fresh_set larger = *set;

	if (set->count < set->room / 2)
		return 0;
	larger.room = set->room ? set->room * 2 : FIRST_ROOM;
	larger.hashes = calloc(larger.room, sizeof(*larger.hashes));
	if (!larger.hashes)
		return -ENOMEM;
	for (size_t i = 0; i < set->room; i++)
		if (set->hashes[i])
			*place_in(&larger, set->hashes[i]) = set->hashes[i];
	free(set->hashes);
	*set = larger;
	return 0;
}

void janus__fresh_add(struct janus__fresh *fresh, const struct janus__node *directory,
		      const char *name, const struct janus__fid *fid)
{
	uint64_t hash = hash_entry(directory, name, fid), *place;

	if (make_room(&fresh->young) < 0)
		return;
	place = place_in(&fresh->young, hash);
	fresh->young.count += *place == 0;
	*place = hash;
}

bool janus__fresh_has(const struct janus__fresh *fresh,
		      const struct janus__node *directory, const char *name,
		      const struct janus__fid *fid)
{
	uint64_t hash = hash_entry(directory, name, fid);

	return set_has(&fresh->young, hash) || set_has(&fresh->old, hash);
}

/* Meetings. */

int janus__fresh_meet(struct janus__fresh *fresh, const struct janus__node *node,
		      const struct janus__fresh_meeting *at, const char *name)
{
	size_t size = strlen(name) + 1;
	struct janus__fresh_meeting *meeting = malloc(sizeof(*meeting) + size);

	if (!meeting)
		return -ENOMEM;
	*meeting = *at;
	meeting->node = node;
	memcpy(meeting->name, name, size);
	meeting->next = fresh->meetings;
	fresh->meetings = meeting;
	return 0;
}

const struct janus__fresh_meeting *janus__fresh_met(const struct janus__fresh *fresh,
						    const struct janus__node *node)
{
	const struct janus__fresh_meeting *meeting = fresh->meetings;

	while (meeting && meeting->node != node)
		meeting = meeting->next;
	return meeting;
}

static void part(struct janus__fresh *fresh)
{
	struct janus__fresh_meeting **link = &fresh->meetings;

	while (*link) {
		if ((*link)->until < fresh->now)
			*link = free_meeting(*link);
		else
			link = &(*link)->next;
	}
}

static void clear(struct janus__fresh_set *set)
{
	free(set->hashes);
	*set = (struct janus__fresh_set){ 0 };
}

void janus__fresh_next(struct janus__fresh *fresh, uint64_t queued)
{
	fresh->now++;
	part(fresh);
	for (size_t i = fresh->listing_count; i > 0; i--)
		if (fresh->listings[i - 1].ended < fresh->now)
			remove_listing(fresh, &fresh->listings[i - 1]);
	if (fresh->old.count) {
		/* The young ones take their place with the next event, and its queue. */
		if (fresh->old.until < fresh->now)
			clear(&fresh->old);
		return;
	}
	if (!fresh->young.count)
		return;
	fresh->old = fresh->young;
	fresh->old.until = fresh->now + queued;
	fresh->young = (struct janus__fresh_set){ 0 };
}

enum janus__freshness janus__fresh_of(const struct janus__fresh *fresh,
				      const struct janus__node *directory)
{
	const struct janus__fresh_listing *listing = directory->flags & JANUS__NODE_FRESH
							     ? find(fresh, directory)
							     : NULL;

	if (!listing || fresh->now > listing->ended)
		return JANUS__FRESH_NOT;
	return fresh->now <= listing->begun ? JANUS__FRESH_KNOWN : JANUS__FRESH_MAYBE;
}
