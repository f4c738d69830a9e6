/* SPDX-License-Identifier: MIT */
/*
 * The trial: a route is taken in a fresh container, with a guard or without one.
 */
#ifndef TESTS_EVASION_TRIAL_H
#define TESTS_EVASION_TRIAL_H

#include "routes.h"
#include "stage.h"

/* What came of it. Fails the case if it could not be prepared. */
int try_route(const struct route *route, enum place_kind place);
int try_route_guarded(struct stage *stage, const struct route *route,
		      enum place_kind place);

/* The same in steps. */
void enter(struct actor *container, enum place_kind place);
struct janus_watch *guard_tree(struct stage *stage, const struct actor *container,
			       enum place_kind place, uint32_t events);

#endif
