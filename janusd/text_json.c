// SPDX-License-Identifier: MIT
#include "text_json.h"

#include <stdio.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

bool text_is_utf8(const char *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t point;
		size_t taken = text_utf8_next(bytes + at, length - at, &point);

		if (!taken)
			return false;
		at += taken;
	}
	return true;
}

/* All that has to be escaped is in the first plane, so one \u will do. */
static void add_escaped(struct text *out, uint32_t point)
{
	char piece[8];

	if (point == '"' || point == '\\')
		snprintf(piece, sizeof(piece), "\\%c", (char)point);
	else
		snprintf(piece, sizeof(piece), "\\u%04x", (unsigned int)(point & 0xffff));
	text_add_string(out, piece);
}

void text_json_string(struct text *out, const char *bytes, size_t length)
{
	size_t plain = 0; /* where what may stay as it is begins */
	size_t at = 0;

	text_add(out, "\"", 1);
	while (at < length) {
		uint32_t point;
		size_t taken = text_utf8_next(bytes + at, length - at, &point);

		if (taken && text_is_harmless(point) && point != '"' && point != '\\') {
			at += taken;
			continue;
		}
		text_add(out, bytes + plain, at - plain);
		if (taken)
			add_escaped(out, point);
		else
			text_add_string(out, REPLACEMENT);
		at += taken ? taken : 1;
		plain = at;
	}
	text_add(out, bytes + plain, at - plain);
	text_add(out, "\"", 1);
}

void text_base64(struct text *out, const char *bytes, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/";
	const unsigned char *s = (const unsigned char *)bytes;

	for (size_t at = 0; at < length; at += 3) {
		size_t left = length - at;
		uint32_t bits = (uint32_t)s[at] << 16;
		char piece[4];

		if (left > 1)
			bits |= (uint32_t)s[at + 1] << 8;
		if (left > 2)
			bits |= s[at + 2];
		piece[0] = digits[bits >> 18];
		piece[1] = digits[bits >> 12 & 63];
		piece[2] = left > 1 ? digits[bits >> 6 & 63] : '=';
		piece[3] = left > 2 ? digits[bits & 63] : '=';
		text_add(out, piece, sizeof(piece));
	}
}
