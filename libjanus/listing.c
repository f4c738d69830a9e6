// SPDX-License-Identifier: MIT
#include "listing.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* What getdents64(2) returns. */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

void janus__listing_init(struct janus__listing *listing,
			 const struct janus__kernel *kernel, int fd)
{
	listing->kernel = kernel;
	listing->fd = fd;
	listing->used = 0;
	listing->at = 0;
	listing->err = 0;
}

static bool is_folder(const struct directory_entry *entry)
{
	if (entry->type != DT_DIR && entry->type != DT_UNKNOWN)
		return false;
	return strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0;
}

const char *janus__listing_next(struct janus__listing *listing)
{
	for (;;) {
		const struct directory_entry *entry =
			(const void *)(listing->buffer + listing->at);

		if (listing->at == listing->used) {
			ssize_t length = listing->kernel->getdents(
				listing->fd, listing->buffer, sizeof(listing->buffer));

			/* A directory that was removed has nothing in it. */
			if (length < 0 && length != -ENOENT)
				listing->err = (int)length;
			if (length <= 0)
				return NULL;
			listing->used = (size_t)length;
			listing->at = 0;
			continue;
		}
		listing->at += entry->size;
		if (is_folder(entry))
			return entry->name;
	}
}
