// SPDX-License-Identifier: MIT
/*
 * Owns what is told of that which a walk finds and nobody knew of, and what has to be remembered
 * of it, for the kernel's queue may tell it again.
 */
#include "cover_tree.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "handle.h"

#include <janus/types.h>

static const struct janus__subject *subject_of(const struct janus__cover *cover)
{
	return janus__spec_subject_of(cover->spec, cover->rule);
}

/* Another directory has that name: the kernel did not tell that it went, so it is told now. */
static void replace(struct janus__cover *cover, const struct janus__node *directory,
		    const char *name, const struct janus__fid *fid)
{
	struct janus__node *other = janus__node_find_other(cover->marker->trees,
							   directory, name, fid);

	if (!other)
		return;
	janus__tell(cover->marker->teller, &(struct janus__news){
						   .node = other,
						   .kind = JANUS_EVENT_DELETE,
						   .file_type = JANUS_FILE_DIRECTORY,
					   });
	janus__cover_forget(cover->marker, other);
}

static bool was_told(const struct janus__cover *cover, const struct janus__node *node)
{
	size_t length;
	const char *name = janus__node_name(node, &length);

	return cover->told && cover->told->directory == node->parent &&
	       strlen(cover->told->name) == length &&
	       memcmp(cover->told->name, name, length) == 0;
}

/* Something that nobody knew of; what the queue still says of its entries is known then. */
void janus__cover_tree_announce(struct janus__cover *cover, struct janus__node *node)
{
	const struct janus__marker *marker = cover->marker;
	struct janus__fid fid = janus__node_fid(marker->trees, node);
	char name[NAME_MAX + 1];
	size_t length;
	const char *its = janus__node_name(node, &length);

	if (node->parent && length <= NAME_MAX && !was_told(cover, node)) {
		memcpy(name, its, length);
		name[length] = '\0';
		if (!janus__subject_asks(subject_of(cover)))
			replace(cover, node->parent, name, &fid);
		janus__tell(marker->teller, &(struct janus__news){
						    .node = node,
						    .kind = JANUS_EVENT_CREATE,
						    .file_type = JANUS_FILE_DIRECTORY,
					    });
		janus__fresh_add(marker->fresh, node->parent, name, &fid);
		janus__doubts_update(
			marker->doubts,
			&(struct janus__name){ marker->trees, node->parent, name }, true);
	}
	/* Without memory something may be told twice. */
	(void)janus__fresh_begin(marker->fresh, node, janus__marks_queued(marker));
}

/* In a new directory; directories are announced when they are entered. */
void janus__cover_tree_announce_file(struct janus__cover *cover,
				     const struct janus__entry *entry)
{
	const struct janus__marker *marker = cover->marker;
	struct janus__handle handle;
	int err;

	if (janus__subject_asks(subject_of(cover)))
		return;
	handle.fid.fsid = marker->trees->filesystems[entry->directory->filesystem].fsid;
	err = janus__handle_read(marker->kernel, entry->fd, entry->name, &handle);
	if (err == -ENOENT)
		return; /* it is gone again */
	janus__tell(marker->teller, &(struct janus__news){
					    .node = entry->directory,
					    .name = entry->name,
					    .kind = JANUS_EVENT_CREATE,
					    .file_type = entry->type,
				    });
	if (!err) /* else something may be told twice */
		janus__fresh_add(marker->fresh, entry->directory, entry->name,
				 &handle.fid);
	janus__doubts_update(
		marker->doubts,
		&(struct janus__name){ marker->trees, entry->directory, entry->name },
		true);
}
