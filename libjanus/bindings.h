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

/* Whether it denies what could not be decided about. */
static inline bool janus__binding_is_strict(const struct janus__binding *binding)
{
	return binding->spec->denies_on_failure && !binding->ignore &&
	       binding->rule->deny &&
	       janus__subject_denies(
		       janus__spec_subject_of(binding->spec, binding->rule));
}

/* Both take NULL and then do nothing. */
struct janus__bindings *janus__bindings_ref(struct janus__bindings *bindings);
void janus__bindings_unref(struct janus__bindings *bindings);

/* Directories above a file that have something to say are rarely more than two or three. */
#define JANUS__ABOVE_MAX 32u

/* Rules that reach a file from above, through a tree alone. */
struct janus__above {
	struct janus__bindings *bindings;
	uint32_t
		hops; /* 1: of the directory it lies in, 2: of the one that holds that, ... */
	bool remembered; /* of where the file lay when it was marked, if that is elsewhere */
};

/* What a look-up finds; the bindings are NULL or references of the caller's. */
struct janus__match {
	struct janus__bindings *file;      /* of the inode itself */
	struct janus__bindings *directory; /* of the directory it lies in */
	uint32_t above_count;
	uint32_t
		directory_marked; /* the kinds that its directory's inode mark asks for */
	bool complete;            /* nothing above has been missed */
	bool strict;              /* there was no room for one that could deny */
	struct janus__above
		above[JANUS__ABOVE_MAX]; /* nearest first in each of both places */
};

/* Empty, without a look at what is in it. */
void janus__match_init(struct janus__match *match);
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
