// SPDX-License-Identifier: MIT
/*
 * Owns how rules for trees come down to a file: from object to object by the parents that
 * they remember. Must not: change what rules there are, know what a verdict is (see decide.c).
 */
#include "lookup.h"

#include "table.h"

/* Under the lock, as everything below that is static. NULL: none, or an earlier file's. */
static struct janus__object *find_object(const struct janus__rules *rules,
					 const struct janus__seen *seen)
{
	struct janus__object *object = *janus__table_slot(rules, seen->inode);

	return object && !janus__object_is_older(object, seen->birth_time_ns) ? object
									      : NULL;
}

static struct janus__bindings *bindings_of(const struct janus__object *object)
{
	return janus__bindings_ref(object ? object->bindings : NULL);
}

uint32_t janus__rules_find(struct janus__rules *rules, struct janus__seen file,
			   struct janus__match *ret)
{
	uint32_t hints = 0;

	janus__match_init(ret);
	pthread_mutex_lock(&rules->lock);
	ret->file = bindings_of(find_object(rules, &file));
	if (rules->directories)
		hints |= JANUS__RULES_PARENT_MATTERS;
	if (rules->drifters && !ret->file)
		hints |= JANUS__RULES_MAY_DRIFT;
	ret->complete = !rules->directories;
	pthread_mutex_unlock(&rules->lock);
	return hints;
}

/* How far a rule must reach to be asked about. */
enum reach {
	REACH_CHILDREN,
	REACH_TREE,
	REACH_ABROAD, /* into what is mounted in the tree, too */
};

static bool reaches(const struct janus__subject *subject, enum reach reach)
{
	if (reach == REACH_ABROAD && (subject->flags & JANUS_SUBJECT_ONE_FILESYSTEM))
		return false;
	return reach == REACH_CHILDREN || (subject->flags & JANUS_SUBJECT_RECURSIVE);
}

static bool has_denying(const struct janus__bindings *bindings, uint32_t kind,
			enum reach reach, bool asking_too)
{
	for (uint32_t i = 0; i < bindings->count; i++) {
		const struct janus__binding *binding = &bindings->entries[i];
		const struct janus__subject *subject =
			janus__spec_subject_of(binding->spec, binding->rule);
		bool counts = asking_too ? janus__subject_denies(subject)
					 : subject->mode == JANUS_MODE_ENFORCE;

		if (binding->rule->deny && !binding->ignore && counts &&
		    (subject->events & kind) && reaches(subject, reach) &&
		    !atomic_load(&binding->spec->retired))
			return true;
	}
	return false;
}

static bool denies(const struct janus__bindings *bindings, uint32_t kind,
		   enum reach reach)
{
	return has_denying(bindings, kind, reach, true);
}

/* Of those that deny: that is for the program to decide. */
static bool only_asks(const struct janus__bindings *bindings, uint32_t kind,
		      enum reach reach)
{
	return !has_denying(bindings, kind, reach, false);
}

static void add_level(struct janus__match *match, const struct janus__object *object,
		      struct janus__above level, uint32_t kind)
{
	if (!object->above)
		return;
	if (match->above_count == JANUS__ABOVE_MAX) {
		match->strict |= denies(object->bindings, kind, REACH_TREE);
		return;
	}
	level.bindings = janus__bindings_ref(object->bindings);
	match->above[match->above_count++] = level;
}

/* One climb from object to object. */
struct climb {
	const struct janus__rules *rules;
	struct janus__match *match;
	uint32_t kind;
	bool remembered;
};

/* Everything above @object, whose own hops are given. True: one of them is a tree's. */
static bool climb_table(const struct climb *climb, const struct janus__object *object,
			uint32_t hops)
{
	bool tree = false;

	if (!climb->rules->tree_count)
		return false;
	while (hops++ < JANUS__HOPS_MAX) {
		const struct janus__object *parent = *janus__table_slot(climb->rules,
									object->parent);

		if (!parent || parent == object)
			break;
		object = parent;
		tree |= object->tree;
		add_level(climb->match, object,
			  (struct janus__above){ .hops = hops,
						 .remembered = climb->remembered },
			  climb->kind);
	}
	return tree;
}

static void drop_levels(struct janus__match *match, uint32_t count)
{
	while (match->above_count > count)
		janus__bindings_unref(match->above[--match->above_count].bindings);
}

