// SPDX-License-Identifier: MIT
/*
 * The return of all guards in a new worker. Each one is asked for again, as its controller
 * did, for the targets that it had. A container is the one with the same full id, a process
 * the one that started at the same time.
 */
#include <janus/container.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "guard_image.h"
#include "guard_state.h"
#include "guards_internal.h"
#include "log.h"
#include "process.h"
#include "settings.h"
#include "text.h"

/* How often a guard is tried whose targets end while that is done. */
#define TRIES 3

/* They were let in once. */
static const struct limit_settings no_limits = {
	.guards = UINT32_MAX,
	.targets_per_guard = UINT32_MAX,
	.subjects_per_guard = UINT32_MAX,
	.paths_per_guard = UINT32_MAX,
	.path_bytes = PATH_MAX,
	.tags_per_subject = UINT32_MAX,
	.request_bytes = UINT32_MAX,
};

struct restoring {
	struct guards *guards;
	const struct node_name *node;
	uint64_t generation; /* the highest that was seen */
	size_t in_force;
	size_t ended;
	size_t lost;
};

/* One guard on its way back. */
struct return_of {
	struct restoring *restoring;
	uint64_t serial;
	struct guard_image image;
	bool shrunk; /* some of its targets have ended */
};

static bool is_gone(const struct guard_image_target *target)
{
	struct janus_container *container = NULL;
	int error;

	if (target->again || (!target->cid && !target->pid))
		return false;
	if (!target->cid)
		return !target->start_time ||
		       process_start_time(target->pid) != target->start_time;
	error = janus_container_lookup(target->cid, &container);
	janus_container_destroy(container);
	return error == -ENOENT || error == -ESRCH;
}

static void tell(const struct guard_config *config, const char *what)
{
	struct text_quote name, pod, node;

	log_notice("guard '%s' (%s:%s): %s", text_quote(&name, config->name),
		   text_quote(&pod, config->pod), text_quote(&node, config->node), what);
}

static void tell_ended(const struct guard_config *config,
		       const struct guard_image_target *target)
{
	struct text_quote cid;
	char what[sizeof(cid.text) + 64];

	if (target->cid)
		snprintf(what, sizeof(what), "container '%s' has ended",
			 text_quote(&cid, target->cid));
	else
		snprintf(what, sizeof(what), "process '%" PRId32 "' has ended",
			 target->pid);
	tell(config, what);
}

/* Looking for containers takes time: that is done once one of them was not found. */
static void drop_ended(struct return_of *self, const struct guard_config *config,
		       bool with_containers)
{
	struct guard_image *image = &self->image;
	size_t i = 0;

	while (i < image->target_count) {
		const struct guard_image_target *target = &image->targets[i];

		if ((target->cid && !with_containers) || !is_gone(target)) {
			i++;
			continue;
		}
		tell_ended(config, target);
		guard_image_drop(image, i);
		self->shrunk = true;
	}
}

/* All that it was for has ended: as if this had been noticed when it happened. */
static void end(struct return_of *self, struct guard_config *config)
{
	struct guards *guards = self->restoring->guards;

	tell(config, "has ended with its targets, while nobody was there to see it");
	ended_add(&guards->ended, config);
	guards_forget(guards, self->serial);
	guard_config_destroy(config);
	self->restoring->ended++;
}

static void return_to_force(struct return_of *self, const struct guard *guard)
{
	struct guards *guards = self->restoring->guards;

	/* Two of the same names are one guard, under the first one's number. */
	if (guard->serial != self->serial) {
		guards_forget(guards, self->serial);
		self->shrunk = true;
	}
	if (self->shrunk)
		guards_save(guards, guard);
	self->restoring->in_force++;
}

/* Return: 0, or -1 with the cause in @status. */
static int try_once(struct return_of *self, bool with_containers, struct status *status)
{
	struct restoring *restoring = self->restoring;
	const struct guard_config_options options = {
		.node = restoring->node,
		.limits = &no_limits,
		.source = self->image.source,
	};
	struct guard_outcome outcome;
	struct guard_config *config;

	if (guard_config_create(&config, self->image.guard, &options, status))
		return -1;
	drop_ended(self, config, with_containers);
	if (!self->image.target_count) {
		end(self, config);
		return 0;
	}
	if (guard_config_set_targets(config, &self->image)) {
		guard_config_destroy(config);
		return status_set(status, STATUS_RESOURCE_EXHAUSTED, "no memory");
	}
	/* It keeps its number, and that of the change that made it. */
	restoring->guards->last_serial = self->serial - 1;
	restoring->guards->generation = self->image.generation - 1;
	guards_put(restoring->guards, config, NULL, &outcome);
	*status = outcome.status;
	if (!outcome.guard)
		return -1;
	return_to_force(self, outcome.guard);
	return 0;
}

static void lose(struct return_of *self, const char *cause)
{
	log_error("guard %" PRIu64 " of the last worker is not in force any more: %s",
		  self->serial, cause);
	guards_forget(self->restoring->guards, self->serial);
	self->restoring->lost++;
}

static void note_generation(struct restoring *restoring, uint64_t generation)
{
	if (generation > restoring->generation)
		restoring->generation = generation;
}

static void take_generation(struct restoring *restoring, struct wire_bytes value)
{
	uint64_t generation = 0;

	if (value.size == sizeof(generation))
		memcpy(&generation, value.data, sizeof(generation));
	note_generation(restoring, generation);
}

static void restore(void *userdata, uint64_t serial, struct wire_bytes value)
{
	struct return_of self = { userdata, serial };
	struct status status = { 0 };
	int tries = 0;

	if (serial == GUARDS_GENERATION_ID) {
		take_generation(userdata, value);
		return;
	}
	if (guard_image_unpack(&self.image, value)) {
		lose(&self, "what is known of it makes no sense");
		return;
	}
	note_generation(self.restoring, self.image.generation);
	while (try_once(&self, tries > 0, &status)) {
		if (status.code != STATUS_NOT_FOUND || ++tries == TRIES) {
			lose(&self, status.message);
			break;
		}
	}
	self.restoring->guards->last_serial = serial;
	guard_image_done(&self.image);
}

void guards_restore(struct guards *guards, const struct node_name *node)
{
	struct restoring restoring = { guards, node };

	if (!guards->options.state || !guard_state_count(guards->options.state))
		return;
	guards->restoring = true;
	guard_state_each(guards->options.state, restore, &restoring);
	guards->restoring = false;
	guards->generation = restoring.generation;
	if (guards->forgotten)
		guards_count_change(guards);
	if (!restoring.in_force && !restoring.ended && !restoring.lost)
		return;
	log_info("%zu guards are in force again, %zu have ended, %zu are lost",
		 restoring.in_force, restoring.ended, restoring.lost);
}
