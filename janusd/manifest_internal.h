/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the manifests' reader share: a message on its way from a tree.
 */
#ifndef JANUSD_MANIFEST_INTERNAL_H
#define JANUSD_MANIFEST_INTERNAL_H

#include "arena.h"
#include "fields.h"
#include "janus/v1/guard_service.pb-c.h"

/* Strings of a message are not const, and are never written to. */
char *manifest_text(const char *text);

/* An array of pointers for @count messages or strings; NULL: there is no memory. */
void **manifest_array(const struct fields *fields, size_t count);

void manifest_read_subject(Janus__V1__Subject *ret, const struct fields *fields,
			   const struct document_at *at);

/* A list of objects of one key each. */
void manifest_read_target(Janus__V1__Target *ret, const struct fields *fields,
			  const struct document_at *at);
void manifest_read_exception(Janus__V1__Exception *ret, const struct fields *fields,
			     const struct document_at *at);

/* Each pair of @at, an object of strings. Return: how many; 0: none, or faults. */
struct manifest_pair {
	const char *key;
	const char *value;
};

size_t manifest_read_pairs(const struct fields *fields, const struct document_at *at,
			   struct manifest_pair **ret);

#endif
