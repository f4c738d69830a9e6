// SPDX-License-Identifier: MIT
/*
 * Owns what the walk does with what it meets: nodes, objects and marks of trees.
 */
#include "cover_tree.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "decode.h"
#include "extent.h"
#include "handle.h"
#include "log.h"
#include "observe.h"
#include "report.h"
#include "util.h"

#define PROGRESS_STEP 4096

static const struct janus__subject *subject_of(const struct janus__cover *cover)
{
	return janus__spec_subject_of(cover->spec, cover->rule);
}

/* Reports. */

static void note(struct janus__cover *cover, const char *path, int err)
{
	struct janus_watch_report *report = cover->report;
	char shown[256];

	if (!report) {
		janus__tell_gap(cover->marker->teller, cover->tree, path, err);
		return;
	}
	janus__escape(shown, sizeof(shown), path);
	janus__log(cover->marker->log, JANUS_LOG_WARNING, "'%s' is not covered: %s",
		   shown, janus__marks_cause(err));
	if (report->tree_skipped++ || report->first_error)
		return;
	report->first_error = err;
	report->first_subject = cover->rule->subject;
	snprintf(report->first_path, sizeof(report->first_path), "%s", path);
	snprintf(report->message, sizeof(report->message),
		 "subject[%u] '%s' is not covered: %s", cover->rule->subject, shown,
		 janus__marks_cause(err));
}

static void skip(void *userdata, const char *path, int err)
{
	struct janus__cover *cover = userdata;

	/* -EXDEV: the options keep the tree on its own file system. */
	if (err != -EXDEV)
		note(cover, path, err);
	else if (cover->report)
		cover->report->tree_ignored++;
}

static void report_directory(struct janus__cover *cover)
{
	if (!cover->report)
		return;
	cover->report->tree_directories++;
	if (cover->progress && cover->report->tree_directories % PROGRESS_STEP == 0)
		cover->progress(cover->progress_userdata,
				cover->report->tree_directories);
}

/* Marks. */

/* The node of what is to be covered counts already. */
static int check_limits(const struct janus__cover *cover)
{
	uint64_t limit = cover->spec->directory_limit, count = 0;

	if (!limit)
		return janus__marks_check_limit(cover->marker);
	for (const struct janus__tree *tree = cover->coverage->trees; tree;
	     tree = tree->next_of_watch)
		count += tree->directory_count;
	return count > limit ? -EDQUOT : janus__marks_check_limit(cover->marker);
}

int janus__cover_tree_observe(const struct janus__cover *cover, int fd, uint64_t mask)
{
	const struct janus__marker *marker = cover->marker;
	char link[32];
	int err;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	err = marker->kernel->fanotify_mark(marker->observe_fd, FAN_MARK_ADD, mask,
					    marker->proc->fd, link);
	return err == -EINVAL || err == -ENODEV || err == -EXDEV ? -EOPNOTSUPP : err;
}

/* The same for a directory that is open: no path has to be walked for it. */
static int observe_directory(const struct janus__cover *cover, int fd)
{
	const struct janus__marker *marker = cover->marker;
	uint32_t kinds = janus__subject_asks(subject_of(cover))
				 ? 0
				 : subject_of(cover)->events;
	int err = marker->kernel->fanotify_mark(marker->observe_fd, FAN_MARK_ADD,
						janus__observe_mask(kinds), fd, NULL);

	return err == -EINVAL || err == -ENODEV || err == -EXDEV ? -EOPNOTSUPP : err;
}

