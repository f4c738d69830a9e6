/* SPDX-License-Identifier: MIT */
/*
 * An object of a document into a struct: a table tells which keys there are, of what type, and
 * where they go. Every key that is unknown, of another type or out of range is a fault; all are
 * found in one go. Strings stay the document's.
 */
#ifndef JANUSD_FIELDS_H
#define JANUSD_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document.h"

struct fields {
	struct faults *faults;
	void *to;      /* the struct that the table is for */
	void *context; /* for the readers of the table; fields.c leaves it alone */
};

struct fields_range {
	uint64_t least;
	uint64_t most;
};

struct field {
	const char *name;
	void (*read)(const struct fields *fields, const struct field *field,
		     const struct document_at *at);
	size_t offset;             /* in the struct, for the readers below */
	struct fields_range range; /* of a number */
};

/*
 * Return: 0, or -1 if it is no object, which is a fault then. What is wrong with a key leaves
 * the field as it was.
 */
int fields_read(const struct fields *fields, const struct document_at *at,
		const struct field *table, size_t count);

/* Readers for a table: const char *, bool, uint32_t, uint64_t, size_t. */
void field_string(const struct fields *fields, const struct field *field,
		  const struct document_at *at);
void field_path(const struct fields *fields, const struct field *field,
		const struct document_at *at);
void field_bool(const struct fields *fields, const struct field *field,
		const struct document_at *at);
void field_u32(const struct fields *fields, const struct field *field,
	       const struct document_at *at);
void field_u64(const struct fields *fields, const struct field *field,
	       const struct document_at *at);
void field_size(const struct fields *fields, const struct field *field,
		const struct document_at *at);

/* Each: the value, or a fault and -1. */
int fields_string(struct faults *faults, const struct document_at *at, const char **ret);
int fields_path(struct faults *faults, const struct document_at *at, const char **ret);
int fields_bool(struct faults *faults, const struct document_at *at, bool *ret);

int fields_number(struct faults *faults, const struct document_at *at,
		  struct fields_range range, uint64_t *ret);

/* One of @words, by its index. */
int fields_word(struct faults *faults, const struct document_at *at,
		const char *const *words, size_t *ret);

/* How many items; at most @most. */
int fields_array(struct faults *faults, const struct document_at *at, size_t most,
		 size_t *ret);

/* Several of @words, as bits by their indexes; at least one. */
int fields_words(struct faults *faults, const struct document_at *at,
		 const char *const *words, uint32_t *ret);

#endif
