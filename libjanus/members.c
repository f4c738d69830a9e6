// SPDX-License-Identifier: MIT
#include "members.h"

#include <errno.h>
#include <stdlib.h>

int janus__members_add(struct janus__members *members, const struct janus__member *member)
{
	if (members->count == members->room) {
		size_t room = members->room ? 2 * members->room : 64;
		struct janus__member *list = realloc(members->list,
						     room * sizeof(*members->list));

		if (!list)
			return -ENOMEM;
		members->list = list;
		members->room = room;
	}
	members->list[members->count++] = *member;
	return 0;
}

void janus__members_done(struct janus__members *members)
{
	free(members->list);
	*members = (struct janus__members){ 0 };
}

static int compare_pids(const void *a, const void *b)
{
	const struct janus__member *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

static bool has_parent_inside(const struct janus__members *members,
			      const struct janus__member *member)
{
	struct janus__member parent = { .pid = member->ppid };

	return bsearch(&parent, members->list, members->count, sizeof(parent),
		       compare_pids) != NULL;
}

/* Start times are counted in hundredths of a second: several processes fit into one. */
static bool is_before(const struct janus__members *members, const struct janus__member *a,
		      const struct janus__member *b)
{
	bool a_inside, b_inside;

	if (a->start_time != b->start_time)
		return a->start_time < b->start_time;
	if (a->nspid.count != b->nspid.count)
		return a->nspid.count < b->nspid.count;
	if ((a->nspid.last == 1) != (b->nspid.last == 1))
		return a->nspid.last == 1;
	a_inside = has_parent_inside(members, a);
	b_inside = has_parent_inside(members, b);
	if (a_inside != b_inside)
		return b_inside;
	return a->pid < b->pid;
}

const struct janus__member *janus__members_choose_init(struct janus__members *members)
{
	const struct janus__member *init = NULL;

	if (members->count)
		qsort(members->list, members->count, sizeof(*members->list),
		      compare_pids);
	for (size_t i = 0; i < members->count; i++) {
		const struct janus__member *member = &members->list[i];

		if (!member->is_dead && (!init || is_before(members, member, init)))
			init = member;
	}
	return init;
}
