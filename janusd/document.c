// SPDX-License-Identifier: MIT
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATH_BYTES 512
#define CAUSE_BYTES 512

static int fail(struct faults *faults, const char *file, const char *cause)
{
	const struct faults_place place = { .file = file };

	faults_add(faults, &place, "%s", cause);
	return -1;
}

static void *fail_load(struct faults *faults, const char *file, const char *cause)
{
	fail(faults, file, cause);
	return NULL;
}

static int read_all(int fd, char *bytes, size_t room, size_t *ret)
{
	size_t length = 0;

	while (length < room) {
		ssize_t count = read(fd, bytes + length, room - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		length += (size_t)count;
	}
	*ret = length;
	return 0;
}

static char *load(struct document_text *ret, int fd, struct faults *faults)
{
	autofree char *bytes = malloc(DOCUMENT_BYTES + 1);
	struct stat status;
	char *loaded;
	int error;

	if (fstat(fd, &status))
		return fail_load(faults, ret->file, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail_load(faults, ret->file, "is no regular file");
	if (!bytes)
		return fail_load(faults, ret->file, strerror(ENOMEM));
	error = read_all(fd, bytes, DOCUMENT_BYTES + 1, &ret->length);
	if (error)
		return fail_load(faults, ret->file, strerror(-error));
	if (ret->length > DOCUMENT_BYTES)
		return fail_load(faults, ret->file, "has more than 1 MiB");
	loaded = bytes;
	bytes = NULL;
	ret->bytes = loaded;
	return loaded;
}

char *document_load(struct document_text *ret, const char *file, struct faults *faults)
{
	/* Without waiting, should it be a FIFO; it is refused then. */
	autoclose int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	ret->file = file;
	return fd < 0 ? fail_load(faults, file, strerror(errno)) : load(ret, fd, faults);
}

int document_add_mark(struct document *document, struct document_mark mark)
{
	if (document->mark_count == document->mark_room) {
		size_t room = document->mark_room ? document->mark_room * 2 : 64;
		struct document_mark *marks = realloc(document->marks,
						      room * sizeof(*marks));

		if (!marks)
			return -ENOMEM;
		document->marks = marks;
		document->mark_room = room;
	}
	document->marks[document->mark_count++] = mark;
	return 0;
}

/* Text that jansson has taken already, once more, for where its values are. */
struct scan {
	const char *bytes;
	size_t length;
	struct document_mark here;
	size_t depth;
	bool too_deep;
};

static void step(struct scan *scan, size_t *at)
{
	unsigned char byte = (unsigned char)scan->bytes[(*at)++];

	if (byte == '\n') {
		scan->here.line++;
		scan->here.column = 1;
	} else if ((byte & 0xc0) != 0x80) {
		scan->here.column++;
	}
}

static void skip_string(struct scan *scan, size_t *at)
{
	step(scan, at);
	while (*at < scan->length && scan->bytes[*at] != '"') {
		if (scan->bytes[*at] == '\\')
			step(scan, at);
		step(scan, at);
	}
	step(scan, at);
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* A string is a key if a colon comes next. */
static bool is_key(const struct scan *scan, size_t at)
{
	while (at < scan->length && is_space(scan->bytes[at]))
		at++;
	return at < scan->length && scan->bytes[at] == ':';
}

static int scan_string(struct scan *scan, size_t *at, struct document *document)
{
	const struct document_mark mark = scan->here;

	skip_string(scan, at);
	return is_key(scan, *at) ? 0 : document_add_mark(document, mark);
}

static int scan_word(struct scan *scan, size_t *at, struct document *document)
{
	const struct document_mark mark = scan->here;

	while (*at < scan->length && !is_space(scan->bytes[*at]) &&
	       !strchr(",]}", scan->bytes[*at]))
		step(scan, at);
	return document_add_mark(document, mark);
}

static int scan_open(struct scan *scan, size_t *at, struct document *document)
{
	const struct document_mark mark = scan->here;

	step(scan, at);
	if (++scan->depth > DOCUMENT_DEPTH)
		scan->too_deep = true;
	return document_add_mark(document, mark);
}

static int scan_all(struct scan *scan, struct document *document)
{
	size_t at = 0;
	int error = 0;

	while (at < scan->length && !error && !scan->too_deep) {
		switch (scan->bytes[at]) {
		case '{':
		case '[':
			error = scan_open(scan, &at, document);
			break;
		case '}':
		case ']':
			scan->depth--;
			step(scan, &at);
			break;
		case '"':
			error = scan_string(scan, &at, document);
			break;
		case ' ':
		case '\t':
		case '\n':
		case '\r':
		case ',':
		case ':':
			step(scan, &at);
			break;
		default:
			error = scan_word(scan, &at, document);
		}
	}
	return error;
}

static int fail_syntax(struct faults *faults, const char *file, const json_error_t *error)
{
	struct text_quote quote;
	const struct faults_place place = {
		.file = file,
		.line = error->line > 0 ? (size_t)error->line : 1,
		/* jansson counts from 0, and tells the last character that it has read. */
		.column = error->column > 0 ? (size_t)error->column : 1,
	};

	faults_add(faults, &place, "is no JSON: %s", text_quote(&quote, error->text));
	return -1;
}

/* jansson takes a NUL for the end, and leaves what comes then unread. */
static int check_nul(const struct document_text *text, struct faults *faults)
{
	struct scan scan = { .bytes = text->bytes,
			     .length = text->length,
			     .here = { .line = 1, .column = 1 } };
	struct faults_place place = { .file = text->file };
	size_t at = 0;

	if (!memchr(text->bytes, '\0', text->length))
		return 0;
	while (scan.bytes[at])
		step(&scan, &at);
	place.line = scan.here.line;
	place.column = scan.here.column;
	faults_add(faults, &place, "is no JSON: a NUL");
	return -1;
}

int document_parse_json(struct document *ret, const struct document_text *text,
			struct faults *faults)
{
	struct document document = { 0 };
	struct scan scan = { .bytes = text->bytes,
			     .length = text->length,
			     .here = { .line = 1, .column = 1 } };
	json_error_t error;

	if (check_nul(text, faults))
		return -1;
	document.file = strdup(text->file);
	document.root = json_loadb(text->bytes, text->length,
				   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!document.file || !document.root) {
		if (document.file)
			fail_syntax(faults, text->file, &error);
		else
			fail(faults, text->file, strerror(ENOMEM));
		goto failed;
	}
	if (scan_all(&scan, &document)) {
		fail(faults, text->file, strerror(ENOMEM));
		goto failed;
	}
	if (scan.too_deep) {
		const struct faults_place place = { .file = text->file,
						    .line = scan.here.line,
						    .column = scan.here.column - 1 };

		faults_add(faults, &place, "more than 32 levels");
		goto failed;
	}
	*ret = document;
	return 0;
failed:
	document_done(&document);
	return -1;
}

void document_done(struct document *document)
{
	json_decref(document->root);
	free(document->marks);
	free(document->file);
	memset(document, 0, sizeof(*document));
}

struct document_at document_root(const struct document *document)
{
	return (struct document_at){ .document = document, .value = document->root };
}

struct document_at document_item(const struct document_at *array, size_t index)
{
	return (struct document_at){ .document = array->document,
				     .parent = array,
				     .index = index,
				     .value = json_array_get(array->value, index) };
}

struct document_at document_member(const struct document_at *object, const char *key)
{
	struct document_at member = { .document = object->document, .parent = object };

	json_object_foreach(object->value, member.key, member.value)
	{
		if (!strcmp(member.key, key))
			return member;
		member.index++;
	}
	return *object;
}

/* How many values a tree has, itself among them. */
static size_t count_values(json_t *value)
{
	size_t count = 1, index;
	const char *key;
	json_t *child;

	json_array_foreach(value, index, child) count += count_values(child);
	json_object_foreach(value, key, child) count += count_values(child);
	return count;
}

/* How many values begin between a container and one that lies in it. */
static size_t count_before(json_t *container, size_t most)
{
	size_t count = 1, index;
	const char *key;
	json_t *child;

	json_array_foreach(container, index, child) if (index < most)
		count += count_values(child);
	index = 0;
	json_object_foreach(container, key, child) if (index++ < most)
		count += count_values(child);
	return count;
}

static size_t find(const struct document_at *at)
{
	if (!at->parent)
		return 0;
	return find(at->parent) + count_before(at->parent->value, at->index);
}

static void add_path(struct text *text, const struct document_at *at)
{
	char number[32];

	if (!at->parent)
		return;
	add_path(text, at->parent);
	if (!at->key) {
		snprintf(number, sizeof(number), "[%zu]", at->index);
		text_add_string(text, number);
		return;
	}
	if (text->length)
		text_add_string(text, ".");
	text_escape_string(text, at->key);
}

void document_fault(struct faults *faults, const struct document_at *at,
		    const char *format, ...)
{
	struct text path = TEXT_INIT(PATH_BYTES);
	struct faults_place place = { .file = at->document->file };
	char cause[CAUSE_BYTES];
	size_t index = find(at);
	va_list values;

	if (index < at->document->mark_count) {
		place.line = at->document->marks[index].line;
		place.column = at->document->marks[index].column;
	}
	add_path(&path, at);
	place.path = path.data;
	va_start(values, format);
	vsnprintf(cause, sizeof(cause), format, values);
	va_end(values);
	faults_add(faults, &place, "%s", cause);
	text_done(&path);
}
