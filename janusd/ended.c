// SPDX-License-Identifier: MIT
#include "ended.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "guard_config.h"
#include "guards.h"

static void forget(struct ended_guard *guard)
{
	free(guard->name);
	guard->name = NULL;
}

void ended_add(struct ended *ended, const struct guard_config *config)
{
	struct ended_guard *guard = &ended->last[ended->next];
	size_t name_size = strlen(config->name) + 1;
	size_t node_size = strlen(config->node) + 1;
	size_t pod_size = strlen(config->pod) + 1;

	forget(guard);
	guard->name = malloc(name_size + node_size + pod_size);
	if (!guard->name)
		return;
	guard->node = guard->name + name_size;
	guard->pod = guard->node + node_size;
	memcpy(guard->name, config->name, name_size);
	memcpy(guard->node, config->node, node_size);
	memcpy(guard->pod, config->pod, pod_size);
	ended->next = (ended->next + 1) % ENDED_MAX;
}

/* Pids say nothing of those who are gone. */
static bool is_meant(const struct ended_guard *guard, const struct guard_match *match)
{
	if (!guard->name || strcmp(guard->node, match->node) != 0)
		return false;
	if (*match->name && strcmp(guard->name, match->name) != 0)
		return false;
	if (*match->pod)
		return !strcmp(guard->pod, match->pod);
	return *match->name && !*guard->pod;
}

size_t ended_remove(struct ended *ended, const struct guard_match *match)
{
	size_t count = 0;

	for (size_t i = 0; i < ENDED_MAX; i++) {
		if (!is_meant(&ended->last[i], match))
			continue;
		forget(&ended->last[i]);
		count++;
	}
	return count;
}

void ended_done(struct ended *ended)
{
	for (size_t i = 0; i < ENDED_MAX; i++)
		forget(&ended->last[i]);
}