static int remember_wide(struct janus__cover *cover, const struct janus__wide_mark *mark)
{
	struct janus__coverage *coverage = cover->coverage;
	struct janus__wide_mark *larger =
		reallocarray(coverage->wide, coverage->wide_count + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	coverage->wide = larger;
	larger[coverage->wide_count++] = *mark;
	return 0;
}

static bool has_wide(const struct janus__cover *cover,
		     const struct janus__wide_mark *mark)
{
	for (size_t i = 0; i < cover->coverage->wide_count; i++)
		if (cover->coverage->wide[i].strategy == mark->strategy &&
		    cover->coverage->wide[i].key == mark->key)
			return true;
	return false;
}

/* Where a tree begins, or goes on on another file system: how is what is new there noticed? */
int janus__cover_tree_mark_place(struct janus__cover *cover,
				 const struct janus__found *found)
{
	const struct janus__subject *subject = subject_of(cover);
	struct janus__wide_mark mark = {
		.strategy = janus__strategy_choose(&cover->places, subject,
						   found->file.mount_id),
		.key = found->file.mount_id,
	};
	uint64_t mask = janus__encode_kinds(subject->events) | FAN_ONDIR;
	int err = 0;

	/* Without a group for it, what can be had is had, if nothing else was demanded. */
	if (cover->marker->wide->group_fd < 0 && !subject->strategy)
		mark.strategy = JANUS_STRATEGY_INODE;
	if (mark.strategy == JANUS_STRATEGY_FILESYSTEM)
		mark.key = found->file.inode.device;
	if (mark.strategy != JANUS_STRATEGY_INODE && !has_wide(cover, &mark)) {
		err = remember_wide(cover, &mark);
		if (!err)
			err = janus__wide_add(cover->marker->wide, &mark, mask,
					      found->fd);
		if (err && err != -ENOMEM)
			cover->coverage->wide_count--;
	}
	if (!err && cover->report)
		cover->report->strategies |= mark.strategy;
	return err;
}

/* Members of a tree that asks. */

int janus__cover_tree_hold(struct janus__cover *cover, struct janus__node *node,
			   const struct janus__found *found)
{
	const struct janus__object *above = node->parent
						    ? janus__node_object(node->parent)
						    : NULL;
	struct janus__inode parent;
	struct janus__object *object;
	int err;

	if (above)
		parent = janus__object_inode(cover->marker->rules, above);
	err = janus__marks_hold(cover->marker, found, above ? &parent : NULL, &object);
	if (!err)
		janus__node_set_object(node, object);
	return err;
}

static int enter_asking(struct janus__cover *cover, struct janus__node *node, int fd)
{
	struct janus__found found;
	int err = janus__found_init(&found, cover->marker, fd, 0);

	if (err)
		return err;
	if (!janus__node_object(node))
		err = janus__cover_tree_hold(cover, node, &found);
	if (!err && (node->flags & JANUS__NODE_MOUNT))
		err = janus__cover_tree_mark_place(cover, &found);
	/* While a watch is being made it is marked on the way back: the walk goes unasked. */
	if (!err && cover->live)
		err = janus__marks_ask(cover->marker, &found, janus__node_object(node),
				       subject_of(cover)->events);
	return err;
}

static int check_crossing(struct janus__cover *cover, const struct janus__node *node,
			  int fd)
{
	struct janus__found found;
	int err = janus__found_init(&found, cover->marker, fd, 0);

	return err ? err : janus__cover_tree_check_twin(cover, node, &found);
}

static int enter(void *userdata, struct janus__node *node, int fd)
{
	struct janus__cover *cover = userdata;
	int err = check_limits(cover);

	if (!err && (node->flags & JANUS__NODE_MOUNT))
		err = check_crossing(cover, node, fd);
	if (!err)
		err = observe_directory(cover, fd);
	if (!err && janus__subject_asks(subject_of(cover)))
		err = enter_asking(cover, node, fd);
	if (err)
		return err;
	if (cover->live && (node->flags & JANUS__NODE_NEW))
		janus__cover_tree_announce(cover, node);
	report_directory(cover);
	return 0;
}

static void listed(void *userdata, struct janus__node *node)
{
	const struct janus__cover *cover = userdata;

	if (node->flags & JANUS__NODE_FRESH)
		janus__fresh_end(cover->marker->fresh, node,
				 janus__marks_queued(cover->marker));
}

static void forget(void *userdata, struct janus__node *node)
{
	const struct janus__cover *cover = userdata;

	janus__cover_forget(cover->marker, node);
}

static void leave(void *userdata, struct janus__node *node, int fd)
{
	struct janus__cover *cover = userdata;
	struct janus__found found;
	char path[PATH_MAX];
	int err = janus__found_init(&found, cover->marker, fd, 0);

	if (!err)
		err = janus__marks_ask(cover->marker, &found, janus__node_object(node),
				       subject_of(cover)->events);
	if (!err)
		return;
	if (janus__node_path(node, NULL, path, sizeof(path)) < 0)
		path[0] = '\0';
	note(cover, path, err);
}

static int cross(void *userdata, const char *path)
{
	struct janus__cover *cover = userdata;
	const struct janus__mount *mount;

	if (subject_of(cover)->flags & JANUS_SUBJECT_ONE_FILESYSTEM)
		return -EXDEV;
	if (subject_of(cover)->flags & JANUS_SUBJECT_STALLING)
		return 0;
	mount = janus__places_find(&cover->places, path);
	if (!mount && !cover->places.error) {
		/* It is newer than what is known of mounts. */
		janus__places_done(&cover->places);
		mount = janus__places_find(&cover->places, path);
	}
	if (cover->places.error)
		return cover->places.error;
	if (!mount)
		return -ENOENT;
	return janus__mount_stalls(mount) ? -EREMOTE : 0;
}

/* Entries. */

/* An entry by its name, without opening it: O_PATH asks nobody. */
static int look_at(struct janus__cover *cover, const struct janus__entry *entry,
		   struct janus__found *ret)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV,
	};
	int fd = cover->marker->kernel->openat2(entry->fd, entry->name, &how);
	int err;

	if (fd < 0)
		return fd;
	err = janus__found_init(ret, cover->marker, fd, 0);
	if (err)
		cover->marker->kernel->close(fd);
	return err;
}

