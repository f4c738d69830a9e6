// SPDX-License-Identifier: MIT
/*
 * Owns what was found in one look at the node: by cgroups first, and by what runtimes write
 * down for those that no cgroup names. What one container is belongs to container.c.
 */
#include "containers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cgroup.h"
#include "container.h"
#include "hierarchy.h"
#include "options.h"
#include "pretenders.h"
#include "proc.h"
#include "state.h"
#include "util.h"

#define MAX_AGE_NS 1000000000
#define CGROUP_SIZE 65536

/* An id, and the processes that cgroups of that name hold. */
struct group {
	char id[JANUS__CONTAINER_ID_SIZE];
	struct janus__pids pids;
};

struct janus_containers {
	struct janus__proc proc;
	uint64_t max_age_ns;
	int64_t looked_ns; /* CLOCK_MONOTONIC; 0: never, or in vain */
	char **state_roots;
	size_t state_root_count;
	struct janus_container **list;
	size_t count;
	size_t room;
};

/* One look. */
struct look {
	struct janus_containers *containers;
	struct group *groups;
	size_t count;
	size_t room;
	size_t last; /* that was found: the next one is often the same */
	int err;     /* what kept us from seeing all, a negative errno */
	char *text;
	size_t trusted; /* of the containers, the first ones: not only a user says so */
};

