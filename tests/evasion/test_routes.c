// SPDX-License-Identifier: MIT
/*
 * Each route is tried twice, in a fresh container each time: without a guard it has to lead to
 * the file, or it proves nothing; with one it has to end at EPERM.
 */
#include <errno.h>
#include <stdio.h>

#include <janus/error.h>

#include "harness.h"
#include "trial.h"

static const struct route_table *const tables[] = {
	&name_routes, &fd_routes, &mount_routes, &new_routes, &exec_routes,
};

static struct stage stage;

/* The opener has its answer before that is counted, and that is counted before it is told. */
static bool was_denied(uint64_t before)
{
	bool told = true;

	while (told && stage_stats(&stage).denied == before)
		told = janus_poll(stage.context, stage.buffer, BOUND_NS) > 0;
	return stage_stats(&stage).denied > before;
}

/* Whether it led past the guard. */
static bool leads_past(const struct route *route, const struct setting *setting)
{
	int unguarded = try_route(route, setting->place);
	uint64_t denied = stage_stats(&stage).denied;
	int guarded = try_route_guarded(&stage, route, setting);

	if (unguarded != 0)
		harness_fail(__FILE__, __LINE__, "%s: leads nowhere without a guard: %s",
			     route->name, janus_strerror(unguarded));
	if (guarded == -EPERM && was_denied(denied))
		return false;
	printf("     %s: %s\n", route->name,
	       guarded == 0        ? "GOT THROUGH"
	       : guarded == -EPERM ? "refused, but not by the guard"
				   : janus_strerror(guarded));
	fflush(stdout);
	return true;
}

/* Whether Linux has the route there, and lets a guard of that kind see it. */
static bool applies(const struct route *route, const struct setting *setting)
{
	if (setting->strategy == JANUS_STRATEGY_MOUNT &&
	    (route->not_in & BESIDE_THE_MOUNT))
		return false;
	return !(route->not_in & (1u << setting->place));
}

static void check_setting(const struct setting *setting)
{
	size_t tried = 0, past = 0;

	place_make_volume();
	stage_open(&stage);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (size_t k = 0; k < tables[i]->count; k++) {
			const struct route *route = &tables[i]->routes[k];

			if (!applies(route, setting))
				continue;
			tried++;
			past += leads_past(route, setting);
		}
	printf("     %zu routes, %zu led past the guard\n", tried, past);
	CHECK(tried > 0);
	CHECK_INT(past, 0);
	stage_close(&stage);
}

static void no_route_leads_past_a_guard_in_the_root(void)
{
	check_setting(&(struct setting){ .place = PLACE_OVERLAY });
}

static void no_route_leads_past_a_guard_in_a_root_with_handles(void)
{
	check_setting(&(struct setting){ .place = PLACE_EXPORTED });
}

/* As libjanus would choose it: the host has the file system, too. */
static void no_route_leads_past_a_guard_in_a_volume(void)
{
	check_setting(&(struct setting){ PLACE_VOLUME, JANUS_STRATEGY_MOUNT });
}

static void no_route_leads_past_a_guard_of_the_file_system_of_a_volume(void)
{
	check_setting(&(struct setting){ PLACE_VOLUME, JANUS_STRATEGY_FILESYSTEM });
}

static void no_route_leads_past_a_guard_in_a_tmpfs(void)
{
	check_setting(&(struct setting){ .place = PLACE_OWN_TMPFS });
}

/* Whoever comes by a name that the container does not know. */
static void the_hosts_path_of_a_volume_leads_to_the_same_verdict(void)
{
	struct actor container, stranger;
	char path[PATH_MAX];

	place_make_volume();
	stage_open(&stage);
	actor_start(&stranger);
	enter(&container, PLACE_VOLUME);
	place_host_path(path, container.pid, SECRET);
	CHECK_INT(try_open(&stranger, path), 0);
	guard_tree(&stage, &container, &(struct setting){ .place = PLACE_VOLUME }, 0);
	CHECK_INT(try_open(&stranger, path), -EPERM);
	place_host_path(path, container.pid, "/out/twin");
	CHECK_INT(try_open(&stranger, path), -EPERM);
	place_host_path(path, container.pid, "/out/foreign");
	CHECK_INT(try_open(&stranger, path), 0);
	stage_close(&stage);
	actor_end(&container);
	actor_end(&stranger);
}

static void what_lies_beside_the_tree_is_left_alone(void)
{
	struct actor container;

	place_make_volume();
	stage_open(&stage);
	for (int place = 0; place < PLACE_COUNT; place++) {
		char path[PATH_MAX];

		enter(&container, place);
		guard_tree(&stage, &container, &(struct setting){ .place = place }, 0);
		snprintf(path, sizeof(path), "%s/out", place_base(place));
		CHECK_INT(try_list(&container, path), 0);
		snprintf(path, sizeof(path), "%s/out/foreign", place_base(place));
		CHECK_INT(try_open(&container, path), 0);
		CHECK_INT(try_open(&container, "/usr/bin/true"), 0);
		CHECK_INT(try_open(&container, "/proc/self/status"), 0);
		actor_end(&container);
	}
	CHECK_INT(stage_stats(&stage).denied, 0);
	expect_nothing(&stage);
	stage_close(&stage);
}

static const struct test_case cases[] = {
	CASE(no_route_leads_past_a_guard_in_the_root),
	CASE(no_route_leads_past_a_guard_in_a_root_with_handles),
	CASE(no_route_leads_past_a_guard_in_a_volume),
	CASE(no_route_leads_past_a_guard_of_the_file_system_of_a_volume),
	CASE(no_route_leads_past_a_guard_in_a_tmpfs),
	CASE(the_hosts_path_of_a_volume_leads_to_the_same_verdict),
	CASE(what_lies_beside_the_tree_is_left_alone),
};

HARNESS_MAIN(cases)
