/* SPDX-License-Identifier: MIT */
/*
 * The model: what somebody knows of a tree who has heard of it by events alone, and how that
 * compares with the tree.
 */
#ifndef TESTS_KERNEL_MODEL_H
#define TESTS_KERNEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <janus/event.h>

struct entry {
	char *path;
	uint32_t type; /* enum janus_file_type */
};

struct model {
	struct entry *entries;
	size_t count;
	size_t room;
	/* What the last rename replaced: the other half of an exchange may follow. */
	struct model *displaced;
	char *last_old;
	char *last_new;
	uint64_t last_sequence;
};

void model_init(struct model *model);
void model_done(struct model *model);

void model_add(struct model *model, const char *path, uint32_t type);
const struct entry *model_find(const struct model *model, const char *path);

/* A create adds, a delete takes away with all below, a rename moves with all below. */
void model_apply(struct model *model, const struct janus_event *event);

/* All that is below @root now. */
void model_walk(struct model *model, const char *root);

/* How many entries differ; they are printed if @loud. */
size_t model_compare(const struct model *told, const struct model *real, bool loud);

#endif
