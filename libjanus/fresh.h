/* SPDX-License-Identifier: MIT */
/*
 * What was listed a moment ago, and what the kernel may tell of it once more: an entry that
 * appears in a new directory between its mark and its listing is seen by both. Pure.
 *
 * Events are counted as they are read. Those of a directory that were queued before its listing
 * began are in the listing already; those queued while it went on may be.
 */
#ifndef JANUS_FRESH_H
#define JANUS_FRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tree.h"

/* How an event stands to the listing of the directory that it speaks of. */
enum janus__freshness {
	JANUS__FRESH_NOT,   /* after it, or there was none */
	JANUS__FRESH_MAYBE, /* while it went on */
	JANUS__FRESH_KNOWN, /* before it */
};

struct janus__fresh_listing {
	const struct janus__node *node; /* NULL: a free place */
	uint64_t begun;                 /* the last event that was queued before it */
	uint64_t ended;
};

/* Entries that were told from a listing, as hashes of directory, name and handle. */
struct janus__fresh_set {
	uint64_t *hashes; /* 0: a free place */
	size_t count;
	size_t room;    /* a power of two, or 0 */
	uint64_t until; /* the last event that can speak of one of them */
};

/* A directory that is known elsewhere was listed: that it has moved is still to be told. */
struct janus__fresh_meeting {
	struct janus__fresh_meeting *next;
	const struct janus__node *node;
	struct janus__node *directory; /* where it was listed */
	uint64_t until;                /* the last event that can tell of it */
	char name[];
};

struct janus__fresh {
	uint64_t now; /* number of the event that is being handled */
	struct janus__fresh_listing *listings;
	size_t listing_count;
	size_t listing_room;
	struct janus__fresh_set young, old;
	struct janus__fresh_meeting *meetings;
};

void janus__fresh_done(struct janus__fresh *fresh);

/* A directory is about to be listed, or was: @queued events wait to be handled. -ENOMEM. */
int janus__fresh_begin(struct janus__fresh *fresh, struct janus__node *node,
		       uint64_t queued);
void janus__fresh_end(struct janus__fresh *fresh, const struct janus__node *node,
		      uint64_t queued);

/* The node is about to be freed. */
void janus__fresh_forget(struct janus__fresh *fresh, struct janus__node *node);

/* An entry that the listing has shown and that was told. Without memory it may be told twice. */
void janus__fresh_add(struct janus__fresh *fresh, const struct janus__node *directory,
		      const char *name, const struct janus__fid *fid);
bool janus__fresh_has(const struct janus__fresh *fresh,
		      const struct janus__node *directory, const char *name,
		      const struct janus__fid *fid);

/*
 * A known directory was listed at another place, by @name. -ENOMEM: its move will be told as
 * its end.
 */
int janus__fresh_meet(struct janus__fresh *fresh, const struct janus__node *node,
		      const struct janus__fresh_meeting *at, const char *name);

/* Where a directory was met; NULL: nowhere. */
const struct janus__fresh_meeting *janus__fresh_met(const struct janus__fresh *fresh,
						    const struct janus__node *node);

/* The next event is handled: what it cannot speak of any more is forgotten. */
void janus__fresh_next(struct janus__fresh *fresh, uint64_t queued);

enum janus__freshness janus__fresh_of(const struct janus__fresh *fresh,
				      const struct janus__node *directory);

#endif
