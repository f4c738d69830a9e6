// SPDX-License-Identifier: MIT
#include "fields.h"

#include <inttypes.h>
#include <limits.h>

#define WORDS_MOST 32

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

static int fail_type(struct faults *faults, const struct document_at *at,
		     const char *wanted)
{
	document_fault(faults, at, "%s, where %s is wanted", type_name(at->value),
		       wanted);
	return -1;
}

static const struct field *find(const struct field *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

int fields_read(const struct fields *fields, const struct document_at *at,
		const struct field *table, size_t count)
{
	struct document_at child = { .document = at->document, .parent = at };

	if (!json_is_object(at->value))
		return fail_type(fields->faults, at, "an object");
	json_object_foreach(at->value, child.key, child.value)
	{
		const struct field *field = find(table, count, child.key);

		if (field)
			field->read(fields, field, &child);
		else
			document_fault(fields->faults, &child, "there is no such key");
		child.index++;
	}
	return 0;
}

int fields_string(struct faults *faults, const struct document_at *at, const char **ret)
{
	if (!json_is_string(at->value))
		return fail_type(faults, at, "a string");
	if (!json_string_length(at->value)) {
		document_fault(faults, at, "is empty");
		return -1;
	}
	*ret = json_string_value(at->value);
	return 0;
}

int fields_path(struct faults *faults, const struct document_at *at, const char **ret)
{
	struct text_quote quote;
	const char *path;

	if (fields_string(faults, at, &path))
		return -1;
	if (*path != '/') {
		document_fault(faults, at, "'%s' is no absolute path",
			       text_quote(&quote, path));
		return -1;
	}
	if (strlen(path) >= PATH_MAX) {
		document_fault(faults, at, "has more than %d bytes", PATH_MAX - 1);
		return -1;
	}
	*ret = path;
	return 0;
}

int fields_bool(struct faults *faults, const struct document_at *at, bool *ret)
{
	if (!json_is_boolean(at->value))
		return fail_type(faults, at, "true or false");
	*ret = json_is_true(at->value);
	return 0;
}

int fields_number(struct faults *faults, const struct document_at *at,
		  struct fields_range range, uint64_t *ret)
{
	json_int_t value;

	if (!json_is_integer(at->value))
		return fail_type(faults, at, "a whole number");
	value = json_integer_value(at->value);
	if (value < 0 || (uint64_t)value < range.least || (uint64_t)value > range.most) {
		document_fault(faults, at,
			       "%" JSON_INTEGER_FORMAT " is not between %" PRIu64
			       " and %" PRIu64,
			       value, range.least, range.most);
		return -1;
	}
	*ret = (uint64_t)value;
	return 0;
}

static void add_words(struct text *text, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		if (i)
			text_add_string(text, ", ");
		text_add_string(text, words[i]);
	}
}

int fields_word(struct faults *faults, const struct document_at *at,
		const char *const *words, size_t *ret)
{
	struct text known = TEXT_INIT(256);
	struct text_quote quote;
	const char *word;

	if (fields_string(faults, at, &word))
		return -1;
	for (size_t i = 0; words[i]; i++) {
		if (!strcmp(words[i], word)) {
			*ret = i;
			return 0;
		}
	}
	add_words(&known, words);
	document_fault(faults, at, "'%s' is none of: %s", text_quote(&quote, word),
		       known.data ? known.data : "");
	text_done(&known);
	return -1;
}

int fields_array(struct faults *faults, const struct document_at *at, size_t most,
		 size_t *ret)
{
	size_t count = json_array_size(at->value);

	if (!json_is_array(at->value))
		return fail_type(faults, at, "an array");
	if (count > most) {
		document_fault(faults, at, "has %zu items, more than %zu", count, most);
		return -1;
	}
	*ret = count;
	return 0;
}

int fields_words(struct faults *faults, const struct document_at *at,
		 const char *const *words, uint32_t *ret)
{
	uint32_t bits = 0;
	size_t count, index;
	int result = 0;

	if (fields_array(faults, at, WORDS_MOST, &count))
		return -1;
	if (!count) {
		document_fault(faults, at, "is empty");
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		if (fields_word(faults, &item, words, &index))
			result = -1;
		else
			bits |= UINT32_C(1) << index;
	}
	if (!result)
		*ret = bits;
	return result;
}

static void *target(const struct fields *fields, const struct field *field)
{
	return (char *)fields->to + field->offset;
}

void field_string(const struct fields *fields, const struct field *field,
		  const struct document_at *at)
{
	fields_string(fields->faults, at, target(fields, field));
}

void field_path(const struct fields *fields, const struct field *field,
		const struct document_at *at)
{
	fields_path(fields->faults, at, target(fields, field));
}

void field_bool(const struct fields *fields, const struct field *field,
		const struct document_at *at)
{
	fields_bool(fields->faults, at, target(fields, field));
}

void field_u32(const struct fields *fields, const struct field *field,
	       const struct document_at *at)
{
	uint64_t value;

	if (!fields_number(fields->faults, at, field->range, &value))
		*(uint32_t *)target(fields, field) = (uint32_t)value;
}

void field_u64(const struct fields *fields, const struct field *field,
	       const struct document_at *at)
{
	fields_number(fields->faults, at, field->range, target(fields, field));
}

void field_size(const struct fields *fields, const struct field *field,
		const struct document_at *at)
{
	uint64_t value;

	if (!fields_number(fields->faults, at, field->range, &value))
		*(size_t *)target(fields, field) = (size_t)value;
}
