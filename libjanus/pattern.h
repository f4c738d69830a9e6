/* SPDX-License-Identifier: MIT */
/*
 * Patterns for paths: '*' and '?' for anything but '/', [a-z] and [!a-z] for one byte that is
 * no '/', '\' for the next byte as it stands, "**" as a whole component for any number of
 * components, none included. Bytes, not characters; a leading '.' is nothing special. Pure; no
 * recursion that a pattern or a path could drive, no time beyond their product.
 *
 * [^a-z] is [!a-z]; ']' stands for itself as the first in a set, '-' as the first or the last,
 * both behind a '\'. "**" that is no whole component is a '*'. Several '/' count as one, one at
 * the end as none. "." and ".." are names like others: paths to be matched have none.
 *
 * What janus__pattern_check() refuses may be matched without harm, but against nothing useful.
 */
#ifndef JANUS_PATTERN_H
#define JANUS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Why @pattern is none, one line for a report: empty; "[" without "]"; "/" or a class in a set;
 * a range that ends before it begins; "\" last or before "/". NULL: it is one.
 */
const char *janus__pattern_check(const char *pattern);

/* Whether it stands for itself alone: nothing in it has a meaning, not even a '\'. */
bool janus__pattern_is_literal(const char *pattern);

/* Whole against whole; both absolute, or both relative. */
bool janus__pattern_match(const char *pattern, const char *path);

/* An entry that a tree may leave out. */
struct janus__entry_path {
	const char *path;   /* absolute, as the target sees it */
	size_t root_length; /* of it, the tree's own root; 1 for "/" */
	bool directory;
};

/*
 * Whether one of the patterns is for the entry itself; see janus_subject.ignore for what they
 * mean. What lies below an ignored directory is for the caller to know. The tree's own root is
 * never ignored.
 */
bool janus__pattern_ignores(const char *const *patterns, size_t count,
			    const struct janus__entry_path *entry);

#endif
