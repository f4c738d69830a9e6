// SPDX-License-Identifier: MIT
#include "trial.h"

#include <stdio.h>

#include "harness.h"

static int run_prepare(const struct deed *deed)
{
	const struct route *route = deed->shared;

	return route->prepare ? route->prepare() : 0;
}

static int run_attempt(const struct deed *deed)
{
	const struct route *route = deed->shared;

	return route->attempt();
}

void enter(struct actor *container, enum place_kind place)
{
	struct deed deed = { .run = enter_place, .number = (int)place };

	actor_start(container);
	CHECK_INT(actor_do(container, &deed), 0);
}

static int take(struct actor *container, int (*half)(const struct deed *),
		const struct route *route)
{
	/* It is at the same place in the other process, and nobody writes to it. */
	return actor_do(container,
			&(struct deed){ .run = half, .shared = (void *)route });
}

struct janus_watch *guard_tree(struct stage *stage, const struct actor *container,
			       const struct setting *setting, uint32_t events)
{
	char tree[PATH_MAX];

	snprintf(tree, sizeof(tree), "%s" TREE, place_base(setting->place));
	return guard(stage, &(struct plan){ .deny = { tree },
					    .events = events,
					    .flags = JANUS_SUBJECT_RECURSIVE,
					    .strategy = setting->strategy,
					    .pid = container->pid });
}

static void prepare(struct actor *container, const struct route *route,
		    enum place_kind place)
{
	enter(container, place);
	if (take(container, run_prepare, route) != 0)
		harness_fail(__FILE__, __LINE__, "%s: cannot be prepared", route->name);
}

int try_route(const struct route *route, enum place_kind place)
{
	struct actor container;
	int result;

	prepare(&container, route, place);
	result = take(&container, run_attempt, route);
	actor_end(&container);
	return result;
}

int try_route_guarded(struct stage *stage, const struct route *route,
		      const struct setting *setting)
{
	struct janus_watch *watch;
	struct actor container;
	int result;

	prepare(&container, route, setting->place);
	watch = guard_tree(stage, &container, setting, route->events);
	result = take(&container, run_attempt, route);
	janus_watch_destroy(watch);
	actor_end(&container);
	return result;
}
