/* SPDX-License-Identifier: MIT */
/*
 * What a controller asks for, checked: every limit and every word of a JanusdConfig is
 * looked at here, before anything is done. Pure; from any thread.
 */
#ifndef JANUSD_GUARD_CONFIG_H
#define JANUSD_GUARD_CONFIG_H

#include <janus/watch.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"
#include "wire.h"

struct guard_image;
struct template;

/* The name that goes where a request names no node. */
struct node_name {
	const char *name;
	bool strict; /* a request for another node is refused */
};

struct guard_config {
	const char *name;
	const char *node; /* never empty */
	const char *pod;
	char *const *cids;
	size_t cid_count;
	const int32_t *pids;
	size_t pid_count;
	struct janus_subject *subjects;
	size_t subject_count;
	struct template *template; /* given away by setting it NULL */
	size_t path_count;
	size_t bytes;              /* of memory that it takes, without the request */
	struct wire_bytes request; /* a copy, until guard_config_drop_request() */
	void *internal;            /* what the strings are in */
};

/*
 * @request: the bytes of a JanusdConfig; copied.
 * Return: 0, or -1 with a status that names field, value and cause.
 */
int guard_config_create(struct guard_config **ret, struct wire_bytes request,
			const struct node_name *node, struct status *status);

/* It is not needed any more. */
void guard_config_drop_request(struct guard_config *config);

/* The targets of @image in place of those that the request names. Return: 0, or -1: no memory. */
int guard_config_set_targets(struct guard_config *config,
			     const struct guard_image *image);

void guard_config_destroy(struct guard_config *config);

#endif
