// SPDX-License-Identifier: MIT
#include "template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum part_kind {
	PART_LITERAL,
	PART_RESPONSE,
	PART_EVENT,
	PART_FTYPE,
	PART_PATH,
	PART_POD,
	PART_NODE,
	PART_TAGS,
};

static const char *const specifiers[] = {
	[PART_RESPONSE] = "response", [PART_EVENT] = "event", [PART_FTYPE] = "ftype",
	[PART_PATH] = "path",         [PART_POD] = "pod",     [PART_NODE] = "node",
	[PART_TAGS] = "tags",
};

struct part {
	enum part_kind kind;
	size_t start; /* of a literal, in template.literals */
	size_t length;
};

struct template
{
	struct text literals; /* escaped */
	size_t part_count;
	struct part parts[];
};

static int fail(char *error, const char *cause, const char *what)
{
	struct text_quote quote;

	snprintf(error, TEMPLATE_ERROR_SIZE, "%s '%s'", cause, text_quote(&quote, what));
	return -EINVAL;
}

static struct part *open_part(struct template *template, enum part_kind kind)
{
	struct part *last = &template->parts[template->part_count];

	if (kind == PART_LITERAL && template->part_count && last[-1].kind == PART_LITERAL)
		return last - 1;
	template->part_count++;
	last->kind = kind;
	last->start = template->literals.length;
	return last;
}

/* Backslash and quote are the writer's own business; what breaks a line is not. */
static void add_literal(struct template *template, const char *bytes, size_t length)
{
	struct part *part = open_part(template, PART_LITERAL);

	if (*bytes == '\\' || *bytes == '\'')
		text_add(&template->literals, bytes, length);
	else
		text_escape(&template->literals, bytes, length);
	part->length = template->literals.length - part->start;
}

static int find_specifier(const char *name, size_t length)
{
	for (size_t i = PART_RESPONSE; i < ARRAY_COUNT(specifiers); i++)
		if (strlen(specifiers[i]) == length &&
		    !memcmp(specifiers[i], name, length))
			return (int)i;
	return -1;
}

/* @at points to a brace. Return: how much was taken, or a negative errno. */
static ssize_t take_brace(struct template *template, const char *at, char *error)
{
	char specifier[TEXT_QUOTE_SIZE];
	size_t length;
	int kind;

	if (at[1] == at[0]) {
		add_literal(template, at, 1);
		return 2;
	}
	if (at[0] == '}')
		return fail(error,
			    "a brace is closed that was not opened ('}}' stands for"
			    " one) before",
			    at + 1);
	length = strcspn(at + 1, "{}");
	if (at[1 + length] != '}')
		return fail(error, "a brace is not closed ('{{' stands for one):", at);
	kind = find_specifier(at + 1, length);
	if (kind < 0) {
		snprintf(specifier, sizeof(specifier), "%.*s", (int)length + 2, at);
		return fail(error, "unknown specifier", specifier);
	}
	open_part(template, (enum part_kind)kind);
	return (ssize_t)length + 2;
}

static int take_all(struct template *template, const char *format, char *error)
{
	size_t length = strlen(format);

	while (length && (format[length - 1] == '\n' || format[length - 1] == '\r'))
		length--;
	for (size_t i = 0; i < length;) {
		uint32_t point;
		ssize_t taken;

		if (format[i] == '{' || format[i] == '}') {
			taken = take_brace(template, format + i, error);
			if (taken < 0)
				return (int)taken;
		} else {
			taken = (ssize_t)text_utf8_next(format + i, length - i, &point);
			if (!taken)
				taken = 1;
			add_literal(template, format + i, (size_t)taken);
		}
		i += (size_t)taken;
	}
	return template->literals.cut ? -ENOMEM : 0;
}

static size_t count_braces(const char *format)
{
	size_t count = 0;

	for (; *format; format++)
		count += *format == '{' || *format == '}';
	return count;
}

int template_compile(struct template **ret, const char *format,
		     char error[TEMPLATE_ERROR_SIZE])
{
	struct template *template;
	size_t parts;
	int result;

	if (!format || !format[strspn(format, "\r\n")])
		format = TEMPLATE_DEFAULT;
	/* Literals stand between specifiers; an escaped byte takes four. */
	parts = 2 * count_braces(format) + 1;
	template = calloc(1, sizeof(*template) + parts * sizeof(struct part));
	if (!template)
		return -ENOMEM;
	template->literals.limit = 4 * strlen(format);
	result = take_all(template, format, error);
	if (result) {
		template_destroy(template);
		return result;
	}
	*ret = template;
	return 0;
}

void template_destroy(struct template *template)
{
	if (!template)
		return;
	text_done(&template->literals);
	free(template);
}

static void render_tags(const struct template_values *values, struct text *line)
{
	for (size_t i = 0; i < values->tag_count; i++) {
		if (i)
			text_add(line, ",", 1);
		text_escape_string(line, values->tags[i]->key);
		text_add(line, "=", 1);
		if (values->tags[i]->value)
			text_escape_string(line, values->tags[i]->value);
	}
}

static void render_part(const struct template *template, const struct part *part,
			const struct template_values *values, struct text *line)
{
	switch (part->kind) {
	case PART_LITERAL:
		text_add(line, template->literals.data + part->start, part->length);
		break;
	case PART_RESPONSE:
		text_escape_string(line, values->response);
		break;
	case PART_EVENT:
		text_escape_string(line, values->event);
		break;
	case PART_FTYPE:
		text_escape_string(line, values->ftype);
		break;
	case PART_PATH:
		text_escape_string(line, values->path);
		break;
	case PART_POD:
		text_escape_string(line, values->pod);
		break;
	case PART_NODE:
		text_escape_string(line, values->node);
		break;
	case PART_TAGS:
		render_tags(values, line);
		break;
	}
}

void template_render(const struct template *template,
		     const struct template_values *values, struct text *line)
{
	for (size_t i = 0; i < template->part_count; i++)
		render_part(template, &template->parts[i], values, line);
}
