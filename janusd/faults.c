// SPDX-License-Identifier: MIT
#include "faults.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 1024

static void add_place(struct text *text, const struct faults_place *place)
{
	char number[64];

	text_escape_string(text, place->file);
	if (place->line) {
		snprintf(number, sizeof(number), ":%zu:%zu", place->line, place->column);
		text_add_string(text, number);
	}
	text_add_string(text, ": ");
	if (place->path && *place->path) {
		text_add_string(text, place->path);
		text_add_string(text, ": ");
	}
}

void faults_add(struct faults *faults, const struct faults_place *place,
		const char *format, ...)
{
	char cause[LINE_SIZE];
	va_list values;

	if (faults->count++ >= FAULTS_MOST)
		return;
	va_start(values, format);
	vsnprintf(cause, sizeof(cause), format, values);
	va_end(values);
	add_place(&faults->lines, place);
	text_add_string(&faults->lines, cause);
	text_add_string(&faults->lines, "\n");
}

void faults_tell(const struct faults *faults, void (*tell)(void *context, const char *),
		 void *context)
{
	const char *line = faults->lines.data;
	char rest[96];

	while (line && *line) {
		size_t length = strcspn(line, "\n");
		autofree char *copy = strndup(line, length);

		if (copy)
			tell(context, copy);
		line += length + (line[length] == '\n');
	}
	if (faults->count <= FAULTS_MOST && !faults->lines.cut)
		return;
	snprintf(rest, sizeof(rest), "%zu errors in all; not all of them are told",
		 faults->count);
	tell(context, rest);
}

void faults_done(struct faults *faults)
{
	text_done(&faults->lines);
}
