// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "guard_config_internal.h"

/* An entry and where it stood, for qsort() keeps no order among equals. */
struct numbered {
	Janus__V1__Subject__TagsEntry *entry;
	size_t index;
};

static int compare(const void *a, const void *b)
{
	const struct numbered *one = a, *other = b;
	int order = strcmp(one->entry->key, other->entry->key);

	if (order)
		return order;
	return one->index < other->index ? -1 : one->index > other->index;
}

size_t guard_normalise_map(Janus__V1__Subject__TagsEntry **entries, size_t count,
			   ProtobufCAllocator *allocator)
{
	struct numbered *sorted = count ? calloc(count, sizeof(*sorted)) : NULL;
	size_t kept = 0;

	/* Without memory it stays as it came, which means the same. */
	if (!sorted)
		return count;
	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct numbered){ entries[i], i };
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++) {
		Janus__V1__Subject__TagsEntry *entry = sorted[i].entry;

		if (i + 1 < count && !strcmp(entry->key, sorted[i + 1].entry->key))
			protobuf_c_message_free_unpacked(&entry->base, allocator);
		else
			entries[kept++] = entry;
	}
	free(sorted);
	return kept;
}
