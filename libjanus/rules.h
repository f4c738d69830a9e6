/* SPDX-License-Identifier: MIT */
/*
 * Which rules speak of which inode: a hash table from (device, inode) to bindings, whose cost
 * does not depend on how many rules there are. No system call is made in here.
 *
 * The caller's thread changes it, the responder looks things up. One short lock stands
 * between them, held over pointer moves only: memory is had before it and freed after it.
 */
#ifndef JANUS_RULES_H
#define JANUS_RULES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bindings.h"

struct janus__inode {
	uint64_t device;
	uint64_t number;
};

struct janus__rules {
	pthread_mutex_t lock;
	struct janus__object **buckets;
	size_t bucket_count; /* a power of two */
	size_t object_count;
	struct janus__object *directories; /* those with bindings */
	struct janus__object *drifters;
};

int janus__rules_init(struct janus__rules *rules);
void janus__rules_done(struct janus__rules *rules);

/* What the caller's thread knows of an inode when it asks for an object. */
struct janus__inode_facts {
	struct janus__inode inode;
	struct janus__inode parent; /* all 0: it could not be told */
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
 * it changes no answer. -ENOMEM.
 */
int janus__rules_hold(struct janus__rules *rules, const struct janus__inode_facts *facts,
		      struct janus__object **ret);
void janus__rules_release(struct janus__rules *rules, struct janus__object *object);

/* The object's inode now; it changes when a drifting file is written. */
struct janus__inode janus__object_inode(struct janus__rules *rules,
					const struct janus__object *object);

/* The event kinds that all bindings of a held object ask for, and whether it has any. */
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

/* Take back an end that a tree of a rule had at an object. -ENOMEM: it stays. */
int janus__rules_unbind(struct janus__rules *rules, struct janus__object *object,
			const struct janus__wanted *ended,
			const struct janus__spec *spec);

/*
 * Each look-up fills @ret anew, at one point in time: what it finds is all old or all new,
 * however many swaps happen.
 */

/* What else has to be found out; a mask. */
enum janus__rules_hint {
	JANUS__RULES_PARENT_MATTERS = 1u << 0, /* some directory has rules */
	JANUS__RULES_MAY_DRIFT = 1u << 1, /* some file drifts; the inode has no rules */
};

/* Rules of the inode alone. */
uint32_t janus__rules_find(struct janus__rules *rules, struct janus__inode inode,
			   struct janus__match *ret);

void janus__rules_find_with_parent(struct janus__rules *rules, struct janus__inode inode,
				   struct janus__inode parent, struct janus__match *ret);

/*
 * For when the parent cannot be told. Of a marked inode it is the one that it had when it was
 * marked. For any other one it is guessed: a directory that could be it, and in which an
 * enforced rule denies @kind. With it go the rules of a file that may have drifted here; it is
 * not known as this inode from now on, for another overlay can have the same number.
 */
struct janus__orphan {
	struct janus__inode inode;
	uint64_t anchor_number; /* 0: it has not drifted */
	bool on_overlay; /* there a file can show another device than its directory */
	uint32_t kind;
};

/* True: it was guessed. */
bool janus__rules_find_orphan(struct janus__rules *rules,
			      const struct janus__orphan *orphan,
			      struct janus__match *ret);

/* The file with this anchor is known as @inode from now on. False: there is none. */
bool janus__rules_follow_drift(struct janus__rules *rules, struct janus__inode inode,
			       struct janus__inode anchor);

#endif