/* *@ret is NULL if the tree has such a node already, under this or another name. */
static int make_entry_node(struct janus__cover *cover, const struct janus__entry *entry,
			   const struct janus__found *found, uint16_t flags,
			   struct janus__node **ret)
{
	struct janus__trees *trees = cover->marker->trees;
	struct janus__handle handle;
	const struct janus__node_facts facts = {
		.fid = &handle.fid,
		.name = entry->name,
		.name_length = strlen(entry->name),
		.parent = entry->directory,
		.flags = flags,
	};
	struct janus__node *node = NULL;
	int err;

	*ret = NULL;
	handle.fid.fsid = trees->filesystems[entry->directory->filesystem].fsid;
	err = janus__handle_read(cover->marker->kernel, found->fd, "", &handle);
	if (err)
		return err;
	node = janus__trees_find(trees, &handle.fid, NULL);
	while (node && (node->tree != cover->tree || !(node->flags & flags)))
		node = janus__trees_find(trees, &handle.fid, node);
	if (node)
		return 0;
	*ret = janus__node_create(trees, cover->tree, &facts);
	return *ret ? 0 : -ENOMEM;
}

static void note_entry(struct janus__cover *cover, const struct janus__entry *entry,
		       int err)
{
	char path[PATH_MAX];

	if (janus__node_path(entry->directory, entry->name, path, sizeof(path)) < 0)
		path[0] = '\0';
	note(cover, path, err);
}

/*
 * What a deny has once covered stays denied under any name: so each file is marked itself, and
 * asks wherever it goes.
 */
static int mark_file(struct janus__cover *cover, const struct janus__entry *entry,
		     const struct janus__found *found)
{
	struct janus__node *node;
	int err = janus__marks_check_limit(cover->marker);

	if (err || !S_ISREG(found->file.type))
		return err;
	err = make_entry_node(cover, entry, found, JANUS__NODE_FILE, &node);
	if (!node)
		return err;
	err = janus__cover_tree_hold(cover, node, found);
	if (!err)
		err = janus__marks_ask(cover->marker, found, janus__node_object(node),
				       subject_of(cover)->events);
	if (err)
		janus__cover_forget(cover->marker, node);
	else if (cover->report)
		cover->report->tree_files++;
	return err;
}

void janus__cover_tree_file(struct janus__cover *cover, const struct janus__entry *entry)
{
	struct janus__found found;
	int err;

	if (!cover->rule->deny || !janus__subject_asks(subject_of(cover)) ||
	    !(subject_of(cover)->flags & JANUS_SUBJECT_RECURSIVE))
		return;
	err = look_at(cover, entry, &found);
	if (!err) {
		err = mark_file(cover, entry, &found);
		cover->marker->kernel->close(found.fd);
	}
	if (err && err != -ENOENT && err != -EXDEV)
		note_entry(cover, entry, err);
}

/* The tree ends there: its object says so to whoever asks what lies below. */
static int end_tree(struct janus__cover *cover, const struct janus__entry *entry,
		    const struct janus__found *found)
{
	struct janus__change change = { .new_spec = cover->spec, .new_count = 1 };
	struct janus__wanted wanted = { .rule = cover->rule, .ignore = true };
	struct janus__node *node;
	int err = make_entry_node(cover, entry, found, JANUS__NODE_LEFT_OUT, &node);

	if (!node)
		return err;
	err = janus__cover_tree_hold(cover, node, found);
	wanted.object = janus__node_object(node);
	change.new_wanted = &wanted;
	if (!err)
		err = janus__rules_swap(cover->marker->rules, &change);
	if (err)
		janus__cover_forget(cover->marker, node);
	return err;
}

void janus__cover_tree_leave_out(struct janus__cover *cover,
				 const struct janus__entry *entry)
{
	struct janus__found found;
	int err;

	if (!janus__subject_asks(subject_of(cover)))
		return;
	err = look_at(cover, entry, &found);
	if (!err) {
		err = end_tree(cover, entry, &found);
		cover->marker->kernel->close(found.fd);
	}
	if (err && err != -ENOENT && err != -EXDEV)
		note_entry(cover, entry, err);
}

