// SPDX-License-Identifier: MIT
/*
 * Owns the order of questions: what costs nothing first. What cannot be told is denied, if
 * anything is.
 */
#include "failure.h"

#include "identify.h"

/* One file that is asked about. */
struct question {
	struct janus__failure *failure;
	struct janus__waiting waiting;
	uint32_t kind;
};

/* @hops: how far above the file; 0: the file itself. */
static bool denies(const struct question *question, struct janus__inode inode,
		   uint32_t hops)
{
	struct janus__strict_kinds kinds;

	if (!janus__strict_find(question->failure->strict, inode.device, inode.number,
				&kinds))
		return true;
	return question->kind & (kinds.tree | (hops <= 1 ? kinds.own : 0));
}

/* The directories above, as far up as there are any. False: they cannot be told. */
static bool climb(const struct question *question)
{
	const struct janus__proc *proc = question->failure->proc;
	const struct janus__waiting *waiting = &question->waiting;
	struct janus__trail *trail = &question->failure->trail;
	janus__autoclose struct janus__fd directory = { .kernel = proc->kernel,
							.fd = -1 };
	struct janus__file parent;

	trail->count = 0;
	trail->root_reached = false;
	if (waiting->file->directory)
		return janus__climb(proc->kernel, waiting->fd, waiting->file, trail) == 0;
	directory.fd = janus__identify_parent_open(proc, waiting, &parent);
	if (directory.fd < 0)
		return false;
	trail->seen[trail->count++] = janus__file_seen(&parent);
	return janus__climb(proc->kernel, directory.fd, &parent, trail) == 0;
}

bool janus__failure_denies(struct janus__failure *failure, int fd, int32_t pid,
			   uint32_t kind)
{
	struct janus__file file;
	const struct question question = { failure, { fd, pid, &file }, kind };

	if (!janus__strict_any(failure->strict))
		return false;
	if (janus__identify_file(failure->proc->kernel, fd, &file) < 0 ||
	    denies(&question, file.inode, 0))
		return true;
	/* Below a tree that is denied it may have another name. */
	if (!file.directory && file.links > 1 && atomic_load(&failure->strict->trees))
		return true;
	if (!climb(&question))
		return true;
	for (uint32_t i = 0; i < failure->trail.count; i++)
		if (denies(&question, failure->trail.seen[i].inode, i + 1))
			return true;
	return false;
}