/* The directory at @hops. True: it is known to lie in a tree, and all above it was found. */
static bool add_directory(const struct climb *climb, const struct janus__sought *sought,
			  uint32_t hops)
{
	const struct janus__object *object = find_object(climb->rules,
							 &sought->trail[hops - 1]);
	struct janus__match *match = climb->match;
	bool strict;
	uint32_t count;

	if (!object)
		return false;
	if (hops == 1 && !sought->mount_root) {
		match->directory = bindings_of(object);
		match->directory_marked = object->marked;
	} else {
		add_level(match, object, (struct janus__above){ .hops = hops },
			  climb->kind);
	}
	count = match->above_count;
	strict = match->strict;
	if (climb_table(climb, object, hops) || object->tree)
		return true;
	/* What the table knows of its place ends too early: the trail may know more. */
	drop_levels(match, count);
	match->strict = strict;
	return false;
}

/* Where the file lay when it was marked. What was denied there is denied here. */
static void add_remembered(const struct climb *climb, const struct janus__object *file,
			   const struct janus__sought *sought)
{
	const struct climb remembered = {
		.rules = climb->rules,
		.match = climb->match,
		.kind = climb->kind,
		.remembered = true,
	};

	if (file && (!sought->trail_count ||
		     !janus__inode_is(file->parent, sought->trail[0].inode)))
		climb_table(&remembered, file, 0);
}

bool janus__rules_find_placed(struct janus__rules *rules,
			      const struct janus__sought *sought,
			      struct janus__match *ret)
{
	const struct climb climb = { .rules = rules, .match = ret, .kind = sought->kind };
	const struct janus__object *file;
	bool placed = false, guarded;

	janus__match_init(ret);
	pthread_mutex_lock(&rules->lock);
	file = find_object(rules, &sought->file);
	ret->file = bindings_of(file);
	for (uint32_t i = 0; i < sought->trail_count && !placed; i++)
		placed = add_directory(&climb, sought, i + 1);
	add_remembered(&climb, file, sought);
	/* A directory that is mounted somewhere else is still what it is at home. */
	if (file && sought->mount_root)
		ret->directory = bindings_of(*janus__table_slot(rules, file->parent));
	ret->complete = placed || sought->root_reached || !rules->tree_count;
	guarded = ret->directory != NULL;
	pthread_mutex_unlock(&rules->lock);
	/* A tree around a single guarded directory has it as one of its own. */
	return ret->complete || guarded;
}

static bool could_be_parent(const struct janus__object *directory,
			    const struct janus__orphan *orphan)
{
	return directory->inode.device == orphan->file.inode.device ||
	       (orphan->on_overlay && directory->overlay);
}

/* An anchor without a device is that of any. */
static struct janus__object *find_drifter(const struct janus__rules *rules,
					  struct janus__inode anchor)
{
	struct janus__object *object = rules->drifters;

	while (object &&
	       (object->extra->anchor.number != anchor.number ||
		(anchor.device && object->extra->anchor.device != anchor.device)))
		object = object->extra->next_drifter;
	return object;
}

/* A tree can reach into other file systems. */
static struct janus__bindings *strictest(const struct janus__rules *rules,
					 const struct janus__orphan *orphan)
{
	const struct janus__object *object = rules->directories, *asking = NULL;

	for (; object; object = object->extra->next_directory) {
		enum reach reach = could_be_parent(object, orphan) ? REACH_CHILDREN
								   : REACH_ABROAD;

		if (!denies(object->bindings, orphan->kind, reach))
			continue;
		if (!only_asks(object->bindings, orphan->kind, reach))
			break;
		if (!asking)
			asking = object;
	}
	return bindings_of(object ? object : asking);
}

bool janus__rules_find_orphan(struct janus__rules *rules,
			      const struct janus__orphan *orphan,
			      struct janus__match *ret)
{
	const struct climb climb = { .rules = rules, .match = ret, .kind = orphan->kind };
	const struct janus__object *known, *drifter, *parent;

	janus__match_init(ret);
	pthread_mutex_lock(&rules->lock);
	known = find_object(rules, &orphan->file);
	drifter = known || !orphan->anchor_number
			  ? NULL
			  : find_drifter(rules,
					 (struct janus__inode){
						 .number = orphan->anchor_number });
	if (known || drifter)
		ret->file = bindings_of(known ? known : drifter);
	if (known) {
		parent = *janus__table_slot(rules, known->parent);
		ret->directory = bindings_of(parent);
		if (parent)
			climb_table(&climb, parent, 1);
	} else {
		ret->directory = strictest(rules, orphan);
	}
	pthread_mutex_unlock(&rules->lock);
	return !known;
}

bool janus__rules_follow_drift(struct janus__rules *rules, struct janus__inode inode,
			       struct janus__inode anchor)
{
	struct janus__object *object;
	bool found;

	pthread_mutex_lock(&rules->lock);
	object = find_drifter(rules, anchor);
	found = object && !*janus__table_slot(rules, inode);
	if (found)
		janus__table_move(rules, object, inode);
	pthread_mutex_unlock(&rules->lock);
	return found;
}
