// SPDX-License-Identifier: MIT
#include "document_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (!strcmp(text, words[i]))
			return true;
	return false;
}

static bool is_made_of(const char *text, const char *digits)
{
	return *text && strspn(text, digits) == strlen(text);
}

static json_t *take_integer(const char *text, int base)
{
	long long value;

	errno = 0;
	value = strtoll(text, NULL, base);
	return errno ? NULL : json_integer(value);
}

/* [-+]? ( [0-9]+ ( \. [0-9]* )? | \. [0-9]+ ) ( [eE] [-+]? [0-9]+ )? */
static bool is_real(const char *text)
{
	static const char digits[] = "0123456789";
	size_t before, after = 0;

	text += *text == '-' || *text == '+';
	before = strspn(text, digits);
	text += before;
	if (*text == '.') {
		after = strspn(++text, digits);
		text += after;
	}
	if (!before && !after)
		return false;
	if (*text != 'e' && *text != 'E')
		return !*text;
	text++;
	text += *text == '-' || *text == '+';
	return is_made_of(text, digits);
}

static json_t *take_real(const char *text)
{
	double value = strtod(text, NULL);

	return isfinite(value) ? json_real(value) : NULL;
}

json_t *document_scalar(const char *text, size_t length)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	const char *digits = text + (*text == '-' || *text == '+');

	if (is_one_of(text, nulls))
		return json_null();
	if (is_one_of(text, trues))
		return json_true();
	if (is_one_of(text, falses))
		return json_false();
	if (is_made_of(digits, "0123456789"))
		return take_integer(text, 10);
	if (!strncmp(text, "0o", 2) && is_made_of(text + 2, "01234567"))
		return take_integer(text + 2, 8);
	if (!strncmp(text, "0x", 2) && is_made_of(text + 2, "0123456789abcdefABCDEF"))
		return take_integer(text + 2, 16);
	if (is_real(text))
		return take_real(text);
	return json_stringn(text, length);
}
