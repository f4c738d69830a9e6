// SPDX-License-Identifier: MIT
/*
 * Owns how a doubt is resolved: what is there is looked at, and what was told otherwise is told
 * once more.
 */
#include "follow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doubt.h"
#include "follow_open.h"
#include "handle.h"
#include "util.h"

#include <janus/types.h>

/* Directories above may be in doubt themselves, and are put in their places first. */
#define ROUNDS 4

/* What cannot be found so often is not to be found. */
#define TRIES_MAX 16

/* With so many of them waiting for an empty queue is over. */
#define DOUBTS_HIGH 16384

/* What is there. */
struct truth {
	struct janus__node *directory;
	struct janus__handle handle;
	int fd; /* of the directory */
	bool present;
	uint32_t file_type;
	struct janus__node
		*node; /* of a directory that is there, wherever it was told to be */
};

/* Negative: the directory cannot be looked into now. */
static int find_out(struct janus__follow *follow, const struct janus__doubt *doubt,
		    struct truth *ret)
{
	const struct janus__marker *marker = follow->marker;
	struct statx stx;

	ret->fd = janus__follow_open(follow, ret->directory);
	if (ret->fd < 0)
		return ret->fd;
	ret->handle.fid.fsid =
		marker->trees->filesystems[ret->directory->filesystem].fsid;
	ret->present = janus__handle_read(marker->kernel, ret->fd, doubt->name,
					  &ret->handle) == 0 &&
		       marker->kernel->statx(ret->fd, doubt->name,
					     AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
					     STATX_TYPE, &stx) == 0;
	ret->file_type = ret->present ? janus__follow_type_of_mode(stx.stx_mode) : 0;
	ret->node = NULL;
	if (ret->file_type == JANUS_FILE_DIRECTORY)
		ret->node = janus__tree_find(marker->trees, doubt->tree,
					     &ret->handle.fid);
	return 0;
}

static void tell(struct janus__follow *follow, const struct janus__node *directory,
		 const struct janus__doubt *doubt, struct janus__news *news)
{
	news->node = directory;
	news->name = doubt->name;
	janus__tell(follow->marker->teller, news);
}

/* A directory that was told to be elsewhere. True: it is told to be here now. */
static bool bring_home(struct janus__follow *follow, const struct janus__doubt *doubt,
		       struct truth *truth)
{
	struct janus__news news = {
		.kind = JANUS_EVENT_RENAME,
		.file_type = JANUS_FILE_DIRECTORY,
		.old_node = truth->node,
	};

	for (const struct janus__node *above = truth->directory; above;
	     above = above->parent)
		if (above == truth->node)
			return false; /* its own place is in doubt, too */
	tell(follow, truth->directory, doubt, &news);
	return janus__node_move(truth->node, truth->directory, doubt->name) == 0;
}

/* What is not there any more, or another one by now. */
static void let_go(struct janus__follow *follow, const struct janus__doubt *doubt,
		   const struct truth *truth)
{
	static const struct janus__fid nothing;
	const struct janus__marker *marker = follow->marker;
	struct janus__node *other =
		janus__node_find_other(marker->trees, truth->directory, doubt->name,
				       truth->present ? &truth->handle.fid : &nothing);
	struct janus__news news = {
		.kind = JANUS_EVENT_DELETE,
		.file_type = other ? JANUS_FILE_DIRECTORY : JANUS_FILE_REGULAR,
	};
	/* One that is told to be there is there, or nobody is told to be. */
	bool fits = truth->present ? truth->node || !other : !doubt->present;

	if (!fits)
		tell(follow, truth->directory, doubt, &news);
	if (other && !janus__node_object(other))
		janus__cover_forget(marker, other);
}

static void welcome(struct janus__follow *follow, const struct janus__doubt *doubt,
		    const struct truth *truth)
{
	struct janus__news news = {
		.kind = JANUS_EVENT_CREATE,
		.file_type = truth->file_type,
	};
	const struct janus__entry entry = {
		.directory = truth->directory,
		.fd = truth->fd,
		.name = doubt->name,
		.type = truth->file_type,
		.fid = &truth->handle.fid,
	};
	bool known = truth->node ||
		     (doubt->present && truth->file_type != JANUS_FILE_DIRECTORY);

	if (!truth->present || known)
		return;
	tell(follow, truth->directory, doubt, &news);
	janus__cover_entry(&follow->cover, &entry);
}

/*
 * What was found out is no older than all that was told only if nothing more was queued
 * meanwhile. With too many doubts waiting for that moment is over.
 */
static bool is_up_to_date(const struct janus__follow *follow)
{
	return follow->marker->doubts->count >= DOUBTS_HIGH ||
	       !janus__marks_queued(follow->marker);
}

/* False: it stays. Directories find their places first (@homing). */
static bool resolve(struct janus__follow *follow, struct janus__doubt *doubt, bool homing)
{
	struct truth truth = {
		.directory = janus__tree_find(follow->marker->trees, doubt->tree,
					      &doubt->directory.fid),
	};

	if (!truth.directory || !doubt->tree->active)
		return true;
	if (find_out(follow, doubt, &truth) < 0)
		return ++doubt->tries == TRIES_MAX;
	if (!is_up_to_date(follow)) {
		follow->marker->kernel->close(truth.fd);
		return false;
	}
	if (truth.node && truth.node->parent &&
	    !janus__node_is_at(truth.node, truth.directory, doubt->name))
		follow->moved |= bring_home(follow, doubt, &truth);
	if (!homing) {
		let_go(follow, doubt, &truth);
		welcome(follow, doubt, &truth);
	}
	follow->marker->kernel->close(truth.fd);
	return !homing;
}

static void go_through(struct janus__follow *follow, bool homing)
{
	struct janus__doubts *doubts = follow->marker->doubts;
	struct janus__doubt *doubt = janus__doubts_take(doubts);

	while (doubt) {
		struct janus__doubt *next = doubt->next;

		if (resolve(follow, doubt, homing))
			free(doubt);
		else
			janus__doubts_put(doubts, doubt);
		doubt = next;
	}
}

void janus__follow_resolve(struct janus__follow *follow)
{
	const struct janus__doubts *doubts = follow->marker->doubts;

	if (!doubts->count ||
	    (doubts->count < DOUBTS_HIGH && janus__marks_queued(follow->marker)))
		return;
	for (int i = 0; i < ROUNDS; i++)
		go_through(follow, true);
	go_through(follow, false);
}
