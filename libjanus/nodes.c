// SPDX-License-Identifier: MIT
/*
 * Owns the buckets. Most of what a walk looks for is new, and each look at a node is a wait for
 * memory: so a bucket says itself which hashes it cannot have.
 */
#include "nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKET_COUNT 64
#define NODES_PER_BUCKET 2
#define BUCKETS_AHEAD 8

struct janus__bucket {
	struct janus__node *first;
	uint64_t hashes; /* a bit by each node's hash; it stays when the node goes */
};

static void use(struct janus__trees *trees, struct janus__bucket *buckets, size_t count)
{
	trees->buckets = buckets;
	trees->bucket_count = count;
}

int janus__nodes_init(struct janus__trees *trees)
{
	struct janus__bucket *buckets = calloc(FIRST_BUCKET_COUNT, sizeof(*buckets));

	if (buckets)
		use(trees, buckets, FIRST_BUCKET_COUNT);
	return buckets ? 0 : -ENOMEM;
}

void janus__nodes_done(struct janus__trees *trees)
{
	free(trees->buckets);
	use(trees, NULL, 0);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ (hash >> 32);
}

uint32_t janus__nodes_hash(const struct janus__fid *fid)
{
	uint64_t hash = mix(fid->fsid, fid->length), word;
	uint32_t at = 0;

	for (; at + sizeof(word) <= fid->length; at += (uint32_t)sizeof(word)) {
		memcpy(&word, fid->bytes + at, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	memcpy(&word, fid->bytes + at, fid->length - at);
	return (uint32_t)mix(hash, word);
}

static struct janus__bucket *bucket_of(const struct janus__trees *trees, uint32_t hash)
{
	return &trees->buckets[hash & (trees->bucket_count - 1)];
}

/* The upper bits: the lower ones are the same for all in a bucket. */
static uint64_t bit_of(uint32_t hash)
{
	return UINT64_C(1) << (hash >> 26);
}

void janus__nodes_add(struct janus__trees *trees, struct janus__node *node)
{
	struct janus__bucket *bucket = bucket_of(trees, node->hash);

	node->next = bucket->first;
	bucket->first = node;
	bucket->hashes |= bit_of(node->hash);
}

void janus__nodes_grow(struct janus__trees *trees)
{
	size_t count = trees->bucket_count;
	struct janus__bucket *former = trees->buckets, *buckets;

	if (trees->node_count < count * NODES_PER_BUCKET)
		return;
	buckets = calloc(count * 2, sizeof(*buckets));
	if (!buckets)
		return;
	use(trees, buckets, count * 2);
	for (size_t i = 0; i < count; i++) {
		struct janus__node *node = former[i].first;

		if (i + BUCKETS_AHEAD < count)
			__builtin_prefetch(former[i + BUCKETS_AHEAD].first);
		while (node) {
			struct janus__node *next = node->next;

			janus__nodes_add(trees, node);
			node = next;
		}
	}
	free(former);
}

void janus__nodes_remove(struct janus__trees *trees, const struct janus__node *node)
{
	struct janus__bucket *bucket = bucket_of(trees, node->hash);
	struct janus__node **link = &bucket->first;

	while (*link && *link != node)
		link = &(*link)->next;
	if (*link)
		*link = node->next;
	if (!bucket->first)
		bucket->hashes = 0;
}

void janus__trees_unlink_all(struct janus__trees *trees)
{
	struct janus__bucket *former = trees->buckets;

	if (janus__nodes_init(trees) == 0)
		free(former);
}

struct janus__node *janus__trees_find(const struct janus__trees *trees,
				      const struct janus__fid *fid,
				      const struct janus__node *after)
{
	uint32_t hash = after ? after->hash : janus__nodes_hash(fid);
	const struct janus__bucket *bucket = bucket_of(trees, hash);
	struct janus__node *node;

	if (!(bucket->hashes & bit_of(hash)))
		return NULL;
	for (node = after ? after->next : bucket->first; node; node = node->next) {
		struct janus__fid its;

		if (node->hash != hash)
			continue;
		its = janus__node_fid(trees, node);
		if (janus__fid_is(&its, fid))
			return node;
	}
	return NULL;
}
