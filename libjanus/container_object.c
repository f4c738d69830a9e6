// SPDX-License-Identifier: MIT
#include "container_object.h"

#include <stdlib.h>
#include <string.h>

struct janus_container {
	int32_t init_pid;
	uint64_t init_start_time;
	size_t pid_count;
	const char *id;
	const char *cgroup;
	const char *runtime; /* static */
	const char *root;
	int32_t *pids; /* this and the texts lie in the object's own memory */
};

static char *put_text(char **at, const char *from, size_t length)
{
	char *to = *at;

	memcpy(to, from, length);
	to[length] = '\0';
	*at += length + 1;
	return to;
}

struct janus_container *janus__container_new(const struct janus__container_facts *facts,
					     size_t pid_count)
{
	size_t pids = pid_count * sizeof(int32_t);
	size_t texts = facts->id_length + facts->cgroup_length + strlen(facts->root) + 3;
	struct janus_container *container = malloc(sizeof(*container) + pids + texts);
	char *at;

	if (!container)
		return NULL;
	container->pids = (int32_t *)(container + 1);
	at = (char *)(container->pids + pid_count);
	container->id = put_text(&at, facts->id, facts->id_length);
	container->cgroup = put_text(&at, facts->cgroup, facts->cgroup_length);
	container->root = put_text(&at, facts->root, strlen(facts->root));
	container->runtime = facts->runtime;
	container->init_pid = facts->init_pid;
	container->init_start_time = facts->init_start_time;
	container->pid_count = pid_count;
	return container;
}

void janus__container_set_pid(struct janus_container *container, size_t index,
			      int32_t pid)
{
	container->pids[index] = pid;
}

void janus_container_destroy(struct janus_container *container)
{
	free(container);
}

const char *janus_container_get_id(const struct janus_container *container)
{
	return container->id;
}

const char *janus_container_get_cgroup(const struct janus_container *container)
{
	return container->cgroup;
}

const char *janus_container_get_runtime(const struct janus_container *container)
{
	return container->runtime;
}

const char *janus_container_get_root(const struct janus_container *container)
{
	return container->root;
}

int32_t janus_container_get_init_pid(const struct janus_container *container)
{
	return container->init_pid;
}

uint64_t janus_container_get_init_start_time(const struct janus_container *container)
{
	return container->init_start_time;
}

size_t janus_container_get_pid_count(const struct janus_container *container)
{
	return container->pid_count;
}

int32_t janus_container_get_pid(const struct janus_container *container, size_t index)
{
	return index < container->pid_count ? container->pids[index] : 0;
}
