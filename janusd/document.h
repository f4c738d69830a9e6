/* SPDX-License-Identifier: MIT */
/*
 * A file that a person has written, as a tree of jansson's, and where each value of it stands.
 * Checks syntax, depth and size; knows no key.
 *
 * Marks are in the order in which values begin in the file, which is the order of a walk
 * through the tree: jansson keeps the order of keys. So a value is found by counting.
 */
#ifndef JANUSD_DOCUMENT_H
#define JANUSD_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "faults.h"

#define DOCUMENT_BYTES ((size_t)1 << 20) /* the largest file */
#define DOCUMENT_DEPTH 32

struct document_mark {
	uint32_t line;
	uint32_t column; /* in characters */
};

struct document {
	char *file; /* its name, for messages */
	json_t *root;
	struct document_mark *marks;
	size_t mark_count;
	size_t mark_room;
};

/* A value within a tree, by the way that leads to it. Lives on the stack of who reads. */
struct document_at {
	const struct document *document;
	const struct document_at *parent; /* NULL: the root */
	const char *key;                  /* NULL: an item of an array */
	size_t index; /* of the item, or of the key within its object */
	json_t *value;
};

struct document_text {
	const char *file; /* its name */
	const char *bytes;
	size_t length;
};

/*
 * The whole file: a regular one, which is not waited for.
 * Return: the bytes, the caller's, also in ret->bytes; or NULL with a fault.
 */
char *document_load(struct document_text *ret, const char *file, struct faults *faults);

/* Return: 0, or -1 with a fault, and nothing to be done away with. */
int document_parse_json(struct document *ret, const struct document_text *text,
			struct faults *faults);

void document_done(struct document *document);

struct document_at document_root(const struct document *document);
struct document_at document_item(const struct document_at *array, size_t index);

/* The value of a key that is there. */
struct document_at document_member(const struct document_at *object, const char *key);

/* Something is wrong with this value. The values of @format are escaped already. */
void document_fault(struct faults *faults, const struct document_at *at,
		    const char *format, ...) format_like_printf(3, 4);

/* For who fills a document. Return: 0, or -ENOMEM. */
int document_add_mark(struct document *document, struct document_mark mark);

#endif
