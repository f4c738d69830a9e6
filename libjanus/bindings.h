/* SPDX-License-Identifier: MIT */
/*
 * All rules that speak of one inode, as an immutable array, and how a changed one is made from
 * it. Pure.
 */
#ifndef JANUS_BINDINGS_H
#define JANUS_BINDINGS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "spec.h"

struct janus__object; /* an inode that rules speak of, or shall speak of; see rules.h */

/* One rule of one watch that speaks of an inode, or whose tree ends there. */
struct janus__binding {
	struct janus__spec *spec;
	const struct janus__rule *rule;
	bool ignore; /* nothing at and below it is the rule's any more */
};

/*
 * All rules that speak of one inode, those of one watch side by side, watches in the order of
 * their ids. Immutable and shared: who looked it up keeps it over any change.
 */
struct janus__bindings {
	atomic_uint references;
	uint32_t count;
	struct janus__binding entries[];
};

/* Both take NULL and then do nothing. */
struct janus__bindings *janus__bindings_ref(struct janus__bindings *bindings);
void janus__bindings_unref(struct janus__bindings *bindings);

/* What a look-up finds; each is NULL or a reference of the caller's. */
struct janus__match {
	struct janus__bindings *file;      /* of the inode itself */
	struct janus__bindings *directory; /* of the directory it lies in */
};

void janus__match_done(struct janus__match *match);

/* A rule and the held object it shall speak of. */
struct janus__wanted {
	struct janus__object *object;
	const struct janus__rule *rule;
	bool ignore;
};

/* Both arrays are sorted with janus__wanted_sort(). A spec may be NULL with a count of 0. */
struct janus__change {
	struct janus__spec *old_spec;
	const struct janus__wanted *old_wanted;
	size_t old_count;
	struct janus__spec *new_spec;
	const struct janus__wanted *new_wanted;
	size_t new_count;
};

/* The neighbours in a sorted array that want rules for one object. */
struct janus__run {
	const struct janus__wanted *first;
	size_t count;
};

/*
 * What an object's bindings become by a change: those of other specs stay, those of the old
 * spec go, those that @run wants come. *@ret is NULL if none is left. -ENOMEM.
 */
int janus__bindings_change(struct janus__bindings **ret,
			   const struct janus__bindings *former, struct janus__run run,
			   const struct janus__change *change);

/* The same but for the end that @spec has there for the rule of @ended. -ENOMEM. */
int janus__bindings_without(struct janus__bindings **ret,
			    const struct janus__bindings *former,
			    const struct janus__wanted *ended,
			    const struct janus__spec *spec);

#endif
