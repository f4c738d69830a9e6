// SPDX-License-Identifier: MIT
#include "document_yaml.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <yaml.h>

#include "document_scalar.h"

/* One file on its way into trees. */
struct taking {
	yaml_parser_t parser;
	struct document *document; /* the one that is filled */
	struct faults *faults;
	const char *file;
	size_t depth;
};

static json_t *take_node(struct taking *taking, yaml_event_t *event);

static json_t *fail(const struct taking *taking, const yaml_mark_t *mark,
		    const char *cause)
{
	const struct faults_place place = { .file = taking->file,
					    .line = mark->line + 1,
					    .column = mark->column + 1 };

	faults_add(taking->faults, &place, "%s", cause);
	return NULL;
}

/* The next event, which the caller deletes. Return: 0, or -1 with a fault. */
static int next(struct taking *taking, yaml_event_t *ret)
{
	const yaml_parser_t *parser = &taking->parser;
	struct text_quote quote;
	char cause[256];

	if (yaml_parser_parse(&taking->parser, ret))
		return 0;
	snprintf(cause, sizeof(cause), "is no YAML: %s",
		 text_quote(&quote, parser->problem ? parser->problem : "no memory"));
	fail(taking, &parser->problem_mark, cause);
	return -1;
}

static bool is_plain(const yaml_event_t *event)
{
	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static json_t *take_scalar(struct taking *taking, const yaml_event_t *event)
{
	const char *bytes = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	json_t *value;

	if (memchr(bytes, '\0', length))
		return fail(taking, &event->start_mark, "holds a NUL");
	if (!is_plain(event)) {
		value = json_stringn(bytes, length);
		return value ? value
			     : fail(taking, &event->start_mark,
				    "cannot be taken as text");
	}
	value = document_scalar(bytes, length);
	return value ? value
		     : fail(taking, &event->start_mark, "is a number that is too large");
}

static json_t *take_sequence(struct taking *taking)
{
	json_t *array = json_array();
	yaml_event_t event;

	while (array && !next(taking, &event)) {
		const bool end = event.type == YAML_SEQUENCE_END_EVENT;
		json_t *item = end ? NULL : take_node(taking, &event);

		yaml_event_delete(&event);
		if (end)
			return array;
		if (!item || json_array_append_new(array, item))
			break;
	}
	json_decref(array);
	return NULL;
}

/* Whether the event is good as a key of @object. */
static bool check_key(struct taking *taking, const yaml_event_t *event,
		      const json_t *object)
{
	const char *key;

	if (event->type == YAML_ALIAS_EVENT) {
		fail(taking, &event->start_mark, "an alias; there are none here");
		return false;
	}
	if (event->type != YAML_SCALAR_EVENT) {
		fail(taking, &event->start_mark, "a key that is no scalar");
		return false;
	}
	key = (const char *)event->data.scalar.value;
	if (event->data.scalar.anchor || event->data.scalar.tag)
		fail(taking, &event->start_mark, "a key with an anchor or a tag");
	else if (memchr(key, '\0', event->data.scalar.length))
		fail(taking, &event->start_mark, "a key that holds a NUL");
	else if (is_plain(event) && !strcmp(key, "<<"))
		fail(taking, &event->start_mark, "a merge key; there are none here");
	else if (json_object_get(object, key))
		fail(taking, &event->start_mark, "a key that stands there already");
	else
		return true;
	return false;
}

/* Return: 0, or -1 with a fault. */
static int take_pair(struct taking *taking, const yaml_event_t *key, json_t *object)
{
	yaml_event_t event;
	json_t *value;

	if (!check_key(taking, key, object) || next(taking, &event))
		return -1;
	value = take_node(taking, &event);
	yaml_event_delete(&event);
	if (!value)
		return -1;
	if (!json_object_set_new(object, (const char *)key->data.scalar.value, value))
		return 0;
	fail(taking, &key->start_mark, "cannot be taken as a key");
	return -1;
}

static json_t *take_mapping(struct taking *taking)
{
	json_t *object = json_object();
	yaml_event_t key;

	while (object && !next(taking, &key)) {
		const bool end = key.type == YAML_MAPPING_END_EVENT;
		const bool bad = !end && take_pair(taking, &key, object);

		yaml_event_delete(&key);
		if (end)
			return object;
		if (bad)
			break;
	}
	json_decref(object);
	return NULL;
}

static json_t *take_inner(struct taking *taking, const yaml_event_t *event)
{
	json_t *value;

	if (taking->depth == DOCUMENT_DEPTH)
		return fail(taking, &event->start_mark, "more than 32 levels");
	taking->depth++;
	value = event->type == YAML_SEQUENCE_START_EVENT ? take_sequence(taking)
							 : take_mapping(taking);
	taking->depth--;
	return value;
}

static const char *find_surplus(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "an alias; there are none here";
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	default:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return "an anchor; there are none here";
	return tag ? "a tag; there are none here" : NULL;
}

/* Marks come in the order in which values begin. */
static json_t *take_node(struct taking *taking, yaml_event_t *event)
{
	const struct document_mark mark = { (uint32_t)event->start_mark.line + 1,
					    (uint32_t)event->start_mark.column + 1 };
	const char *surplus = find_surplus(event);

	if (surplus)
		return fail(taking, &event->start_mark, surplus);
	if (document_add_mark(taking->document, mark))
		return fail(taking, &event->start_mark, strerror(ENOMEM));
	if (event->type == YAML_SCALAR_EVENT)
		return take_scalar(taking, event);
	return take_inner(taking, event);
}

/* From behind the start of a document to behind its end. */
static int take_document(struct taking *taking)
{
	yaml_event_t event;

	if (next(taking, &event))
		return -1;
	taking->document->root = take_node(taking, &event);
	yaml_event_delete(&event);
	if (!taking->document->root || next(taking, &event))
		return -1;
	yaml_event_delete(&event);
	return 0;
}

static int add_document(struct document_yaml *documents, struct taking *taking)
{
	struct document document = { .file = strdup(taking->file) };
	struct document *items = realloc(documents->items,
					 (documents->count + 1) * sizeof(*items));
	int result;

	if (items)
		documents->items = items;
	if (!items || !document.file) {
		fail(taking, &taking->parser.mark, strerror(ENOMEM));
		document_done(&document);
		return -1;
	}
	taking->document = &document;
	result = take_document(taking);
	if (result || json_is_null(document.root))
		document_done(&document);
	else
		documents->items[documents->count++] = document;
	return result;
}

static int take_all(struct document_yaml *documents, struct taking *taking)
{
	size_t begun = 0;
	int result = 0;

	while (!result) {
		yaml_event_type_t type;
		yaml_event_t event;

		if (next(taking, &event))
			return -1;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT && begun++ == DOCUMENT_YAML_MOST) {
			fail(taking, &event.start_mark, "more than 1000 documents");
			result = -1;
		}
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			return result;
		if (!result && type == YAML_DOCUMENT_START_EVENT)
			result = add_document(documents, taking);
	}
	return result;
}

int document_parse_yaml(struct document_yaml *ret, const struct document_text *text,
			struct faults *faults)
{
	struct taking taking = { .faults = faults, .file = text->file };
	struct document_yaml documents = { 0 };
	int result;

	if (!yaml_parser_initialize(&taking.parser)) {
		fail(&taking, &taking.parser.mark, strerror(ENOMEM));
		return -1;
	}
	yaml_parser_set_encoding(&taking.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&taking.parser, (const unsigned char *)text->bytes,
				     text->length);
	result = take_all(&documents, &taking);
	yaml_parser_delete(&taking.parser);
	if (result)
		document_yaml_done(&documents);
	else
		*ret = documents;
	return result;
}

void document_yaml_done(struct document_yaml *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		document_done(&documents->items[i]);
	free(documents->items);
	memset(documents, 0, sizeof(*documents));
}
