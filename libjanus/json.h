/* SPDX-License-Identifier: MIT */
/*
 * A number in a JSON object, for the small files that runtimes keep of containers. Pure.
 */
#ifndef JANUS_JSON_H
#define JANUS_JSON_H

#include <stddef.h>
#include <stdint.h>

/*
 * The number of @key in the outermost object of a text. -ENODATA: there is no such key, or its
 * value is no number that an uint64_t holds; -EBADMSG: the text up to there is no JSON.
 */
int janus__json_number(const char *text, size_t length, const char *key, uint64_t *ret);

#endif
