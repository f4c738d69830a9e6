// SPDX-License-Identifier: MIT
/*
 * Owns the difference between what is wanted and what is marked, inode by inode. Keeps no fd:
 * one that stayed open would keep a container's file system busy.
 */
#include "marks.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "decode.h"
#include "log.h"
#include "util.h"

#define ALL_KINDS_MASK (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

const char *janus__marks_cause(int err)
{
	switch (err) {
	case -ENOENT:
		return "no such file or directory";
	case -ELOOP:
		return "it leads to no file of its own (a link of /proc, or a loop)";
	case -ENOTDIR:
		return "not a directory, or below something that is none";
	case -EMEDIUMTYPE:
		return "neither a file nor a directory";
	case -EREMOTE:
		return "its file system can stall every opener (FUSE, network, autofs)";
	case -EACCES:
		return "it may not be entered: CAP_DAC_READ_SEARCH is missing";
	case -EPERM:
		return "the kernel refuses the mark: CAP_SYS_ADMIN is missing";
	case -ENOSPC:
		return "the kernel's limit of marks is reached (max_user_marks)";
	case -EDQUOT:
		return "the limit of the options is reached";
	case -ENAMETOOLONG:
		return "its path is too long";
	case -E2BIG:
		return "the pattern leads through too many directories";
	case -EMFILE:
	case -ENFILE:
		return "no fd left";
	case -ENOMEM:
		return "no memory";
	case -EOPNOTSUPP:
		return "this file system takes no such marks";
	default:
		return "it cannot be marked";
	}
}

static int set_mark(const struct janus__marker *marker, unsigned int flags, uint64_t mask,
		    int fd)
{
	char link[32];
	int err;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	err = marker->kernel->fanotify_mark(marker->group_fd, flags, mask,
					    marker->proc->fd, link);
	/* The mask is right, so it is the file system that the kernel complains of. */
	return err == -EINVAL || err == -ENODEV ? -EOPNOTSUPP : err;
}

int janus__found_init(struct janus__found *ret, const struct janus__marker *marker,
		      int fd, int32_t pid)
{
	*ret = (struct janus__found){ .fd = fd, .pid = pid };
	ret->filesystem = janus__identify_filesystem(marker->kernel, fd);
	return janus__identify_file(marker->kernel, fd, &ret->file);
}

uint64_t janus__marks_queued(const struct janus__marker *marker)
{
	uint64_t bytes = 0;

	if (marker->kernel->queued_bytes(marker->observe_fd, &bytes) < 0)
		bytes = 0;
	return *marker->batch_left + bytes / sizeof(struct fanotify_event_metadata);
}

int janus__marks_check_limit(const struct janus__marker *marker)
{
	uint64_t count = marker->rules->object_count + marker->trees->node_count;

	return marker->mark_limit && count >= marker->mark_limit ? -EDQUOT : 0;
}

/* Where a file of an overlay drifts to can only be known by what does not: its anchor. */
static int find_anchor(const struct janus__marker *marker,
		       const struct janus__found *found, struct janus__inode_facts *facts)
{
	struct janus__fdinfo info;
	int err;

	/* With its directory's device and one link, its number is good for ever. */
	if (!facts->overlay || facts->directory ||
	    (facts->parent.device == facts->inode.device && found->file.links == 1))
		return 0;
	err = janus__identify_fdinfo(marker->proc, found->fd, &info);
	if (err)
		return err;
	facts->anchor.device = facts->parent.device;
	facts->anchor.number = info.inode_number;
	return 0;
}

static int find_parent(const struct janus__marker *marker,
		       const struct janus__found *found, struct janus__inode *ret)
{
	const struct janus__waiting waiting = {
		.fd = found->fd,
		.pid = found->pid,
		.file = &found->file,
	};
	struct janus__file parent;
	int err = janus__identify_parent_now(marker->proc, &waiting, &parent);

	if (!err)
		*ret = parent.inode;
	return err;
}

