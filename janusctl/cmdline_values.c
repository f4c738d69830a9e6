// SPDX-License-Identifier: MIT
#include "cmdline_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_MS INT64_C(86400000) /* a day */

int cmdline_value_number(uint64_t *ret, const char *text, uint64_t max)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t number = 0;

	for (size_t i = 0; i < digits && number <= max; i++)
		number = number * 10 + (uint64_t)(text[i] - '0');
	if (!digits || text[digits] || number < 1 || number > max)
		return -1;
	*ret = number;
	return 0;
}

const char *cmdline_value_timeout(int64_t *ret_ms, const char *text)
{
	int64_t ms = 0, unit = 100;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && ms <= TIMEOUT_MAX_MS; at++)
		ms = ms * 10 + (int64_t)1000 * (*at - '0');
	if (at > text && *at == '.')
		for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
			ms += unit * (*at - '0');
	if (*at || at == text || at[-1] == '.')
		return "--timeout: not a number of seconds";
	if (ms < 1 || ms > TIMEOUT_MAX_MS)
		return "--timeout: not between 0.001 and 86400 seconds";
	*ret_ms = ms;
	return NULL;
}

int cmdline_list_add(struct cmdline_list *list, const char *text, size_t length)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return -1;
	list->items = items;
	items[list->count] = strndup(text, length);
	if (!items[list->count])
		return -1;
	list->count++;
	return 0;
}

void cmdline_list_done(struct cmdline_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}
