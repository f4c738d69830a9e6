// SPDX-License-Identifier: MIT
#include "fold.h"

#include <stdlib.h>

#define BUCKETS 256 /* a power of two */

struct entry {
	struct record *record;
	struct entry *next; /* in the bucket */
	uint64_t hash;
	int64_t end_ns;
};

/* Windows are of one length, so they end in the order in which they began: a ring. */
struct fold {
	int64_t window_ns;
	struct entry *buckets[BUCKETS];
	struct entry entries[FOLD_MOST];
	size_t oldest;
	size_t count;
};

struct fold *fold_create(int64_t window_ns)
{
	struct fold *fold = calloc(1, sizeof(*fold));

	if (fold)
		fold->window_ns = window_ns;
	return fold;
}

void fold_destroy(struct fold *fold)
{
	struct record *record;

	if (!fold)
		return;
	while ((record = fold_fetch_oldest(fold)))
		free(record);
	free(fold);
}

static struct entry *find(struct fold *fold, const struct record *record, uint64_t hash)
{
	struct entry *entry = fold->buckets[hash % BUCKETS];

	while (entry && (entry->hash != hash || !record_is_same(entry->record, record)))
		entry = entry->next;
	return entry;
}

enum fold_result fold_put(struct fold *fold, const struct record *record, int64_t now_ns)
{
	uint64_t hash = record_hash(record);
	struct entry *entry = find(fold, record, hash);

	if (entry) {
		entry->record->count += record->count;
		if (record->last_ns > entry->record->last_ns)
			entry->record->last_ns = record->last_ns;
		return FOLD_JOINED;
	}
	if (fold->count == FOLD_MOST)
		return FOLD_FULL;
	entry = &fold->entries[(fold->oldest + fold->count) % FOLD_MOST];
	entry->record = record_copy(record);
	if (!entry->record)
		return FOLD_FAILED;
	entry->hash = hash;
	entry->end_ns = now_ns + fold->window_ns;
	entry->next = fold->buckets[hash % BUCKETS];
	fold->buckets[hash % BUCKETS] = entry;
	fold->count++;
	return FOLD_KEPT;
}

struct record *fold_fetch_oldest(struct fold *fold)
{
	struct entry *entry = &fold->entries[fold->oldest];
	struct entry **link = &fold->buckets[entry->hash % BUCKETS];

	if (!fold->count)
		return NULL;
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	fold->oldest = (fold->oldest + 1) % FOLD_MOST;
	fold->count--;
	return entry->record;
}

int64_t fold_next_ns(const struct fold *fold)
{
	return fold->count ? fold->entries[fold->oldest].end_ns : FOLD_NEVER;
}

struct record *fold_fetch(struct fold *fold, int64_t now_ns)
{
	return fold_next_ns(fold) <= now_ns ? fold_fetch_oldest(fold) : NULL;
}
