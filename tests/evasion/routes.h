/* SPDX-License-Identifier: MIT */
/*
 * Routes to a guarded file. Each function runs in the container's process and returns 0 or a
 * negative errno: that of the opening, reading or executing it tries.
 */
#ifndef TESTS_EVASION_ROUTES_H
#define TESTS_EVASION_ROUTES_H

#include <stddef.h>
#include <stdint.h>

#include "place.h"

/* A directory of a lower layer cannot be renamed there. */
#define LAYERED (1u << PLACE_OVERLAY)

/*
 * What is new has no mark yet. The mark of a mount is not that of its copies in other mount
 * namespaces, nor of a bind mount, and Linux has none that covers just one directory's share of
 * a file system: only a mark on all of it sees who comes that way. See test_limits.c.
 */
#define BESIDE_THE_MOUNT (1u << PLACE_COUNT)

struct route {
	const char *name;
	int (*prepare)(void); /* before the guard comes; may be NULL */
	int (*attempt)(void); /* when it is there */
	uint32_t events;      /* 0: JANUS_EVENT_OPEN */
	uint32_t not_in; /* bits (1 << enum place_kind) where Linux has no such route, or
			    BESIDE_THE_MOUNT */
};

struct route_table {
	const struct route *routes;
	size_t count;
};

extern const struct route_table name_routes, fd_routes, mount_routes, exec_routes,
	new_routes;

#define ROUTE_TABLE(array)                                                               \
	{                                                                                \
		array, sizeof(array) / sizeof((array)[0])                                \
	}

/* The usual last step. */
int open_flags(const char *path, int flags);
int open_it(const char *path); /* to read */

#endif
