// SPDX-License-Identifier: MIT
/*
 * Owns the order in which things are found out: what costs nothing first, the way up to the
 * root last. Allocates nothing, opens nothing but O_PATH fds and entries of /proc.
 */
#include "search.h"

static bool lies_on_overlay(const struct janus__searcher *searcher, int fd)
{
	return janus__identify_filesystem(searcher->proc->kernel, fd) ==
	       JANUS__FILESYSTEM_OVERLAY;
}

/*
 * A file without rules on overlayfs can be one that got another number when it was written,
 * and has rules under its former one: the number that the kernel itself has for it; 0: no.
 */
static uint64_t anchor_number(const struct janus__searcher *searcher,
			      const struct janus__waiting *waiting)
{
	struct janus__fdinfo info;

	if (waiting->file->directory || !lies_on_overlay(searcher, waiting->fd) ||
	    janus__identify_fdinfo(searcher->proc, waiting->fd, &info) < 0)
		return 0;
	return info.inode_number;
}

/* One search under way. */
struct search {
	struct janus__searcher *searcher;
	const struct janus__asked *asked;
	struct janus__match *match;
	struct janus__search *ret;
	uint64_t anchor; /* 0: it has not drifted */
};

static void find_orphan(struct search *search)
{
	const struct janus__waiting *waiting = &search->asked->waiting;
	const struct janus__orphan orphan = {
		.file = janus__file_seen(waiting->file),
		.anchor_number = search->anchor,
		.on_overlay = lies_on_overlay(search->searcher, waiting->fd),
		.kind = search->asked->kind,
	};

	search->ret->guessed = janus__rules_find_orphan(search->searcher->rules, &orphan,
							search->match);
}

/* With the trail as far as it is known by now. */
static bool find_placed(struct search *search)
{
	const struct janus__trail *trail = &search->searcher->trail;
	const struct janus__sought sought = {
		.file = janus__file_seen(search->asked->waiting.file),
		.trail = trail->seen,
		.trail_count = trail->count,
		.root_reached = trail->root_reached,
		.mount_root = search->ret->mount_root,
		.kind = search->asked->kind,
	};

	return janus__rules_find_placed(search->searcher->rules, &sought, search->match);
}

bool janus__search_open(const struct janus__searcher *searcher,
			const struct janus__waiting *waiting,
			struct janus__search *search)
{
	struct janus__file parent;

	if (search->directory.fd >= 0)
		return true;
	search->directory.fd = janus__identify_parent_open(searcher->proc, waiting,
							   &parent);
	if (search->directory.fd < 0)
		return false;
	return !search->parent.inode.number ||
	       (parent.inode.number == search->parent.inode.number &&
		parent.inode.device == search->parent.inode.device);
}

/* From the directory up. It is looked for anew: what was remembered of it led to no fd. */
static int climb_from_parent(struct search *search)
{
	struct janus__trail *trail = &search->searcher->trail;
	const struct janus__proc *proc = search->searcher->proc;
	struct janus__file parent;
	int fd = janus__identify_parent_open(proc, &search->asked->waiting, &parent);

	if (fd < 0)
		return fd;
	search->ret->directory.fd = fd;
	search->ret->parent = janus__file_seen(&parent);
	trail->seen[0] = search->ret->parent;
	trail->count = 1;
	return janus__climb(proc->kernel, fd, &parent, trail);
}

static bool is_known(const struct search *search)
{
	const struct janus__orphan orphan = {
		.file = janus__file_seen(search->asked->waiting.file),
		.kind = search->asked->kind,
	};
	bool guessed = janus__rules_find_orphan(search->searcher->rules, &orphan,
						search->match);

	janus__match_done(search->match);
	return !guessed;
}

/*
 * A directory that is the root of a mount. What the inode group asks about is marked, or lies
 * in what is: if the table does not know it, it is a child of that by another mount, and can
 * only be guessed, as where the way up is blocked.
 */
static void find_mount_root(struct search *search)
{
	const struct janus__waiting *waiting = &search->asked->waiting;
	struct janus__trail *trail = &search->searcher->trail;

	trail->count = 0;
	trail->root_reached = false;
	if ((!search->asked->wide && !is_known(search)) ||
	    janus__climb(search->searcher->proc->kernel, waiting->fd, waiting->file,
			 trail) < 0) {
		find_orphan(search);
		return;
	}
	search->ret->mount_root = true;
	find_placed(search);
}

/* False: the place could not be told, and the match is empty. */
static bool find_in_place(struct search *search)
{
	struct janus__trail *trail = &search->searcher->trail;
	const struct janus__inode inode = search->asked->waiting.file->inode;
	const struct janus__inode parent = search->ret->parent.inode;

	trail->seen[0] = search->ret->parent;
	trail->count = 1;
	/* Only the root lies in itself. */
	trail->root_reached = parent.number == inode.number &&
			      parent.device == inode.device;
	if (find_placed(search))
		return true;
	janus__match_done(search->match);
	if (climb_from_parent(search) < 0)
		return false;
	find_placed(search);
	return true;
}

void janus__search(struct janus__searcher *searcher, const struct janus__asked *asked,
		   struct janus__match *match, struct janus__search *ret)
{
	const struct janus__waiting *waiting = &asked->waiting;
	struct search search = { searcher, asked, match, ret, 0 };
	uint32_t hints = janus__rules_find(searcher->rules,
					   janus__file_seen(waiting->file), match);
	int err;

	*ret = (struct janus__search){
		.directory = { .kernel = searcher->proc->kernel, .fd = -1 },
	};
	if (!hints)
		return;
	janus__match_done(match);
	if (hints & JANUS__RULES_MAY_DRIFT)
		search.anchor = anchor_number(searcher, waiting);
	err = janus__identify_parent(&searcher->parents, searcher->proc, waiting,
				     &ret->parent);
	if (err && waiting->file->directory && waiting->file->mount_root) {
		find_mount_root(&search);
		return;
	}
	if (!err && search.anchor)
		janus__rules_follow_drift(
			searcher->rules, waiting->file->inode,
			(struct janus__inode){ ret->parent.inode.device, search.anchor });
	if (err || !find_in_place(&search))
		find_orphan(&search);
}
