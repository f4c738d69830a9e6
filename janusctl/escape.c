// SPDX-License-Identifier: MIT
#include "escape.h"

#include <stdio.h>
#include <string.h>

/* One byte as it shall be printed; returns its length, at most 4. */
static size_t escape_byte(char piece[5], unsigned char byte, const char *kept)
{
	static const char from[] = "\n\t\r\\'";
	static const char to[] = "ntr\\'";
	const char *special = strchr(from, byte);

	if (special && !strchr(kept, byte))
		return (size_t)snprintf(piece, 5, "\\%c", to[special - from]);
	if (byte < 0x20 || byte >= 0x7f)
		return (size_t)snprintf(piece, 5, "\\x%02x", byte);
	piece[0] = (char)byte;
	return 1;
}

static const char *escape_all_but(char *buf, size_t size, const char *text,
				  const char *kept)
{
	static const char cut[] = "...";
	size_t used = 0;

	for (; *text; text++) {
		char piece[5];
		size_t length = escape_byte(piece, (unsigned char)*text, kept);

		if (used + length + sizeof(cut) > size) {
			memcpy(buf + used, cut, sizeof(cut));
			return buf;
		}
		memcpy(buf + used, piece, length);
		used += length;
	}
	buf[used] = '\0';
	return buf;
}

const char *escape(char *buf, size_t size, const char *text)
{
	return escape_all_but(buf, size, text, "");
}

const char *escape_sentence(char *buf, size_t size, const char *text)
{
	return escape_all_but(buf, size, text, "\\'");
}
