// SPDX-License-Identifier: MIT
#include "doubt.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#define DOUBTS_MAX 65536

static uint64_t hash_name(const struct janus__tree *tree, const struct janus__fid *fid,
			  const char *name)
{
	uint64_t hash = JANUS__HASH_BEGIN;

	hash = janus__hash(hash, &tree, sizeof(struct janus__tree *));
	hash = janus__hash(hash, fid->bytes, fid->length);
	hash = janus__hash(hash, name, strlen(name));
	return hash ^ (hash >> 32);
}

static struct janus__doubt **bucket_of(struct janus__doubts *doubts, uint64_t hash)
{
	return &doubts->buckets[hash % JANUS__DOUBT_BUCKETS];
}

static struct janus__doubt *find(struct janus__doubts *doubts, uint64_t hash,
				 const struct janus__name *name)
{
	struct janus__fid fid = janus__node_fid(name->trees, name->directory);
	struct janus__doubt *doubt = *bucket_of(doubts, hash);

	while (doubt && !(doubt->hash == hash && doubt->tree == name->directory->tree &&
			  janus__fid_is(&doubt->directory.fid, &fid) &&
			  strcmp(doubt->name, name->name) == 0))
		doubt = doubt->next;
	return doubt;
}

void janus__doubts_put(struct janus__doubts *doubts, struct janus__doubt *doubt)
{
	struct janus__doubt **bucket = bucket_of(doubts, doubt->hash);

	doubt->next = *bucket;
	*bucket = doubt;
	doubts->count++;
}

static void add(struct janus__doubts *doubts, uint64_t hash,
		const struct janus__name *name, bool present)
{
	struct janus__fid fid = janus__node_fid(name->trees, name->directory);
	size_t size = strlen(name->name) + 1;
	struct janus__doubt *doubt;

	if (doubts->count == DOUBTS_MAX || fid.length > sizeof(doubt->directory.memory))
		return;
	doubt = calloc(1, sizeof(*doubt) + size);
	if (!doubt)
		return;
	doubt->tree = name->directory->tree;
	doubt->directory.fid = fid;
	memcpy(doubt->directory.memory, fid.bytes, fid.length);
	doubt->directory.fid.bytes = doubt->directory.memory;
	doubt->hash = hash;
	doubt->present = present;
	memcpy(doubt->name, name->name, size);
	janus__doubts_put(doubts, doubt);
}

void janus__doubts_note(struct janus__doubts *doubts, const struct janus__name *name,
			bool present)
{
	struct janus__fid fid = janus__node_fid(name->trees, name->directory);
	uint64_t hash = hash_name(name->directory->tree, &fid, name->name);
	struct janus__doubt *doubt = find(doubts, hash, name);

	if (doubt)
		doubt->present = present;
	else
		add(doubts, hash, name, present);
}

void janus__doubts_update(struct janus__doubts *doubts, const struct janus__name *name,
			  bool present)
{
	struct janus__fid fid;
	struct janus__doubt *doubt;

	if (!doubts->count)
		return;
	fid = janus__node_fid(name->trees, name->directory);
	doubt = find(doubts, hash_name(name->directory->tree, &fid, name->name), name);
	if (doubt)
		doubt->present = present;
}

struct janus__doubt *janus__doubts_take(struct janus__doubts *doubts)
{
	struct janus__doubt *all = NULL;

	for (size_t i = 0; i < JANUS__DOUBT_BUCKETS && doubts->count; i++) {
		struct janus__doubt **bucket = &doubts->buckets[i];

		while (*bucket) {
			struct janus__doubt *doubt = *bucket;

			*bucket = doubt->next;
			doubt->next = all;
			all = doubt;
			doubts->count--;
		}
	}
	return all;
}

static void put_back(struct janus__doubts *doubts, const struct janus__tree *unwanted)
{
	struct janus__doubt *doubt = janus__doubts_take(doubts);

	while (doubt) {
		struct janus__doubt *next = doubt->next;

		if (!unwanted || doubt->tree == unwanted)
			free(doubt);
		else
			janus__doubts_put(doubts, doubt);
		doubt = next;
	}
}

void janus__doubts_forget(struct janus__doubts *doubts, const struct janus__tree *tree)
{
	put_back(doubts, tree);
}

void janus__doubts_done(struct janus__doubts *doubts)
{
	put_back(doubts, NULL);
}
