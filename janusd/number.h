/* SPDX-License-Identifier: MIT */
/*
 * Numbers in text from outside: digits and nothing else.
 */
#ifndef JANUSD_NUMBER_H
#define JANUSD_NUMBER_H

#include <stdint.h>
#include <string.h>

/* Return: 0, or -1: it is none, or more than @most; nothing is written then. */
static inline int number_parse(const char *text, uint64_t most, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text || text[strspn(text, "0123456789")])
		return -1;
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (value > most / 10 || digit > most - value * 10)
			return -1;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

#endif