int janus__marks_hold(const struct janus__marker *marker,
		      const struct janus__found *found, const struct janus__inode *parent,
		      struct janus__object **ret)
{
	struct janus__inode_facts facts = {
		.inode = found->file.inode,
		.directory = found->file.directory,
		.overlay = found->filesystem == JANUS__FILESYSTEM_OVERLAY,
	};
	int err;

	if (parent)
		facts.parent = *parent;
	else
		(void)find_parent(marker, found, &facts.parent);
	err = find_anchor(marker, found, &facts);
	return err ? err : janus__rules_hold(marker->rules, &facts, ret);
}

/*
 * A mark that is there already is added again: whether it still is, only the kernel knows. Each
 * one has FAN_ONDIR, which means nothing for a file, but see remove_mark().
 */
int janus__marks_ask(const struct janus__marker *marker, const struct janus__found *found,
		     uint32_t kinds)
{
	uint64_t mask = janus__encode_kinds(kinds) | FAN_ONDIR;

	if (found->file.directory)
		mask |= FAN_EVENT_ON_CHILD;
	return set_mark(marker, FAN_MARK_ADD, mask, found->fd);
}

void janus__marks_count(const struct janus__marker *marker)
{
	atomic_store_explicit(&marker->counters->marks, marker->rules->object_count,
			      memory_order_relaxed);
	atomic_store_explicit(&marker->counters->directories,
			      marker->trees->directory_count, memory_order_relaxed);
}

/* Reopen what a rule was marked on; -1: it is not there any more, or another file is. */
static int reopen(const struct janus__marker *marker, const struct janus__root *root,
		  const struct janus__wanted *wanted)
{
	struct janus__inode inode = janus__object_inode(marker->rules, wanted->object);
	struct janus__file file;
	int fd = janus__root_resolve(root, wanted->rule->path);

	if (fd < 0)
		return -1;
	if (janus__identify_file(marker->kernel, fd, &file) == 0 &&
	    file.inode.device == inode.device && file.inode.number == inode.number)
		return fd;
	marker->kernel->close(fd);
	return -1;
}

/*
 * The kernel lets an access through unasked if one of the marks that it looks at, the file's
 * and its directory's, is deleted at that moment, even if the other one stays. So a mark first
 * loses its events and lives on with FAN_ONDIR alone, which asks for nothing: a directory that
 * asks for nothing is not looked at any more, and its mark can go then. A file's mark always
 * is, and stays as long as rules speak of its directory.
 */
static void remove_mark(const struct janus__marker *marker,
			const struct janus__object *object, int fd)
{
	uint64_t events = ALL_KINDS_MASK;

	if (janus__object_is_directory(object))
		events |= FAN_EVENT_ON_CHILD;
	(void)set_mark(marker, FAN_MARK_REMOVE, events, fd);
	if (!janus__object_parent_has_rules(marker->rules, object))
		(void)set_mark(marker, FAN_MARK_REMOVE, FAN_ONDIR, fd);
}

void janus__marks_reduce(const struct janus__marker *marker,
			 const struct janus__object *object, int fd)
{
	uint64_t kept = janus__encode_kinds(janus__object_events(object));

	if (kept == ALL_KINDS_MASK || janus__object_is_member(object))
		return;
	if (kept)
		(void)set_mark(marker, FAN_MARK_REMOVE, ALL_KINDS_MASK & ~kept, fd);
	else
		remove_mark(marker, object, fd);
}

void janus__marks_release(const struct janus__marker *marker,
			  const struct janus__root *root,
			  const struct janus__wanted *wanted)
{
	int fd = root ? reopen(marker, root, wanted) : -1;

	if (fd < 0)
		janus__log(marker->log, JANUS_LOG_DEBUG,
			   "a marked file has moved or gone:"
			   " its mark stays until it goes too");
	else
		janus__marks_reduce(marker, wanted->object, fd);
	if (fd >= 0)
		marker->kernel->close(fd);
	janus__rules_release(marker->rules, wanted->object);
}
