/* SPDX-License-Identifier: MIT */
/*
 * Which rules speak of which inode: a hash table from (device, inode) to bindings, whose cost
 * does not depend on how many rules there are. No system call is made in here.
 *
 * Who changes it holds the engine's mutex: the caller's thread, or the one that follows the
 * trees. The responder looks things up (lookup.h) without that mutex. One short lock stands
 * between them, held over pointer moves only: memory is had before it and freed after it.
 */
#ifndef JANUS_RULES_H
#define JANUS_RULES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bindings.h"
#include "strict.h"

struct janus__inode {
	uint64_t device;
	uint64_t number;
};

struct janus__rules {
	pthread_mutex_t lock;
	struct janus__object **buckets;
	size_t bucket_count; /* a power of two */
	size_t object_count;
	struct janus__object *directories; /* those whose rules speak of permission */
	struct janus__object *drifters;
	size_t tree_count; /* of those, the ones with a rule for all below them */
	struct janus__strict
		*strict; /* is told what is denied on failure; NULL: nobody is */
};

int janus__rules_init(struct janus__rules *rules);
void janus__rules_done(struct janus__rules *rules);

/* What is known of an inode when an object for it is asked for. */
struct janus__inode_facts {
	struct janus__inode inode;
	struct janus__inode parent; /* all 0: it could not be told */
	int64_t birth_time_ns;      /* 0: unknown */
	bool directory;
	bool overlay;
	/*
	 * On some overlays a file gets another device and number when it is written for the
	 * first time. Not so its overlay's device, which its directory has, and the number
	 * that the kernel itself has for it. All 0: it does not drift.
	 */
	struct janus__inode anchor;
};

/*
 * Make sure there is an object for an inode and hold it until janus__rules_release(). Holding
 * it changes no answer, but that rules for a tree reach down through the parents of objects.
 * An object of this number that was born at another time is the new file's from now on, and
 * not marked. -ENOMEM.
 */
int janus__rules_hold(struct janus__rules *rules, const struct janus__inode_facts *facts,
		      struct janus__object **ret);
void janus__rules_release(struct janus__rules *rules, struct janus__object *object);

/* The object's inode now; it changes when a drifting file is written. */
struct janus__inode janus__object_inode(struct janus__rules *rules,
					const struct janus__object *object);

/* The kinds that its inode mark asks for: of it and, if it is a directory, its children. */
void janus__object_set_marked(struct janus__rules *rules, struct janus__object *object,
			      uint32_t kinds);
uint32_t janus__object_marked(struct janus__rules *rules,
			      const struct janus__object *object);

/* The event kinds that the bindings of a held object want to be asked for. */
uint32_t janus__object_events(const struct janus__object *object);

/* Whether rules speak of the directory that the object lay in when it was marked. */
bool janus__object_parent_has_rules(struct janus__rules *rules,
				    const struct janus__object *object);

/*
 * Whether somebody holds it for more than its own bindings and one who is about to let it go:
 * it lies in a tree.
 */
bool janus__object_is_member(const struct janus__object *object);

bool janus__object_is_directory(const struct janus__object *object);

void janus__wanted_sort(struct janus__wanted *wanted, size_t count);

/*
 * In one step: the old spec no longer speaks of its objects, the new one speaks of its own.
 * -ENOMEM: nothing has changed.
 */
int janus__rules_swap(struct janus__rules *rules, const struct janus__change *change);

/* Tell what is denied on failure anew, in place of what a former context has told. */
void janus__rules_restate(struct janus__rules *rules);

/* Take back an end that a tree of a rule had at an object. -ENOMEM: it stays. */
int janus__rules_unbind(struct janus__rules *rules, struct janus__object *object,
			const struct janus__wanted *ended,
			const struct janus__spec *spec);

#endif
