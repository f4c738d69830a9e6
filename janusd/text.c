// SPDX-License-Identifier: MIT
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE 20 /* four bytes as \xNN, terminated */

void text_done(struct text *text)
{
	free(text->data);
	text->data = NULL;
	text->length = 0;
	text->room = 0;
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->cut = false;
	if (text->data)
		text->data[0] = '\0';
}

static bool make_room(struct text *text, size_t length)
{
	size_t need, room;
	char *data;

	if (text->cut || length > text->limit - text->length)
		return false;
	need = text->length + length + 1;
	if (need <= text->room)
		return true;
	room = text->room ? text->room : 256;
	while (room < need)
		room *= 2;
	data = realloc(text->data, room);
	if (!data)
		return false;
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
	if (!make_room(text, length)) {
		text->cut = true;
		return;
	}
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	if (first >= 0xf0 && first < 0xf5)
		return 4;
	return 0;
}

size_t text_utf8_next(const char *bytes, size_t length, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	static const unsigned char head[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *s = (const unsigned char *)bytes;
	size_t count = length ? sequence_length(s[0]) : 0;
	uint32_t point;

	if (!count || count > length)
		return 0;
	point = s[0] & head[count];
	for (size_t i = 1; i < count; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3f);
	}
	if (point < least[count] || point > 0x10ffff)
		return 0;
	if (point >= 0xd800 && point < 0xe000)
		return 0;
	*ret = point;
	return count;
}

bool text_is_harmless(uint32_t point)
{
	if (point < 0x20)
		return false;
	if (point >= 0x7f && point < 0xa0)
		return false;
	if (point >= 0x200e && point <= 0x200f) /* direction marks */
		return false;
	if (point >= 0x2028 && point <= 0x202e) /* separators, embeddings, overrides */
		return false;
	return point < 0x2066 || point > 0x2069; /* isolates */
}

static size_t escape_byte(char *piece, unsigned char byte)
{
	static const char from[] = "\n\t\r\\'";
	static const char to[] = "ntr\\'";
	const char *special = byte ? strchr(from, byte) : NULL;

	if (special)
		return (size_t)snprintf(piece, 5, "\\%c", to[special - from]);
	return (size_t)snprintf(piece, 5, "\\x%02x", byte);
}

/* The next character, as it shall be printed; moves @bytes and @length behind it. */
static size_t next_piece(char piece[PIECE_SIZE], const char **bytes, size_t *length)
{
	uint32_t point = 0;
	size_t taken = text_utf8_next(*bytes, *length, &point);
	size_t made = 0;

	if (taken && text_is_harmless(point) && point != '\\' && point != '\'') {
		memcpy(piece, *bytes, taken);
		made = taken;
	} else {
		if (!taken)
			taken = 1;
		for (size_t i = 0; i < taken; i++)
			made += escape_byte(piece + made, (unsigned char)(*bytes)[i]);
	}
	*bytes += taken;
	*length -= taken;
	return made;
}

void text_escape(struct text *text, const char *bytes, size_t length)
{
	char piece[PIECE_SIZE];

	while (length && !text->cut) {
		size_t made = next_piece(piece, &bytes, &length);

		text_add(text, piece, made);
	}
}

void text_escape_string(struct text *text, const char *string)
{
	text_escape(text, string, strlen(string));
}

/* As next_piece(), for one byte of what is escaped already. */
static size_t next_ascii(char piece[PIECE_SIZE], const char **bytes, size_t *length)
{
	unsigned char byte = (unsigned char)*(*bytes)++;

	(*length)--;
	if (byte < 0x20 || byte >= 0x7f)
		return escape_byte(piece, byte);
	piece[0] = (char)byte;
	return 1;
}

typedef size_t next_function(char piece[PIECE_SIZE], const char **bytes, size_t *length);

static const char *escape_into(char *buf, size_t size, const char *string,
			       next_function *next)
{
	static const char cut[] = "...";
	char piece[PIECE_SIZE];
	size_t length = strlen(string);
	size_t used = 0;

	while (length) {
		size_t made = next(piece, &string, &length);

		if (used + made + sizeof(cut) > size) {
			memcpy(buf + used, cut, sizeof(cut));
			return buf;
		}
		memcpy(buf + used, piece, made);
		used += made;
	}
	buf[used] = '\0';
	return buf;
}

const char *text_quote(struct text_quote *quote, const char *string)
{
	return escape_into(quote->text, sizeof(quote->text), string, next_piece);
}

const char *text_ascii(char *buf, size_t size, const char *string)
{
	return escape_into(buf, size, string, next_ascii);
}
