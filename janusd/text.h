/* SPDX-License-Identifier: MIT */
/*
 * Text for people and logs: a growing buffer with a limit, and the escaping that keeps
 * what came from outside on one line. Knows nothing of what the text says.
 *
 * Escaped are control characters (C0, DEL, C1), line and paragraph separators, characters
 * that change the direction of writing, backslash, single quote, and bytes that are no
 * UTF-8; as \n \t \r \\ \' or \xNN for each byte. Everything else stays as it is.
 */
#ifndef JANUSD_TEXT_H
#define JANUSD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data; /* terminated once something was added */
	size_t length;
	size_t room;
	size_t limit; /* the most that length becomes */
	bool cut;     /* something did not fit, or there was no memory */
};

#define TEXT_INIT(most)                                                                  \
	{                                                                                \
		.limit = (most)                                                          \
	}

void text_done(struct text *text);

/* Forget the text, keep the memory. */
void text_clear(struct text *text);

/* As it is. Whole or not at all; what does not fit sets cut. */
void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);

/* Escaped; cut between two characters. */
void text_escape(struct text *text, const char *bytes, size_t length);
void text_escape_string(struct text *text, const char *string);

#define TEXT_QUOTE_SIZE 208

/*
 * A value from outside for a message: escaped, and cut with "..." after some 200 bytes.
 */
struct text_quote {
	char text[TEXT_QUOTE_SIZE];
};

const char *text_quote(struct text_quote *quote, const char *string);

/*
 * A sentence whose values are escaped already, for where only printable ASCII may go: other
 * bytes become \xNN, quotes and backslashes stay. Cut with "..." where @size is too small.
 */
const char *text_ascii(char *buf, size_t size, const char *string);

/*
 * One UTF-8 character at @bytes: its length, and the code point in @ret. 0: no UTF-8
 * (overlong, surrogate, beyond U+10FFFF, cut off) or @length is 0.
 */
size_t text_utf8_next(const char *bytes, size_t length, uint32_t *ret);

/* Whether a character may stand in a line as it is, but for backslash and quotes. */
bool text_is_harmless(uint32_t point);

#endif
