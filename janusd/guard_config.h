/* SPDX-License-Identifier: MIT */
/*
 * What is asked for, checked: every limit and every word of a janus.v1.Guard is looked at here
 * (guard_target.c, guard_subject.c, guard_exception.c), before anything is done. Requests of
 * the old service become such a guard first, see legacy.h. Pure; from any thread.
 */
#ifndef JANUSD_GUARD_CONFIG_H
#define JANUSD_GUARD_CONFIG_H

#include <janus/watch.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "janus/v1/guard_service.pb-c.h"
#include "status.h"
#include "wire.h"

struct guard_image;
struct guard_image_target;
struct limit_settings;
struct template;

/* The name that goes where a request names no node. */
struct node_name {
	const char *name;
	bool strict; /* a request for another node is refused */
};

/* Where a guard came from. Guards of files have the file's path. */
#define GUARD_SOURCE_V1 "janus.v1"
#define GUARD_SOURCE_LEGACY "janus"

struct guard_config_options {
	const struct node_name *node;
	const struct limit_settings *limits;
	const char *source; /* copied */
};

/* Whom a lifeline is may be added to the exceptions of each subject: so many fit. */
#define GUARD_LIFELINES_MAX 16

struct guard_config {
	const char *name;
	const char *node; /* never empty */
	const char *pod;
	const char *source;
	const Janus__V1__Guard
		*guard; /* normalised: the same is the same, byte by byte */
	/* Instead of the targets of @guard, see guard_config_set_targets(). */
	const struct guard_image_target *found;
	size_t found_count;
	struct janus_subject *subjects;
	size_t subject_count;
	/*
	 * For each subject that has exceptions: where they are, with room for lifelines behind
	 * them; else NULL.
	 */
	struct janus_exception **exceptions;
	bool spared; /* the lifelines are there */
	uint64_t wait_ns;
	uint32_t on_failure;       /* as in janus_watch_options */
	struct template *template; /* given away by setting it NULL */
	size_t path_count;
	size_t bytes;   /* of memory that it takes */
	void *internal; /* what the strings are in */
};

/*
 * @v1_guard: the bytes of a janus.v1.Guard; nothing of them is kept.
 * Return: 0, or -1 with a status that names field, value and cause.
 */
int guard_config_create(struct guard_config **ret, struct wire_bytes v1_guard,
			const struct guard_config_options *options,
			struct status *status);

/*
 * The guard as the bytes of a janus.v1.Guard, normalised. Return: 0 with bytes that the caller
 * frees, or -ENOMEM.
 */
int guard_config_pack(const struct guard_config *config, struct wire_bytes *ret);

/* Whether both ask for the same, wherever that came from. */
bool guard_config_is_same(const struct guard_config *a, const struct guard_config *b);

/* Whether its words for fields are those of the old service. */
bool guard_config_is_legacy(const struct guard_config *config);

/* The targets of @image in place of those asked for. Return: 0, or -1: no memory. */
int guard_config_set_targets(struct guard_config *config,
			     const struct guard_image *image);

void guard_config_destroy(struct guard_config *config);

#endif
