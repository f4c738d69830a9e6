// SPDX-License-Identifier: MIT
#include "reload_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "text.h"
#include "util.h"

/* A guard of a file, as it was before. */
struct before {
	struct wire_bytes bytes;
	char *source;
	char *name;
	char *pod;
	char *node;
};

struct old {
	struct before *items;
	size_t count;
};

static void old_done(struct old *old)
{
	for (size_t i = 0; i < old->count; i++) {
		struct before *before = &old->items[i];

		free((void *)(uintptr_t)before->bytes.data);
		free(before->source);
		free(before->name);
		free(before->pod);
		free(before->node);
	}
	free(old->items);
}

static int keep(struct old *old, const struct guard_config *config)
{
	struct before *before = &old->items[old->count];

	old->count++;
	before->source = strdup(config->source);
	before->name = strdup(config->name);
	before->pod = strdup(config->pod);
	before->node = strdup(config->node);
	if (!before->source || !before->name || !before->pod || !before->node)
		return -ENOMEM;
	return guard_config_pack(config, &before->bytes);
}

static int keep_all(struct old *old, const struct guards *guards)
{
	const struct guard *guard = guards_next(guards, 0);

	old->items = calloc(guards_count(guards) + 1, sizeof(*old->items));
	if (!old->items)
		return -ENOMEM;
	for (; guard; guard = guards_next(guards, guard->serial))
		if (guard_is_of_file(guard) && keep(old, guard->config))
			return -ENOMEM;
	return 0;
}

static void fault(struct reload_plan *plan, size_t index, const char *cause)
{
	const struct manifest *manifest = &plan->manifests.items[index];
	const struct faults_place place = { .file = manifest->file,
					    .line = manifest->line,
					    .column = manifest->column };

	faults_add(&plan->faults, &place, "%s", cause);
}

/* Whether a guard of this plan has these names; its configs may be taken already. */
static bool is_planned(const struct reload_plan *plan, const struct before *before,
		       const char *own_node)
{
	for (size_t i = 0; i < plan->manifests.count; i++) {
		const struct manifest *manifest = &plan->manifests.items[i];
		const char *node = *manifest->node ? manifest->node : own_node;

		if (!strcmp(manifest->name, before->name) &&
		    !strcmp(manifest->pod, before->pod) && !strcmp(node, before->node))
			return true;
	}
	return false;
}

static void wish(const struct reload_apply *apply, struct guard_config *config,
		 struct guard_outcome *outcome)
{
	const struct guards_wish wish = { 0 };

	guards_wish(apply->guards, config, &wish, outcome);
	if (apply->between)
		apply->between(apply->userdata);
}

/* One that was not there before this reload. */
static void forget_new(const struct reload_apply *apply, const struct manifest *manifest,
		       const struct old *old)
{
	const char *node = *manifest->node ? manifest->node : apply->source->node->name;

	for (size_t i = 0; i < old->count; i++)
		if (!strcmp(old->items[i].name, manifest->name) &&
		    !strcmp(old->items[i].pod, manifest->pod) &&
		    !strcmp(old->items[i].node, node))
			return;
	guards_delete(apply->guards, manifest->name, manifest->pod, node);
}

static void bring_back(const struct reload_apply *apply, const struct before *before)
{
	const struct guard_config_options options = {
		apply->source->node, &apply->source->running->settings.limits,
		before->source
	};
	struct guard_config *config;
	struct guard_outcome outcome = { 0 };
	struct text_quote name;

	if (!guard_config_create(&config, before->bytes, &options, &outcome.status))
		wish(apply, config, &outcome);
	if (outcome.status.code)
		log_error("guard '%s' cannot be what it was before: %s",
			  text_quote(&name, before->name), outcome.status.message);
}

/* The first @count of the plan were in force. */
static void roll_back(const struct reload_apply *apply, const struct reload_plan *plan,
		      const struct old *old, size_t count)
{
	for (size_t i = 0; i < count; i++)
		forget_new(apply, &plan->manifests.items[i], old);
	for (size_t i = 0; i < old->count; i++)
		bring_back(apply, &old->items[i]);
}

static int apply_all(const struct reload_apply *apply, struct reload_plan *plan,
		     const struct old *old, struct reload_counts *ret)
{
	for (size_t i = 0; i < plan->manifests.count; i++) {
		struct guard_config *config = plan->guards[i];
		struct guard_outcome outcome;

		plan->guards[i] = NULL;
		wish(apply, config, &outcome);
		if (outcome.status.code) {
			fault(plan, i, outcome.status.message);
			roll_back(apply, plan, old, i);
			return -1;
		}
		ret->changed += !outcome.unchanged;
	}
	return 0;
}

int reload_apply(const struct reload_apply *apply, struct reload_plan *plan,
		 struct reload_counts *ret)
{
	const char *own_node = apply->source->node->name;
	cleanup(old_done) struct old old = { 0 };

	memset(ret, 0, sizeof(*ret));
	if (keep_all(&old, apply->guards)) {
		faults_add(&plan->faults, &(struct faults_place){ .file = "guards" },
			   "%s", strerror(ENOMEM));
		return -1;
	}
	if (apply_all(apply, plan, &old, ret))
		return -1;
	for (size_t i = 0; i < old.count; i++) {
		const struct before *gone = &old.items[i];

		if (!is_planned(plan, gone, own_node))
			ret->removed += guards_delete(apply->guards, gone->name,
						      gone->pod, gone->node);
	}
	ret->guards = plan->manifests.count;
	return 0;
}
