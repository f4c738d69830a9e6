/* SPDX-License-Identifier: MIT */
/*
 * From rules to what covers them: objects, marks, trees, and the way to what is not there yet.
 * The same for a watch that is being made and for one whose tree has changed under it. Under
 * the engine's mutex.
 */
#ifndef JANUS_COVER_H
#define JANUS_COVER_H

#include <stdbool.h>
#include <stddef.h>

#include <janus/watch.h>

#include "expand.h"
#include "marks.h"
#include "strategy.h"

/* What covers a watch. */
struct janus__coverage {
	struct janus__wanted *wanted; /* rules in force, each with its held object */
	size_t count;
	size_t room;
	struct janus__tree *trees; /* linked with next_of_watch */
	struct janus__wide_mark *wide;
	size_t wide_count;
};

/* One go at covering something. */
struct janus__cover {
	const struct janus__marker *marker;
	const struct janus__root *root;
	struct janus__spec *spec;
	struct janus__coverage *coverage;
	struct janus__places places;

	/* While a watch is being made; else NULL, and what fails is told as a gap. */
	struct janus_watch_report *report;
	janus_progress_fn progress;
	void *progress_userdata;

	/* Afterwards: what is new is told, and is in force at once. */
	bool live;
	const struct janus__entry
		*told; /* the one that an event has told of; NULL: none */

	struct janus__tree *tree; /* the one that is being worked at; NULL: none */
	const struct janus__rule *rule;
	size_t installed; /* of the wanted, those that were in force before */
	int first_error;
};

void janus__cover_init(struct janus__cover *ret, const struct janus__marker *marker,
		       const struct janus__root *root, struct janus__spec *spec);
void janus__cover_done(struct janus__cover *cover);

/*
 * Everything in a spec. -ENOMEM, or why the first path could not be covered if none could;
 * then nothing is covered that was not before.
 */
int janus__cover_spec(struct janus__cover *cover);

/* Look again at what the rule of a tree leads to, and for @lost also at what lies below. */
void janus__cover_refresh(struct janus__cover *cover, struct janus__tree *tree);

/* An entry has appeared in a directory of a tree. */
void janus__cover_entry(struct janus__cover *cover, const struct janus__entry *entry);

/* Put what became wanted since the go began into force. */
void janus__cover_install(struct janus__cover *cover);

/* Forget a node and all below it; what the kernel has for it stays until it is gone. */
void janus__cover_forget(const struct janus__marker *marker, struct janus__node *node);

/*
 * Give back a whole coverage, marks included. @spec says how to find the files again; those
 * that cannot be found keep a mark that says "allow" until they are gone. @last: nothing else
 * is covered in the context.
 */
void janus__cover_release(const struct janus__marker *marker, struct janus__spec *spec,
			  struct janus__coverage *coverage, bool last);

/* Whether what the trees of a coverage see is told. */
void janus__coverage_activate(struct janus__coverage *coverage, bool active);

#endif
