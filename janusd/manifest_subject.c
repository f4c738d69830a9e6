// SPDX-License-Identifier: MIT
#include "manifest_internal.h"

#include <limits.h>
#include <stddef.h>

#define STRINGS_MOST 1000000
#define EXCEPTIONS_MOST 65536

/* protobuf's booleans are int. */
static void read_flag(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	bool value;

	if (fields_bool(fields->faults, at, &value))
		return;
	*(protobuf_c_boolean *)((char *)fields->to + field->offset) = value;
}

struct strings {
	size_t count;
	char **items;
};

static struct strings read_strings(const struct fields *fields,
				   const struct document_at *at, bool paths)
{
	struct strings strings = { 0 };
	size_t count;

	if (fields_array(fields->faults, at, STRINGS_MOST, &count))
		return strings;
	strings.items = (char **)manifest_array(fields, count);
	if (!strings.items)
		return strings;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);
		const char *text = "";

		if (paths)
			fields_path(fields->faults, &item, &text);
		else
			fields_string(fields->faults, &item, &text);
		strings.items[i] = manifest_text(text);
	}
	strings.count = count;
	return strings;
}

static void read_allow(const struct fields *fields, const struct field *field,
		       const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	const struct strings strings = read_strings(fields, at, true);

	(void)field;
	subject->n_allow = strings.count;
	subject->allow = strings.items;
}

static void read_deny(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	const struct strings strings = read_strings(fields, at, true);

	(void)field;
	subject->n_deny = strings.count;
	subject->deny = strings.items;
}

static void read_observe(const struct fields *fields, const struct field *field,
			 const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	const struct strings strings = read_strings(fields, at, true);

	(void)field;
	subject->n_observe = strings.count;
	subject->observe = strings.items;
}

static void read_ignore(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	const struct strings strings = read_strings(fields, at, false);

	(void)field;
	subject->n_ignore = strings.count;
	subject->ignore = strings.items;
}

/* In the order of EventKind, from 1; and "all", which is every kind that can be denied. */
static const char *const event_words[] = { "open",   "access",      "exec",   "create",
					   "modify", "close_write", "attrib", "delete",
					   "rename", "all",         NULL };
#define EVENT_COUNT 9
#define EVENT_ALL (UINT32_C(1) << EVENT_COUNT)
#define EVENT_PERMISSION UINT32_C(7)

static void read_events(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	uint32_t bits = 0;

	(void)field;
	if (fields_words(fields->faults, at, event_words, &bits))
		return;
	if (bits & EVENT_ALL)
		bits |= EVENT_PERMISSION;
	subject->events = arena_take(fields->context, EVENT_COUNT,
				     sizeof(*subject->events));
	for (int i = 0; subject->events && i < EVENT_COUNT; i++)
		if (bits & UINT32_C(1) << i)
			subject->events[subject->n_events++] =
				(Janus__V1__EventKind)(i + 1);
}

static void read_mode(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	static const char *const words[] = { "enforce", "dry-run", "audit", NULL };
	Janus__V1__Subject *subject = fields->to;
	size_t index;

	(void)field;
	if (!fields_word(fields->faults, at, words, &index))
		subject->mode = (Janus__V1__Mode)(index + 1);
}

static void read_strategy(const struct fields *fields, const struct field *field,
			  const struct document_at *at)
{
	static const char *const words[] = { "inode", "mount", "filesystem", NULL };
	Janus__V1__Subject *subject = fields->to;
	size_t index;

	(void)field;
	if (!fields_word(fields->faults, at, words, &index))
		subject->strategy = (Janus__V1__Strategy)(index + 1);
}

static void read_tags(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	struct manifest_pair *pairs;
	size_t count = manifest_read_pairs(fields, at, &pairs);
	Janus__V1__Subject__TagsEntry *entries = arena_take(fields->context, count,
							    sizeof(*entries));

	(void)field;
	subject->tags = (Janus__V1__Subject__TagsEntry **)manifest_array(fields, count);
	if (!entries || !subject->tags)
		return;
	for (size_t i = 0; i < count; i++) {
		janus__v1__subject__tags_entry__init(&entries[i]);
		entries[i].key = manifest_text(pairs[i].key);
		entries[i].value = manifest_text(pairs[i].value);
		subject->tags[i] = &entries[i];
	}
	subject->n_tags = count;
}

static void read_exceptions(const struct fields *fields, const struct field *field,
			    const struct document_at *at)
{
	Janus__V1__Subject *subject = fields->to;
	Janus__V1__Exception *exceptions;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, EXCEPTIONS_MOST, &count))
		return;
	exceptions = arena_take(fields->context, count, sizeof(*exceptions));
	subject->exceptions = (Janus__V1__Exception **)manifest_array(fields, count);
	if (!exceptions || !subject->exceptions)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		janus__v1__exception__init(&exceptions[i]);
		manifest_read_exception(&exceptions[i], fields, &item);
		subject->exceptions[i] = &exceptions[i];
	}
	subject->n_exceptions = count;
}

void manifest_read_subject(Janus__V1__Subject *ret, const struct fields *fields,
			   const struct document_at *at)
{
	static const struct field table[] = {
		{ "allow", read_allow, 0 },
		{ "deny", read_deny, 0 },
		{ "observe", read_observe, 0 },
		{ "ignore", read_ignore, 0 },
		{ "events", read_events, 0 },
		{ "mode", read_mode, 0 },
		{ "recursive", read_flag, offsetof(Janus__V1__Subject, recursive) },
		{ "maxDepth",
		  field_u32,
		  offsetof(Janus__V1__Subject, max_depth),
		  { 0, UINT32_MAX } },
		{ "onlyDir", read_flag, offsetof(Janus__V1__Subject, only_dir) },
		{ "autoAllowOwner", read_flag,
		  offsetof(Janus__V1__Subject, auto_allow_owner) },
		{ "audit", read_flag, offsetof(Janus__V1__Subject, audit) },
		{ "oneFilesystem", read_flag,
		  offsetof(Janus__V1__Subject, one_filesystem) },
		{ "stalling", read_flag, offsetof(Janus__V1__Subject, stalling) },
		{ "waitForPaths", read_flag,
		  offsetof(Janus__V1__Subject, wait_for_paths) },
		{ "glob", read_flag, offsetof(Janus__V1__Subject, glob) },
		{ "onlyExceptions", read_flag,
		  offsetof(Janus__V1__Subject, only_exceptions) },
		{ "strategy", read_strategy, 0 },
		{ "exceptions", read_exceptions, 0 },
		{ "tags", read_tags, 0 },
	};
	const struct fields own = { fields->faults, ret, fields->context };
	const size_t before = fields->faults->count;

	if (fields_read(&own, at, table, ARRAY_COUNT(table)))
		return;
	if (fields->faults->count == before && !ret->n_allow && !ret->n_deny &&
	    !ret->n_observe)
		document_fault(fields->faults, at,
			       "allow, deny and observe: there is no path");
}
