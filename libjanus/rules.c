// SPDX-License-Identifier: MIT
/*
 * Owns the objects and the arrays of bindings; holds references on specs through bindings.
 * Must not: make system calls, know what a verdict is (see decide.c).
 */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strictness.h"
#include "table.h"
#include "util.h"

#define FIRST_BUCKET_COUNT 64

int janus__rules_init(struct janus__rules *rules)
{
	*rules = (struct janus__rules){ .bucket_count = FIRST_BUCKET_COUNT };
	rules->buckets = calloc(rules->bucket_count, sizeof(*rules->buckets));
	if (!rules->buckets)
		return -ENOMEM;
	pthread_mutex_init(&rules->lock, NULL);
	return 0;
}

static void free_object(struct janus__object *object)
{
	janus__bindings_unref(object->bindings);
	free(object->extra);
	free(object);
}

void janus__rules_done(struct janus__rules *rules)
{
	for (size_t i = 0; i < rules->bucket_count; i++) {
		struct janus__object *object = rules->buckets[i];

		while (object) {
			struct janus__object *next = object->next;

			free_object(object);
			object = next;
		}
	}
	free(rules->buckets);
	pthread_mutex_destroy(&rules->lock);
}

/* Twice the buckets when they are full; without memory the chains just get longer. */
static void grow(struct janus__rules *rules)
{
	size_t count = rules->bucket_count * 2;
	struct janus__object **buckets, **former = rules->buckets;

	if (rules->object_count < rules->bucket_count)
		return;
	buckets = calloc(count, sizeof(struct janus__object *));
	if (!buckets)
		return;
	pthread_mutex_lock(&rules->lock);
	for (size_t i = 0; i < rules->bucket_count; i++) {
		struct janus__object *object = former[i];

		while (object) {
			struct janus__object *next = object->next;
			struct janus__object **bucket =
				&buckets[janus__table_hash(object->inode) & (count - 1)];

			object->next = *bucket;
			*bucket = object;
			object = next;
		}
	}
	rules->buckets = buckets;
	rules->bucket_count = count;
	pthread_mutex_unlock(&rules->lock);
	free(former);
}

static int need_extra(struct janus__object *object)
{
	if (!object->extra)
		object->extra = calloc(1, sizeof(*object->extra));
	return object->extra ? 0 : -ENOMEM;
}

static struct janus__object *new_object(const struct janus__inode_facts *facts)
{
	struct janus__object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->inode = facts->inode;
	object->parent = facts->parent;
	object->birth_time_ns = facts->birth_time_ns;
	object->directory = facts->directory;
	object->overlay = facts->overlay;
	if (!facts->anchor.number)
		return object;
	if (need_extra(object) < 0) {
		free(object);
		return NULL;
	}
	object->extra->anchor = facts->anchor;
	return object;
}

/* Under the lock. */
static void link_drifter(struct janus__rules *rules, struct janus__object *object)
{
	object->extra->prev_drifter = &rules->drifters;
	object->extra->next_drifter = rules->drifters;
	if (rules->drifters)
		rules->drifters->extra->prev_drifter = &object->extra->next_drifter;
	rules->drifters = object;
}

/*
 * Put the object into the table, unless a drift has put another one of its number there since
 * it was looked for. Returns the one that is in the table.
 */
static struct janus__object *link_object(struct janus__rules *rules,
					 struct janus__object *object)
{
	struct janus__object **slot, *found;

	pthread_mutex_lock(&rules->lock);
	slot = janus__table_slot(rules, object->inode);
	found = *slot;
	if (!found) {
		*slot = object;
		rules->object_count++;
		if (object->extra)
			link_drifter(rules, object);
	}
	pthread_mutex_unlock(&rules->lock);
	if (!found)
		return object;
	free_object(object);
	return found;
}

/*
 * The object is there already. Its number may have been used again since, for a file of which
 * nothing is marked; or its place is told only now.
 */
static void renew(struct janus__rules *rules, struct janus__object *object,
		  const struct janus__inode_facts *facts)
{
	pthread_mutex_lock(&rules->lock);
	if (janus__object_is_older(object, facts->birth_time_ns)) {
		object->birth_time_ns = facts->birth_time_ns;
		object->parent = facts->parent;
		object->marked = 0;
		if (!object->bindings)
			object->directory = facts->directory;
	}
	if (!object->birth_time_ns)
		object->birth_time_ns = facts->birth_time_ns;
	if (!object->parent.number)
		object->parent = facts->parent;
	pthread_mutex_unlock(&rules->lock);
}

int janus__rules_hold(struct janus__rules *rules, const struct janus__inode_facts *facts,
		      struct janus__object **ret)
{
	struct janus__object *object;

