/* SPDX-License-Identifier: MIT */
/*
 * Bytes of any kind as text and as JSON. Both append at @at, which must have room, and return
 * the end; nothing is terminated. Pure.
 */
#ifndef JANUSCTL_WATCH_STRING_H
#define JANUSCTL_WATCH_STRING_H

#include <stdint.h>

/* How many bytes one byte can become: of text; of a JSON field with all that belongs to it. */
#define WATCH_STRING_TEXT_FACTOR 4
#define WATCH_STRING_JSON_FACTOR 8

/*
 * On one line: printable ASCII as it is; \\, \n, \t, \r, and \xNN for every other byte, also
 * for the '>' of " ->", so that this stands between two paths only.
 */
char *watch_string_text(char *at, const char *text);

/*
 * ,"NAME":"TEXT" in ASCII. If @text is not UTF-8, each byte that is no part of a character is
 * \ufffd, and ,"NAME_bytes":"HEX" follows with all of them.
 */
char *watch_string_json(char *at, const char *name, const char *text);

/* Append the string as it stands. */
char *watch_string_put(char *at, const char *text);

/* Append the number, 20 digits at most. */
char *watch_string_number(char *at, uint64_t number);

#endif
