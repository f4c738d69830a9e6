// SPDX-License-Identifier: MIT
#include "pretenders.h"

#include <stdbool.h>
#include <string.h>

static bool is_trusted(struct janus_container *const *list, size_t trusted,
		       const char *id)
{
	for (size_t i = 0; i < trusted; i++)
		if (strcmp(janus_container_get_id(list[i]), id) == 0)
			return true;
	return false;
}

size_t janus__pretenders_drop(struct janus_container **list, size_t trusted, size_t count)
{
	for (size_t i = trusted; i < count;) {
		struct janus_container *one = list[i];

		if (!is_trusted(list, trusted, janus_container_get_id(one))) {
			i++;
			continue;
		}
		list[i] = list[--count];
		janus_container_destroy(one);
	}
	return count;
}
