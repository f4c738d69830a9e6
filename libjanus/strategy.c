// SPDX-License-Identifier: MIT
/*
 * Owns the choice. A mark on a file system that the host uses too would ask everybody on the
 * node; one on a file system that only the target has asks nobody else.
 */
#include "strategy.h"

#include <string.h>

static void look(struct janus__places *places)
{
	if (places->known)
		return;
	places->known = true;
	places->error = janus__mounts_read(places->proc, places->pid, &places->target);
	if (!places->error)
		places->error = janus__mounts_read(places->proc, 0, &places->own);
}

void janus__places_done(struct janus__places *places)
{
	janus__mounts_done(&places->target);
	janus__mounts_done(&places->own);
	places->known = false;
}

const struct janus__mount *janus__places_find(struct janus__places *places,
					      const char *path)
{
	look(places);
	return places->error ? NULL : janus__mounts_find_point(&places->target, path);
}

static bool is_root_overlay(const struct janus__mount *mount)
{
	return strcmp(mount->type, "overlay") == 0 && strcmp(mount->point, "/") == 0;
}

static uint32_t choose(struct janus__places *places, uint64_t mount_id)
{
	const struct janus__mount *mount;

	if (!places->pid)
		return JANUS_STRATEGY_INODE;
	look(places);
	mount = places->error ? NULL : janus__mounts_find(&places->target, mount_id);
	/* The same mount is among ours: the target lives in our own tree. */
	if (!mount || janus__mounts_find(&places->own, mount_id))
		return JANUS_STRATEGY_INODE;
	if (is_root_overlay(mount) ||
	    !janus__mounts_find_device(&places->own, mount->device))
		return JANUS_STRATEGY_FILESYSTEM;
	return JANUS_STRATEGY_MOUNT;
}

uint32_t janus__strategy_choose(struct janus__places *places,
				const struct janus__subject *subject, uint64_t mount_id)
{
	if (!(subject->flags & JANUS_SUBJECT_RECURSIVE) || !janus__subject_asks(subject))
		return JANUS_STRATEGY_INODE;
	return subject->strategy ? subject->strategy : choose(places, mount_id);
}
