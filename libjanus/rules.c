// SPDX-License-Identifier: MIT
/*
 * Owns the objects and the arrays of bindings; holds references on specs through bindings.
 * Must not: make system calls, know what a verdict is (see decide.c).
 */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define FIRST_BUCKET_COUNT 64

struct janus__object {
	struct janus__inode inode;
	struct janus__object *next;                             /* in its bucket */
	struct janus__object *next_directory, **prev_directory; /* if it has bindings */
	struct janus__object *next_drifter, **prev_drifter;
	struct janus__bindings *bindings; /* NULL: none */
	struct janus__bindings *prepared; /* by a swap, before the lock */
	bool touched;                     /* by a swap */
	size_t holders;
	struct janus__inode parent;
	struct janus__inode anchor; /* all 0: it does not drift */
	bool directory;
	bool overlay;
};

int janus__rules_init(struct janus__rules *rules)
{
	*rules = (struct janus__rules){ .bucket_count = FIRST_BUCKET_COUNT };
	rules->buckets = calloc(rules->bucket_count, sizeof(*rules->buckets));
	if (!rules->buckets)
		return -ENOMEM;
	pthread_mutex_init(&rules->lock, NULL);
	return 0;
}

void janus__rules_done(struct janus__rules *rules)
{
	for (size_t i = 0; i < rules->bucket_count; i++) {
		struct janus__object *object = rules->buckets[i];

		while (object) {
			struct janus__object *next = object->next;

			janus__bindings_unref(object->bindings);
			free(object);
			object = next;
		}
	}
	free(rules->buckets);
	pthread_mutex_destroy(&rules->lock);
}

static size_t hash_inode(struct janus__inode inode)
{
	uint64_t mixed = (inode.number ^ (inode.device << 32)) * 0x9e3779b97f4a7c15u;

	return (size_t)(mixed ^ (mixed >> 29));
}

static bool same_inode(struct janus__inode a, struct janus__inode b)
{
	return a.number == b.number && a.device == b.device;
}

static struct janus__object **find_slot(const struct janus__rules *rules,
					struct janus__inode inode)
{
	struct janus__object **slot =
		&rules->buckets[hash_inode(inode) & (rules->bucket_count - 1)];

	while (*slot && !same_inode((*slot)->inode, inode))
		slot = &(*slot)->next;
	return slot;
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
				&buckets[hash_inode(object->inode) & (count - 1)];

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

static struct janus__object *new_object(const struct janus__inode_facts *facts)
{
	struct janus__object *object = calloc(1, sizeof(*object));

	if (!object)
		return NULL;
	object->inode = facts->inode;
	object->parent = facts->parent;
	object->anchor = facts->anchor;
	object->directory = facts->directory;
	object->overlay = facts->overlay;
	return object;
}

/* Under the lock. */
static void link_drifter(struct janus__rules *rules, struct janus__object *object)
{
	object->prev_drifter = &rules->drifters;
	object->next_drifter = rules->drifters;
	if (rules->drifters)
		rules->drifters->prev_drifter = &object->next_drifter;
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
	slot = find_slot(rules, object->inode);
	found = *slot;
	if (!found) {
		*slot = object;
		rules->object_count++;
		if (object->anchor.number)
			link_drifter(rules, object);
	}
	pthread_mutex_unlock(&rules->lock);
	if (!found)
		return object;
	free(object);
	return found;
}

int janus__rules_hold(struct janus__rules *rules, const struct janus__inode_facts *facts,
		      struct janus__object **ret)
{
	struct janus__object *object;

