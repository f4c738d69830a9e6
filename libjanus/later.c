// SPDX-License-Identifier: MIT
#include "later.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void janus__later_init(struct janus__later *later)
{
	later->first = NULL;
	later->last = &later->first;
}

void janus__later_done(struct janus__later *later)
{
	struct janus__later_entry *entry = janus__later_take(later);

	while (entry) {
		struct janus__later_entry *next = entry->next;

		free(entry);
		entry = next;
	}
}

static bool copy_handle(struct janus__handle *ret, const struct janus__fid *fid)
{
	if (fid->length > sizeof(ret->memory))
		return false;
	ret->fid = *fid;
	if (fid->length)
		memcpy(ret->memory, fid->bytes, fid->length);
	ret->fid.bytes = ret->memory;
	return true;
}

int janus__later_add(struct janus__later *later, struct janus__tree *tree,
		     const struct janus__observation *seen,
		     const struct janus__fid *directory)
{
	size_t size = strlen(seen->name) + 1;
	struct janus__later_entry *entry = calloc(1, sizeof(*entry) + size);

	if (!entry)
		return -ENOMEM;
	if (!copy_handle(&entry->directory, directory) ||
	    !copy_handle(&entry->target, &seen->target)) {
		free(entry);
		return -ENAMETOOLONG;
	}
	entry->tree = tree;
	entry->is_directory = seen->mask & FAN_ONDIR;
	memcpy(entry->name, seen->name, size);
	janus__later_put(later, entry);
	return 0;
}

void janus__later_put(struct janus__later *later, struct janus__later_entry *entry)
{
	entry->next = NULL;
	*later->last = entry;
	later->last = &entry->next;
}

struct janus__later_entry *janus__later_take(struct janus__later *later)
{
	struct janus__later_entry *first = later->first;

	janus__later_init(later);
	return first;
}

void janus__later_forget(struct janus__later *later, const struct janus__tree *tree)
{
	struct janus__later_entry *entry = janus__later_take(later);

	while (entry) {
		struct janus__later_entry *next = entry->next;

		if (entry->tree == tree)
			free(entry);
		else
			janus__later_put(later, entry);
		entry = next;
	}
}