/* Errors that concern us, not what is looked at. */
static bool is_ours(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

/* What the caller is told, in the words of the public header. */
static int public_error(int err)
{
	if (err == -ENFILE)
		return -EMFILE;
	return !err || err == -EINVAL || is_ours(err) ? err : -EIO;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void clear(struct janus_containers *containers)
{
	for (size_t i = 0; i < containers->count; i++)
		janus_container_destroy(containers->list[i]);
	containers->count = 0;
}

void janus_containers_destroy(struct janus_containers *containers)
{
	if (!containers)
		return;
	clear(containers);
	for (size_t i = 0; i < containers->state_root_count; i++)
		free(containers->state_roots[i]);
	free(containers->state_roots);
	free(containers->list);
	janus__proc_done(&containers->proc);
	free(containers);
}

static int copy_roots(struct janus_containers *containers,
		      const struct janus_containers_options *options)
{
	if (options->state_root_count && !options->state_roots)
		return -EINVAL;
	if (options->state_root_count > PATH_MAX)
		return -EINVAL;
	containers->state_roots = calloc((size_t)options->state_root_count + 1,
					 sizeof(*containers->state_roots));
	if (!containers->state_roots)
		return -ENOMEM;
	for (uint64_t i = 0; i < options->state_root_count; i++) {
		const char *path = options->state_roots[i];

		if (!path || path[0] != '/')
			return -EINVAL;
		containers->state_roots[i] = strdup(path);
		if (!containers->state_roots[i])
			return -ENOMEM;
		containers->state_root_count++;
	}
	return 0;
}

int janus__containers_create(const struct janus__kernel *kernel, const char *proc_path,
			     const struct janus_containers_options *given,
			     struct janus_containers **ret)
{
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;
	struct janus_containers *containers;
	int err = 0;

	if (!ret)
		return -EINVAL;
	if (given)
		err = janus__options_read(&options, sizeof(options), given);
	if (err)
		return err;
	containers = calloc(1, sizeof(*containers));
	if (!containers)
		return -ENOMEM;
	containers->proc.fd = -1;
	containers->max_age_ns = options.max_age_ns ? options.max_age_ns : MAX_AGE_NS;
	err = copy_roots(containers, &options);
	if (!err)
		err = janus__proc_open(kernel, proc_path, &containers->proc);
	if (err) {
		janus_containers_destroy(containers);
		return public_error(err);
	}
	*ret = containers;
	return 0;
}

int janus_containers_create(struct janus_containers **ret,
			    const struct janus_containers_options *options)
{
	return janus__containers_create(&janus__kernel_linux, "/proc", options, ret);
}

/* The group of an id; made if there is none yet. NULL: no memory. */
static struct group *group_of(struct look *look, const char *id, size_t length)
{
	for (size_t i = 0; i < look->count; i++) {
		size_t at = (look->last + i) % look->count;
		struct group *group = &look->groups[at];

		if (strlen(group->id) == length && memcmp(group->id, id, length) == 0) {
			look->last = at;
			return group;
		}
	}
	if (look->count == look->room) {
		size_t room = look->room ? 2 * look->room : 64;
		struct group *groups = realloc(look->groups, room * sizeof(*groups));

		if (!groups)
			return NULL;
		look->groups = groups;
		look->room = room;
	}
	look->last = look->count;
	look->groups[look->count] = (struct group){ .id = "" };
	memcpy(look->groups[look->count].id, id, length);
	return &look->groups[look->count++];
}

static struct group *identify(struct look *look, const char *text, size_t length)
{
	struct janus__cgroup_match match;
	struct group *group;

	if (janus__cgroup_identify(text, length, &match) <= 0 ||
	    match.id_length >= JANUS__CONTAINER_ID_SIZE)
		return NULL;
	group = group_of(look, match.id, match.id_length);
	if (!group)
		look->err = -ENOMEM;
	return group;
}

static void look_at_cgroup(void *userdata, const char *path, int fd)
{
	struct look *look = userdata;
	char line[PATH_MAX + 8];
	int length = snprintf(line, sizeof(line), "0::%s\n", path);
	struct group *group = NULL;

	if (length > 0 && (size_t)length < sizeof(line))
		group = identify(look, line, (size_t)length);
	if (group)
		janus__cgroup_read_pids(look->containers->proc.kernel, fd, &group->pids);
}

static void look_at_process(struct look *look, int32_t pid)
{
	struct janus__proc_text text = { look->text, CGROUP_SIZE };
	ssize_t length = janus__proc_read(&look->containers->proc, pid, "cgroup", text);
	struct group *group = length > 0 ? identify(look, look->text, (size_t)length)
					 : NULL;

	if (is_ours((int)length))
		look->err = (int)length;
	if (group)
		janus__pids_add(&group->pids, pid);
}

/* Where not all cgroups are mounted. */
static int look_at_processes(struct look *look)
{
	struct janus__proc_list list;
	int32_t pid;
	int err = janus__proc_list_init(&list, &look->containers->proc);

	if (err)
		return err;
	look->text = malloc(CGROUP_SIZE);
	if (!look->text)
		err = -ENOMEM;
	while (!err && (err = janus__proc_list_next(&list, &pid)) > 0) {
		look_at_process(look, pid);
		err = 0;
	}
	janus__proc_list_done(&list);
	free(look->text);
	return err;
}

static int keep(struct janus_containers *containers, struct janus_container *container)
{
	if (containers->count == containers->room) {
		size_t room = containers->room ? 2 * containers->room : 64;
		struct janus_container **list = realloc(containers->list,
							room * sizeof(*list));

		if (!list) {
			janus_container_destroy(container);
			return -ENOMEM;
		}
		containers->list = list;
		containers->room = room;
	}
	containers->list[containers->count++] = container;
	return 0;
}

/* One that has ended meanwhile, or is not up yet, is left out. */
static int add_groups(struct look *look)
{
	struct janus_containers *containers = look->containers;

	for (size_t i = 0; i < look->count; i++) {
		struct group *group = &look->groups[i];
		struct janus_container *container;
		int err;

		if (group->pids.err)
			return group->pids.err;
		janus__pids_sort(&group->pids);
		err = janus__container_of(&containers->proc, group->id, &group->pids,
					  &container);
		if (!err)
			err = keep(containers, container);
		if (err == -ENOMEM || err == -EMFILE)
			return err;
	}
	return 0;
}

static const struct janus_container *find_init(const struct janus_containers *containers,
					       int32_t pid)
{
	for (size_t i = 0; i < containers->count; i++)
		if (janus_container_get_init_pid(containers->list[i]) == pid)
			return containers->list[i];
	return NULL;
}

/* The last one takes its place among those that are trusted. */
static void trust_last(struct look *look)
{
	struct janus_container **list = look->containers->list;
	struct janus_container *last = list[look->containers->count - 1];

	list[look->containers->count - 1] = list[look->trusted];
	list[look->trusted++] = last;
}

/* Those that cgroups name are known already. */
static bool add_state(void *userdata, const struct janus__state *state)
{
	struct look *look = userdata;
	struct janus_containers *containers = look->containers;
	struct janus_container *container;
	int err;

	if (find_init(containers, state->pid))
		return true;
	err = janus__container_from_state(&containers->proc, state, &container);
	if (!err)
		err = keep(containers, container);
	if (!err && state->author == 0)
		trust_last(look);
	if (is_ours(err))
		look->err = err;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct janus_container *const *left = a, *const *right = b;

	return strcmp(janus_container_get_id(*left), janus_container_get_id(*right));
}

/* What cgroups name. */
static int look_at_cgroups(struct look *look)
{
	int err = 0;

	if (!janus__hierarchies_walk(&look->containers->proc, look_at_cgroup, look))
		err = look_at_processes(look);
	if (!err)
		err = look->err;
	if (!err)
		err = add_groups(look);
	for (size_t i = 0; i < look->count; i++)
		janus__pids_done(&look->groups[i].pids);
	free(look->groups);
	return err;
}

/* What runtimes have written down: where the caller says first, then where all do. */
static int look_at_states(struct look *look)
{
	struct janus_containers *containers = look->containers;
	int err = 0;

	look->trusted = containers->count;
	for (size_t i = 0; !err && i < containers->state_root_count; i++)
		err = janus__states_read_from(&containers->proc,
					      containers->state_roots[i], NULL, add_state,
					      look);
	if (!err)
		err = janus__states_read(&containers->proc, NULL, add_state, look);
	containers->count = janus__pretenders_drop(containers->list, look->trusted,
						   containers->count);
	return err ? err : look->err;
}

int janus_containers_refresh(struct janus_containers *containers)
{
	struct look look = { .containers = containers };
	int err;

	if (!containers)
		return -EINVAL;
	clear(containers);
	err = look_at_cgroups(&look);
	if (!err)
		err = look_at_states(&look);
	if (containers->count)
		qsort(containers->list, containers->count, sizeof(*containers->list),
		      compare);
	containers->looked_ns = err ? 0 : now_ns();
	return public_error(err);
}

size_t janus_containers_get_count(const struct janus_containers *containers)
{
	return containers->count;
}

const struct janus_container *
janus_containers_get(const struct janus_containers *containers, size_t index)
{
	return index < containers->count ? containers->list[index] : NULL;
}

static bool is_alive(const struct janus_containers *containers,
		     const struct janus_container *container)
{
	struct janus__proc_stat stat;

	return janus__proc_read_stat(&containers->proc,
				     janus_container_get_init_pid(container),
				     &stat) == 0 &&
	       stat.start_time == janus_container_get_init_start_time(container) &&
	       stat.state != 'Z';
}

/* -ENOENT, -ENOTUNIQ. */
static int find(const struct janus_containers *containers,
		const struct janus__container_id *id, const struct janus_container **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < containers->count; i++) {
		const struct janus_container *one = containers->list[i];
		const char *text = janus_container_get_id(one);

		if (strcmp(text, id->text) != 0 &&
		    (!id->is_short || strncmp(text, id->text, id->length) != 0))
			continue;
		if (*ret)
			return -ENOTUNIQ;
		*ret = one;
	}
	return *ret ? 0 : -ENOENT;
}

int janus_containers_lookup(struct janus_containers *containers, const char *given,
			    const struct janus_container **ret)
{
	const struct janus_container *found;
	struct janus__container_id id;
	int err;

	if (!containers || !given || !ret || janus__container_id_parse(given, &id) < 0)
		return -EINVAL;
	err = containers->looked_ns ? find(containers, &id, &found) : -ENOENT;
	if (err == 0 && is_alive(containers, found)) {
		*ret = found;
		return 0;
	}
	err = janus_containers_refresh(containers);
	if (!err)
		err = find(containers, &id, &found);
	if (!err)
		*ret = found;
	return err;
}

/* By its cgroup, or as one of those that were seen. -ENOENT: it is in none of them. */
static int find_pid(const struct janus_containers *containers, int32_t pid,
		    const struct janus_container **ret)
{
	char text[8192];
	ssize_t length =
		janus__proc_read(&containers->proc, pid, "cgroup",
				 (struct janus__proc_text){ text, sizeof(text) });
	struct janus__cgroup_match match;
	struct janus__container_id id = { .is_short = false };

	*ret = NULL;
	if (length < 0)
		return length == -ESRCH ? -ENOENT : (int)length;
	if (janus__cgroup_identify(text, (size_t)length, &match) > 0 &&
	    match.id_length < sizeof(id.text)) {
		memcpy(id.text, match.id, match.id_length);
		return find(containers, &id, ret);
	}
	*ret = find_init(containers, pid);
	return *ret ? 0 : -ENOENT;
}

int janus_containers_find(struct janus_containers *containers, int32_t pid,
			  const struct janus_container **ret)
{
	const struct janus_container *found = NULL;
	int err = -ENOENT;

	if (!containers || pid <= 0 || !ret)
		return -EINVAL;
	if (containers->looked_ns)
		err = find_pid(containers, pid, &found);
	if (err == -ENOENT &&
	    (!containers->looked_ns ||
	     (uint64_t)(now_ns() - containers->looked_ns) > containers->max_age_ns)) {
		err = janus_containers_refresh(containers);
		if (!err)
			err = find_pid(containers, pid, &found);
	}
	if (!err)
		*ret = found;
	return err == -ENOENT ? err : public_error(err);
}
