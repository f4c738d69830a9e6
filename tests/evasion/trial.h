/* SPDX-License-Identifier: MIT */
/*
 * The trial: a route is taken in a fresh container, with a guard or without one.
 */
#ifndef TESTS_EVASION_TRIAL_H
#define TESTS_EVASION_TRIAL_H

#include "routes.h"
#include "stage.h"

/* Where the tree lies, and how the guard is to notice what is new in it. */
struct setting {
	enum place_kind place;
	uint32_t strategy; /* 0: what libjanus chooses */
};

/* What came of it. Fails the case if it could not be prepared. */
int try_route(const struct route *route, enum place_kind place);
int try_route_guarded(struct stage *stage, const struct route *route,
		      const struct setting *setting);

/* The same in steps. */
void enter(struct actor *container, enum place_kind place);
struct janus_watch *guard_tree(struct stage *stage, const struct actor *container,
			       const struct setting *setting, uint32_t events);

#endif