	pthread_mutex_lock(&rules->lock);
	object = *janus__table_slot(rules, facts->inode);
	pthread_mutex_unlock(&rules->lock);
	if (!object) {
		grow(rules);
		object = new_object(facts);
		if (!object)
			return -ENOMEM;
		object = link_object(rules, object);
	} else {
		renew(rules, object, facts);
	}
	object->holders++;
	*ret = object;
	return 0;
}

static void unlink_drifter(const struct janus__extra *extra)
{
	*extra->prev_drifter = extra->next_drifter;
	if (extra->next_drifter)
		extra->next_drifter->extra->prev_drifter = extra->prev_drifter;
}

static void unlist_directory(struct janus__extra *extra)
{
	*extra->prev_directory = extra->next_directory;
	if (extra->next_directory)
		extra->next_directory->extra->prev_directory = extra->prev_directory;
	extra->prev_directory = NULL;
	extra->next_directory = NULL;
}

/* Where all ends at once, rules go with their objects. */
void janus__rules_release(struct janus__rules *rules, struct janus__object *object)
{
	if (--object->holders)
		return;
	pthread_mutex_lock(&rules->lock);
	*janus__table_slot(rules, object->inode) = object->next;
	if (object->extra && object->extra->prev_drifter)
		unlink_drifter(object->extra);
	if (object->extra && object->extra->prev_directory)
		unlist_directory(object->extra);
	if (object->extra)
		janus__strictness_tell(rules, object, (struct janus__strict_kinds){ 0 });
	rules->tree_count -= object->tree;
	pthread_mutex_unlock(&rules->lock);
	rules->object_count--;
	free_object(object);
}

struct janus__inode janus__object_inode(struct janus__rules *rules,
					const struct janus__object *object)
{
	struct janus__inode inode;

	pthread_mutex_lock(&rules->lock);
	inode = object->inode;
	pthread_mutex_unlock(&rules->lock);
	return inode;
}

void janus__object_set_marked(struct janus__rules *rules, struct janus__object *object,
			      uint32_t kinds)
{
	pthread_mutex_lock(&rules->lock);
	object->marked = (uint16_t)kinds;
	pthread_mutex_unlock(&rules->lock);
}

uint32_t janus__object_marked(struct janus__rules *rules,
			      const struct janus__object *object)
{
	uint32_t kinds;

	pthread_mutex_lock(&rules->lock);
	kinds = object->marked;
	pthread_mutex_unlock(&rules->lock);
	return kinds;
}

/* Whoever changes bindings has the engine's mutex, as whoever asks here. */
uint32_t janus__object_events(const struct janus__object *object)
{
	uint32_t events = 0;

	for (uint32_t i = 0; object->bindings && i < object->bindings->count; i++) {
		const struct janus__binding *binding = &object->bindings->entries[i];
		const struct janus__subject *subject =
			janus__spec_subject_of(binding->spec, binding->rule);

		if (!binding->ignore && janus__subject_asks(subject))
			events |= subject->events;
	}
	return events;
}

bool janus__object_parent_has_rules(struct janus__rules *rules,
				    const struct janus__object *object)
{
	const struct janus__object *parent;
	bool has;

	pthread_mutex_lock(&rules->lock);
	parent = *janus__table_slot(rules, object->parent);
	has = parent && parent->bindings;
	pthread_mutex_unlock(&rules->lock);
	return has;
}

bool janus__object_is_member(const struct janus__object *object)
{
	return object->holders > 1 + (object->bindings ? object->bindings->count : 0);
}

bool janus__object_is_directory(const struct janus__object *object)
{
	return object->directory;
}

static int compare_wanted(const void *a, const void *b)
{
	const struct janus__wanted *left = a, *right = b;

	if (left->object != right->object)
		return left->object < right->object ? -1 : 1;
	return left->rule < right->rule ? -1 : left->rule > right->rule;
}

void janus__wanted_sort(struct janus__wanted *wanted, size_t count)
{
	if (count)
		qsort(wanted, count, sizeof(*wanted), compare_wanted);
}

static struct janus__run run_at(const struct janus__wanted *wanted, size_t count)
{
	struct janus__run run = { .first = wanted };

	while (run.count < count && wanted[run.count].object == wanted->object)
		run.count++;
	return run;
}

/* What bindings of a directory mean for others, while nobody waits for the lock. */
static struct janus__meaning meaning_of(const struct janus__bindings *bindings)
{
	struct janus__meaning meaning = { 0 };

	for (uint32_t i = 0; bindings && i < bindings->count; i++) {
		const struct janus__binding *binding = &bindings->entries[i];
		const struct janus__subject *subject =
			janus__spec_subject_of(binding->spec, binding->rule);
		bool deep = subject->flags & JANUS_SUBJECT_RECURSIVE;

		if (!janus__subject_asks(subject))
			continue;
		meaning.asks |= !binding->ignore;
		meaning.above |= deep;
		meaning.tree |= deep && !binding->ignore;
	}
	return meaning;
}

