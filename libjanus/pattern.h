/* SPDX-License-Identifier: MIT */
/*
 * Patterns for paths: '*' and '?' for anything but '/', [a-z] and [!a-z] for one byte that is
 * no '/', '\' for the next byte as it stands, "**" as a whole component for any number of
 * components, none included. Bytes, not characters; a leading '.' is nothing special. Pure; no
 * recursion that a pattern or a path could drive, no time beyond their product.
 */
#ifndef JANUS_PATTERN_H
#define JANUS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Why @pattern is none: one line for a report; NULL: it is one ("[" without "]", "\" last). */
const char *janus__pattern_check(const char *pattern);

/* Whether it stands for itself alone. */
bool janus__pattern_is_literal(const char *pattern);

/* How many bytes of an absolute pattern are whole literal components: 4 of "/etc/a*b/c". */
size_t janus__pattern_literal_length(const char *pattern);

/* Whole against whole; both absolute, or both relative. */
bool janus__pattern_match(const char *pattern, const char *path);

/*
 * Whether @path could be a directory on the way to something that matches: a proper prefix,
 * component by component. "/a" and "/a/x" for "/a/?/c"; anything below "/a" for "/a/" "**" "/c".
 */
bool janus__pattern_leads_to(const char *pattern, const char *path);

/* An entry that a tree may leave out. */
struct janus__entry_path {
	const char *path;   /* absolute, as the target sees it */
	size_t root_length; /* of it, the tree's own root; 1 for "/" */
	bool directory;
};

/* Whether one of the patterns is for the entry; see janus_subject.ignore for what they mean. */
bool janus__pattern_ignores(const char *const *patterns, size_t count,
			    const struct janus__entry_path *entry);

#endif
