/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as JSON and as base64. Adds to a text; knows nothing of what it says. Pure.
 */
#ifndef JANUSD_TEXT_JSON_H
#define JANUSD_TEXT_JSON_H

#include "text.h"

bool text_is_utf8(const char *bytes, size_t length);

/*
 * With its quotes. Each byte that is no part of a character becomes U+FFFD; what breaks lines or
 * turns the direction of writing, as text.h has it, is \uXXXX.
 */
void text_json_string(struct text *out, const char *bytes, size_t length);

/* Base64 of RFC 4648, padded; without quotes. */
void text_base64(struct text *out, const char *bytes, size_t length);

#endif