/* Once for each object that a change touches. */
static int prepare(struct janus__object *object, struct janus__run run,
		   const struct janus__change *change)
{
	int err = need_extra(object);

	if (err)
		return err;
	if (object->extra->touched)
		return 0;
	object->extra->touched = true;
	err = janus__bindings_change(&object->extra->prepared, object->bindings, run,
				     change);
	if (!err && object->directory)
		object->extra->meaning = meaning_of(object->extra->prepared);
	if (!err)
		object->extra->prepared_strict =
			janus__strictness_of(object->extra->prepared);
	return err;
}

/* New objects first: what is left of the old ones gets no rule of the new spec. */
static int prepare_all(const struct janus__change *change)
{
	struct janus__run none = { 0 };

	for (size_t i = 0; i < change->new_count;) {
		struct janus__run run = run_at(&change->new_wanted[i],
					       change->new_count - i);

		if (prepare(run.first->object, run, change) < 0)
			return -ENOMEM;
		i += run.count;
	}
	for (size_t i = 0; i < change->old_count; i++)
		if (prepare(change->old_wanted[i].object, none, change) < 0)
			return -ENOMEM;
	return 0;
}

static void list_directory(struct janus__rules *rules, struct janus__object *object)
{
	object->extra->prev_directory = &rules->directories;
	object->extra->next_directory = rules->directories;
	if (rules->directories)
		rules->directories->extra->prev_directory =
			&object->extra->next_directory;
	rules->directories = object;
}

/* Under the lock. The former bindings end in @prepared, to be freed after it. */
static void install(struct janus__rules *rules, struct janus__object *object)
{
	struct janus__extra *extra = object->extra;
	struct janus__bindings *former = object->bindings;

	if (!extra->touched)
		return;
	object->bindings = extra->prepared;
	extra->prepared = former;
	extra->touched = false;
	janus__strictness_tell(rules, object, extra->prepared_strict);
	if (!object->directory)
		return;
	rules->tree_count -= object->tree;
	object->tree = extra->meaning.tree;
	object->above = extra->meaning.above;
	rules->tree_count += object->tree;
	if (extra->meaning.asks && !extra->prev_directory)
		list_directory(rules, object);
	else if (!extra->meaning.asks && extra->prev_directory)
		unlist_directory(extra);
}

static void drop_prepared(const struct janus__wanted *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct janus__extra *extra = wanted[i].object->extra;

		if (!extra) /* it was not come to */
			continue;
		janus__bindings_unref(extra->prepared);
		extra->prepared = NULL;
		extra->touched = false;
	}
}

int janus__rules_swap(struct janus__rules *rules, const struct janus__change *change)
{
	int err = prepare_all(change);

	if (!err) {
		pthread_mutex_lock(&rules->lock);
		for (size_t i = 0; i < change->old_count; i++)
			install(rules, change->old_wanted[i].object);
		for (size_t i = 0; i < change->new_count; i++)
			install(rules, change->new_wanted[i].object);
		pthread_mutex_unlock(&rules->lock);
	}
	drop_prepared(change->old_wanted, change->old_count);
	drop_prepared(change->new_wanted, change->new_count);
	return err;
}

int janus__rules_unbind(struct janus__rules *rules, struct janus__object *object,
			const struct janus__wanted *ended, const struct janus__spec *spec)
{
	struct janus__extra *extra = object->extra;
	int err;

	if (!object->bindings)
		return 0;
	err = janus__bindings_without(&extra->prepared, object->bindings, ended, spec);
	if (err)
		return err;
	extra->meaning = meaning_of(extra->prepared);
	extra->prepared_strict = janus__strictness_of(extra->prepared);
	extra->touched = true;
	pthread_mutex_lock(&rules->lock);
	install(rules, object);
	pthread_mutex_unlock(&rules->lock);
	janus__bindings_unref(extra->prepared);
	extra->prepared = NULL;
	return 0;
}

/* The object goes to the bucket of its new number. */
void janus__table_move(struct janus__rules *rules, struct janus__object *object,
		       struct janus__inode inode)
{
	struct janus__object **slot = janus__table_slot(rules, object->inode);
	struct janus__strict_kinds kinds = { 0 };

	if (object->extra)
		kinds = object->extra->strict;
	if (kinds.own)
		janus__strictness_tell(rules, object, (struct janus__strict_kinds){ 0 });
	*slot = object->next;
	object->inode = inode;
	object->next = NULL;
	*janus__table_slot(rules, inode) = object;
	if (kinds.own)
		janus__strictness_tell(rules, object, kinds);
}
