// SPDX-License-Identifier: MIT
#include "template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static const char *const specifiers[VALUE_COUNT] = {
	[VALUE_RESPONSE] = "response",
	[VALUE_EVENT] = "event",
	[VALUE_FTYPE] = "ftype",
	[VALUE_PATH] = "path",
	[VALUE_POD] = "pod",
	[VALUE_NODE] = "node",
	[VALUE_PID] = "pid",
	[VALUE_NSPID] = "nspid",
	[VALUE_PPID] = "ppid",
	[VALUE_COMM] = "comm",
	[VALUE_EXE] = "exe",
	[VALUE_UID] = "uid",
	[VALUE_GID] = "gid",
	[VALUE_CGROUP] = "cgroup",
	[VALUE_CONTAINER] = "container",
	[VALUE_RUNTIME] = "runtime",
};

/* A part of a template: a value, or one of these. */
enum { PART_LITERAL = VALUE_COUNT, PART_TAGS };

struct part {
	int kind;
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

static struct part *open_part(struct template *template, int kind)
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
	static const char tags[] = "tags";

	for (size_t i = 0; i < VALUE_COUNT; i++)
		if (strlen(specifiers[i]) == length &&
		    !memcmp(specifiers[i], name, length))
			return (int)i;
	if (length == sizeof(tags) - 1 && !memcmp(tags, name, length))
		return PART_TAGS;
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
	open_part(template, kind);
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
	const char *text;

	if (part->kind == PART_LITERAL) {
		text_add(line, template->literals.data + part->start, part->length);
	} else if (part->kind == PART_TAGS) {
		render_tags(values, line);
	} else {
		text = values->text[part->kind];
		text_escape_string(line, text ? text : "-");
	}
}

void template_render(const struct template *template,
		     const struct template_values *values, struct text *line)
{
	for (size_t i = 0; i < template->part_count; i++)
		render_part(template, &template->parts[i], values, line);
}