	pthread_mutex_lock(&rules->lock);
	object = *find_slot(rules, facts->inode);
	pthread_mutex_unlock(&rules->lock);
	if (!object) {
		grow(rules);
		object = new_object(facts);
		if (!object)
			return -ENOMEM;
		object = link_object(rules, object);
	}
	object->holders++;
	*ret = object;
	return 0;
}

void janus__rules_release(struct janus__rules *rules, struct janus__object *object)
{
	if (--object->holders)
		return;
	pthread_mutex_lock(&rules->lock);
	*find_slot(rules, object->inode) = object->next;
	if (object->prev_drifter) {
		*object->prev_drifter = object->next_drifter;
		if (object->next_drifter)
			object->next_drifter->prev_drifter = object->prev_drifter;
	}
	pthread_mutex_unlock(&rules->lock);
	rules->object_count--;
	free(object);
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

/* Only the caller's thread changes bindings: it reads them without the lock. */
uint32_t janus__object_events(const struct janus__object *object)
{
	uint32_t events = 0;

	for (uint32_t i = 0; object->bindings && i < object->bindings->count; i++) {
		const struct janus__binding *binding = &object->bindings->entries[i];

		events |= janus__spec_subject_of(binding->spec, binding->rule)->events;
	}
	return events;
}

bool janus__object_parent_has_rules(struct janus__rules *rules,
				    const struct janus__object *object)
{
	const struct janus__object *parent;
	bool has;

	pthread_mutex_lock(&rules->lock);
	parent = *find_slot(rules, object->parent);
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

/* Once for each object that a change touches. */
static int prepare(struct janus__object *object, struct janus__run run,
		   const struct janus__change *change)
{
	if (object->touched)
		return 0;
	object->touched = true;
	return janus__bindings_change(&object->prepared, object->bindings, run, change);
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
	object->prev_directory = &rules->directories;
	object->next_directory = rules->directories;
	if (rules->directories)
		rules->directories->prev_directory = &object->next_directory;
	rules->directories = object;
}

static void unlist_directory(struct janus__object *object)
{
	*object->prev_directory = object->next_directory;
	if (object->next_directory)
		object->next_directory->prev_directory = object->prev_directory;
	object->prev_directory = NULL;
	object->next_directory = NULL;
}

/* Under the lock. The former bindings end in @prepared, to be freed after it. */
static void install(struct janus__rules *rules, struct janus__object *object)
{
	struct janus__bindings *former = object->bindings;

	if (!object->touched)
		return;
	object->bindings = object->prepared;
	object->prepared = former;
	object->touched = false;
	if (!object->directory)
		return;
	if (object->bindings && !object->prev_directory)
		list_directory(rules, object);
	else if (!object->bindings && object->prev_directory)
		unlist_directory(object);
}

static void drop_prepared(const struct janus__wanted *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct janus__object *object = wanted[i].object;

		janus__bindings_unref(object->prepared);
		object->prepared = NULL;
		object->touched = false;
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
	int err = janus__bindings_without(&object->prepared, object->bindings, ended,
					  spec);

	if (err)
		return err;
	pthread_mutex_lock(&rules->lock);
	object->touched = true;
	install(rules, object);
	pthread_mutex_unlock(&rules->lock);
	janus__bindings_unref(object->prepared);
	object->prepared = NULL;
	return 0;
}

/* Under the lock. */
static struct janus__bindings *bindings_of(const struct janus__rules *rules,
					   struct janus__inode inode)
{
	const struct janus__object *object = *find_slot(rules, inode);

	return janus__bindings_ref(object ? object->bindings : NULL);
}

uint32_t janus__rules_find(struct janus__rules *rules, struct janus__inode inode,
			   struct janus__match *ret)
{
	uint32_t hints = 0;

	pthread_mutex_lock(&rules->lock);
	*ret = (struct janus__match){ .file = bindings_of(rules, inode) };
	if (rules->directories)
		hints |= JANUS__RULES_PARENT_MATTERS;
	if (rules->drifters && !ret->file)
		hints |= JANUS__RULES_MAY_DRIFT;
	pthread_mutex_unlock(&rules->lock);
	return hints;
}

void janus__rules_find_with_parent(struct janus__rules *rules, struct janus__inode inode,
				   struct janus__inode parent, struct janus__match *ret)
{
	pthread_mutex_lock(&rules->lock);
	ret->file = bindings_of(rules, inode);
	ret->directory = bindings_of(rules, parent);
	pthread_mutex_unlock(&rules->lock);
}

static bool denies(const struct janus__bindings *bindings, uint32_t kind)
{
	for (uint32_t i = 0; i < bindings->count; i++) {
		const struct janus__binding *binding = &bindings->entries[i];
		const struct janus__subject *subject =
			janus__spec_subject_of(binding->spec, binding->rule);

		if (binding->rule->deny && subject->mode == JANUS_MODE_ENFORCE &&
		    (subject->events & kind) && !atomic_load(&binding->spec->retired))
			return true;
	}
	return false;
}

static bool could_be_parent(const struct janus__object *directory,
			    const struct janus__orphan *orphan)
{
	return directory->inode.device == orphan->inode.device ||
	       (orphan->on_overlay && directory->overlay);
}

/* Under the lock. An anchor without a device is that of any. */
static struct janus__object *find_drifter(const struct janus__rules *rules,
					  struct janus__inode anchor)
{
	struct janus__object *object = rules->drifters;

	while (object && (object->anchor.number != anchor.number ||
			  (anchor.device && object->anchor.device != anchor.device)))
		object = object->next_drifter;
	return object;
}

/* Under the lock. */
static struct janus__bindings *strictest(const struct janus__rules *rules,
					 const struct janus__orphan *orphan)
{
	const struct janus__object *object = rules->directories;

	while (object && !(could_be_parent(object, orphan) &&
			   denies(object->bindings, orphan->kind)))
		object = object->next_directory;
	return janus__bindings_ref(object ? object->bindings : NULL);
}

bool janus__rules_find_orphan(struct janus__rules *rules,
			      const struct janus__orphan *orphan,
			      struct janus__match *ret)
{
	const struct janus__object *known, *drifter;

	pthread_mutex_lock(&rules->lock);
	known = *find_slot(rules, orphan->inode);
	drifter = known || !orphan->anchor_number
			  ? NULL
			  : find_drifter(rules,
					 (struct janus__inode){
						 .number = orphan->anchor_number });
	*ret = (struct janus__match){ 0 };
	if (known || drifter)
		ret->file = janus__bindings_ref((known ? known : drifter)->bindings);
	ret->directory = known ? bindings_of(rules, known->parent)
			       : strictest(rules, orphan);
	pthread_mutex_unlock(&rules->lock);
	return !known;
}

/* Under the lock: the object goes to the bucket of its new number. */
static void rename_object(struct janus__rules *rules, struct janus__object *object,
			  struct janus__inode inode)
{
	struct janus__object **slot = find_slot(rules, object->inode);

	*slot = object->next;
	object->inode = inode;
	object->next = NULL;
	*find_slot(rules, inode) = object;
}

bool janus__rules_follow_drift(struct janus__rules *rules, struct janus__inode inode,
			       struct janus__inode anchor)
{
	struct janus__object *object;
	bool found;

	pthread_mutex_lock(&rules->lock);
	object = find_drifter(rules, anchor);
	found = object && !*find_slot(rules, inode);
	if (found)
		rename_object(rules, object, inode);
	pthread_mutex_unlock(&rules->lock);
	return found;
}
