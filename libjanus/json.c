// SPDX-License-Identifier: MIT
/*
 * Owns as much of JSON as is needed to find a number without being misled: by a key of that
 * name inside of another object, or inside of a string. A key with an escape in it is none
 * that anybody looks for.
 */
#include "json.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Objects and arrays inside of each other. */
#define DEPTH_MAX 64u

struct cursor {
	const char *at;
	const char *end;
};

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at)
		cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
	skip_space(cursor);
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

/* @ret: what stands between the quotes, escapes and all. */
static bool take_string(struct cursor *cursor, struct cursor *ret)
{
	if (!take(cursor, '"'))
		return false;
	ret->at = cursor->at;
	while (cursor->at < cursor->end && *cursor->at != '"') {
		bool escape = *cursor->at == '\\';

		if ((unsigned char)*cursor->at < 0x20 ||
		    (escape && cursor->end - cursor->at < 2))
			return false;
		cursor->at += escape ? 2 : 1;
	}
	ret->end = cursor->at;
	return take(cursor, '"');
}

/* true, false, null, or a number, or what might be one. */
static bool skip_word(struct cursor *cursor)
{
	static const char letters[] = "+-.0123456789Eaeflnrstu";
	const char *start = cursor->at;

	while (cursor->at < cursor->end && *cursor->at && strchr(letters, *cursor->at))
		cursor->at++;
	return cursor->at > start;
}

/* What stands in a container of values, of which @depth are open. */
struct nesting {
	char closers[DEPTH_MAX];
	uint32_t depth;
};

static bool open_one(struct nesting *nesting, char closer)
{
	if (nesting->depth == DEPTH_MAX)
		return false;
	nesting->closers[nesting->depth++] = closer;
	return true;
}

/* The next piece of a value, whatever it is. Commas and colons are not checked inside. */
static bool skip_piece(struct cursor *cursor, struct nesting *nesting)
{
	struct cursor string;

	skip_space(cursor);
	if (cursor->at == cursor->end)
		return false;
	switch (*cursor->at) {
	case '{':
		cursor->at++;
		return open_one(nesting, '}');
	case '[':
		cursor->at++;
		return open_one(nesting, ']');
	case '}':
	case ']':
		if (!nesting->depth || nesting->closers[--nesting->depth] != *cursor->at)
			return false;
		cursor->at++;
		return true;
	case ',':
	case ':':
		cursor->at++;
		return nesting->depth > 0;
	case '"':
		return take_string(cursor, &string);
	default:
		return skip_word(cursor);
	}
}

static bool skip_value(struct cursor *cursor)
{
	struct nesting nesting = { .depth = 0 };

	do {
		if (!skip_piece(cursor, &nesting))
			return false;
	} while (nesting.depth);
	return true;
}

static int parse_number(struct cursor value, uint64_t *ret)
{
	uint64_t number = 0;

	if (value.at == value.end)
		return -ENODATA;
	for (; value.at < value.end; value.at++) {
		uint64_t digit = (uint64_t)(unsigned char)*value.at - '0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return -ENODATA;
		number = number * 10 + digit;
	}
	*ret = number;
	return 0;
}

static bool is_key(struct cursor found, const char *key)
{
	size_t length = strlen(key);

	return (size_t)(found.end - found.at) == length &&
	       memcmp(found.at, key, length) == 0;
}

int janus__json_number(const char *text, size_t length, const char *key, uint64_t *ret)
{
	struct cursor cursor = { text, text + length };
	struct cursor name, value;

	if (!take(&cursor, '{'))
		return -EBADMSG;
	if (take(&cursor, '}'))
		return -ENODATA;
	do {
		if (!take_string(&cursor, &name) || !take(&cursor, ':'))
			return -EBADMSG;
		skip_space(&cursor);
		value.at = cursor.at;
		if (!skip_value(&cursor))
			return -EBADMSG;
		value.end = cursor.at;
		if (is_key(name, key))
			return parse_number(value, ret);
	} while (take(&cursor, ','));
	return take(&cursor, '}') ? -ENODATA : -EBADMSG;
}