/*
 * The kernel will tell that it has moved here, and that is to be believed; but not where what
 * it told was lost.
 */
static void meet(void *userdata, const struct janus__entry *entry,
		 const struct janus__node *node)
{
	const struct janus__cover *cover = userdata;
	struct janus__fresh *fresh = cover->marker->fresh;
	struct janus__fid fid = janus__node_fid(cover->marker->trees, node);
	const struct janus__fresh_meeting at = {
		.directory = entry->directory,
		.until = fresh->now + janus__marks_queued(cover->marker),
	};

	if (!cover->live)
		return;
	if (cover->tree->lost) {
		janus__tell(cover->marker->teller,
			    &(struct janus__news){
				    .node = entry->directory,
				    .name = entry->name,
				    .old_node = node,
				    .kind = JANUS_EVENT_RENAME,
				    .file_type = JANUS_FILE_DIRECTORY,
			    });
		return;
	}
	janus__fresh_add(fresh, entry->directory, entry->name, &fid);
	(void)janus__fresh_meet(fresh, node, &at, entry->name);
}

static void see_entry(void *userdata, const struct janus__entry *entry)
{
	struct janus__cover *cover = userdata;

	if (cover->live && (entry->directory->flags & JANUS__NODE_NEW) &&
	    entry->type != JANUS_FILE_DIRECTORY)
		janus__cover_tree_announce_file(cover, entry);
	if (entry->type == JANUS_FILE_REGULAR)
		janus__cover_tree_file(cover, entry);
}

static void make_leaf(struct janus__cover *cover, const struct janus__entry *entry)
{
	struct janus__trees *trees = cover->marker->trees;
	struct janus__handle handle;
	const struct janus__node_facts facts = {
		.fid = &handle.fid,
		.name = entry->name,
		.name_length = strlen(entry->name),
		.parent = entry->directory,
		.flags = JANUS__NODE_LEAF,
	};
	int err;

	handle.fid.fsid = trees->filesystems[entry->directory->filesystem].fsid;
	err = janus__handle_read(cover->marker->kernel, entry->fd, entry->name, &handle);
	if (!err && !janus__tree_find(trees, cover->tree, &handle.fid) &&
	    !janus__node_create(trees, cover->tree, &facts))
		err = -ENOMEM;
	if (err && err != -ENOENT)
		note_entry(cover, entry, err);
}

static void leave_out(void *userdata, const struct janus__entry *entry, bool by_pattern)
{
	struct janus__cover *cover = userdata;

	if (cover->report)
		cover->report->tree_ignored++;
	if (by_pattern) {
		janus__cover_tree_leave_out(cover, entry);
		return;
	}
	if (cover->live && (entry->directory->flags & JANUS__NODE_NEW))
		janus__cover_tree_announce_file(cover, entry);
	if (janus__extent_has_leaves(cover->tree))
		make_leaf(cover, entry);
}

/* The walk that a go makes: @asking, and not @live, marks for permission on the way back. */
static const struct janus__walk_ops observing = {
	.enter = enter,
	.forget = forget,
	.listed = listed,
	.meet = meet,
	.cross = cross,
	.entry = see_entry,
	.leave_out = leave_out,
	.skip = skip,
};

static const struct janus__walk_ops asking = {
	.enter = enter,
	.forget = forget,
	.leave = leave,
	.cross = cross,
	.entry = see_entry,
	.leave_out = leave_out,
	.skip = skip,
};

static struct janus__walk walk_of(struct janus__cover *cover)
{
	bool asks = janus__subject_asks(subject_of(cover));

	return (struct janus__walk){
		.kernel = cover->marker->kernel,
		.trees = cover->marker->trees,
		.ops = asks && !cover->live ? &asking : &observing,
		.userdata = cover,
		.again = cover->tree->lost,
	};
}

int janus__cover_tree_walk(struct janus__cover *cover, struct janus__node *node, int fd)
{
	const struct janus__walk walk = walk_of(cover);
	int err = enter(cover, node, fd);

	return err ? err : janus__expand(&walk, node, fd);
}

void janus__cover_tree_walk_child(struct janus__cover *cover,
				  const struct janus__entry *entry)
{
	const struct janus__walk walk = walk_of(cover);

	cover->told = entry;
	if (janus__expand_child(&walk, entry) < 0)
		note_entry(cover, entry, -ENOMEM);
	cover->told = NULL;
}
