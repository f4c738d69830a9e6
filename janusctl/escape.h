/* SPDX-License-Identifier: MIT */
/*
 * Text from outside on one printable line. Pure.
 */
#ifndef JANUSCTL_ESCAPE_H
#define JANUSCTL_ESCAPE_H

#include <stddef.h>

/*
 * Printable ASCII as it is; backslash, quote, control characters and everything else as \\, \',
 * \n, \t, \r or \xNN. Cut with "..." where @size, at least 8, is too small. Returns @buf.
 */
const char *escape(char *buf, size_t size, const char *text);

/* The same, but quotes and backslashes stay: for sentences, whose values are escaped already. */
const char *escape_sentence(char *buf, size_t size, const char *text);

#endif
