// SPDX-License-Identifier: MIT
/*
 * Owns what is safe to print. Most bytes of most paths are plain: runs of them are copied whole.
 */
#include "watch_string.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char hex[] = "0123456789abcdef";

/* Printable ASCII that means nothing in either form; NUL is not plain and ends each run. */
static bool is_plain(unsigned char byte)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\' && byte != '>';
}

static size_t plain_length(const char *text)
{
	size_t length = 0;

	while (is_plain((unsigned char)text[length]))
		length++;
	return length;
}

static char *put(char *at, const char *text, size_t length)
{
	memcpy(at, text, length);
	return at + length;
}

char *watch_string_put(char *at, const char *text)
{
	return put(at, text, strlen(text));
}

char *watch_string_number(char *at, uint64_t number)
{
	char digits[20];
	size_t length = 0;

	do
		digits[length++] = (char)('0' + number % 10);
	while (number /= 10);
	while (length)
		*at++ = digits[--length];
	return at;
}

static char *put_hex(char *at, unsigned char byte)
{
	at[0] = hex[byte >> 4];
	at[1] = hex[byte & 15];
	return at + 2;
}

/* The letter that stands for it behind a backslash; 0: none does. */
static char short_escape(unsigned char byte)
{
	switch (byte) {
	case '\n':
		return 'n';
	case '\t':
		return 't';
	case '\r':
		return 'r';
	default:
		return byte == '\\' ? '\\' : 0;
	}
}

/* Whether the '>' at @at would end a " ->". */
static bool ends_arrow(const char *text, const char *at)
{
	return *at == '>' && at - text >= 2 && at[-1] == '-' && at[-2] == ' ';
}

char *watch_string_text(char *at, const char *text)
{
	for (const char *from = text;; from++) {
		size_t length = plain_length(from);
		unsigned char byte;
		char letter;

		at = put(at, from, length);
		from += length;
		byte = (unsigned char)*from;
		if (!byte)
			return at;
		letter = short_escape(byte);
		if (letter) {
			*at++ = '\\';
			*at++ = letter;
		} else if (byte == '"' || (byte == '>' && !ends_arrow(text, from))) {
			*at++ = *from;
		} else {
			at = put(at, "\\x", 2);
			at = put_hex(at, byte);
		}
	}
}

/*
 * The character that begins at @text, not NUL, and its length; 0: there is none. No byte
 * behind a NUL is looked at, for a NUL goes on with no character.
 */
static size_t decode(const char *text, uint32_t *ret)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	uint32_t code;
	size_t length;

	if (first < 0x80)
		length = 1;
	else if (first >= 0xc2 && first < 0xe0)
		length = 2;
	else if (first >= 0xe0 && first < 0xf0)
		length = 3;
	else if (first >= 0xf0 && first < 0xf5)
		length = 4;
	else
		return 0;
	code = length == 1 ? first : first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte & 0x3f);
	}
	if (code < lowest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret = code;
	return length;
}

static char *put_unit(char *at, uint32_t unit)
{
	at = put(at, "\\u", 2);
	at = put_hex(at, (unsigned char)(unit >> 8));
	return put_hex(at, (unsigned char)unit);
}

static char *put_character(char *at, uint32_t code)
{
	char letter = code < 0x80 ? short_escape((unsigned char)code) : 0;

	if (code == '>') {
		*at++ = '>';
		return at;
	}
	if (letter || code == '"') {
		*at++ = '\\';
		*at++ = letter ? letter : '"';
		return at;
	}
	if (code < 0x10000)
		return put_unit(at, code);
	code -= 0x10000;
	at = put_unit(at, 0xd800 + (code >> 10));
	return put_unit(at, 0xdc00 + (code & 0x3ff));
}

/* Between quotes. Return: the end; @ret_valid: whether all of it is UTF-8. */
static char *put_quoted(char *at, const char *text, bool *ret_valid)
{
	*ret_valid = true;
	*at++ = '"';
	for (;;) {
		size_t length = plain_length(text);
		uint32_t code = 0xfffd;

		at = put(at, text, length);
		text += length;
		if (!*text)
			break;
		length = decode(text, &code);
		*ret_valid &= length > 0;
		text += length ? length : 1;
		at = put_character(at, code);
	}
	*at++ = '"';
	return at;
}

static char *put_name(char *at, const char *name, const char *suffix)
{
	at = put(at, ",\"", 2);
	at = watch_string_put(at, name);
	at = watch_string_put(at, suffix);
	return put(at, "\":", 2);
}

char *watch_string_json(char *at, const char *name, const char *text)
{
	bool valid;

	at = put_name(at, name, "");
	at = put_quoted(at, text, &valid);
	if (valid)
		return at;
	at = put_name(at, name, "_bytes");
	*at++ = '"';
	for (; *text; text++)
		at = put_hex(at, (unsigned char)*text);
	*at++ = '"';
	return at;
}
