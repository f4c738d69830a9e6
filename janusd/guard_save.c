// SPDX-License-Identifier: MIT
/*
 * What the next worker is told of guards, and of how many changes there have been.
 */
#include <janus/error.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"
#include "guard_state.h"
#include "guards_internal.h"
#include "log.h"
#include "text.h"
#include "util.h"

static int write_image(struct guards *guards, const struct guard *guard)
{
	autofree struct guard_image_target *targets = NULL;
	struct guard_image image = {
		.target_count = guard->target_count,
		.generation = guard->generation,
		.source = (char *)(uintptr_t)guard->config->source,
	};
	struct wire_bytes packed;
	int error;

	targets = calloc(guard->target_count + 1, sizeof(*targets));
	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < guard->target_count; i++) {
		const struct guard_target *target = &guard->targets[i];

		targets[i] = (struct guard_image_target){
			.cid = target->cid,
			.pid = target->pid,
			.start_time = target->start_time,
			.index = target->index,
			.again = target->cid && !target->pid,
		};
	}
	image.targets = targets;
	error = guard_config_pack(guard->config, &image.guard);
	if (error)
		return error;
	error = guard_image_pack(&image, &packed);
	free((void *)(uintptr_t)image.guard.data);
	if (error)
		return error;
	error = guard_state_put(guards->options.state, guard->serial, packed);
	free((void *)(uintptr_t)packed.data);
	return error;
}

void guards_save(struct guards *guards, const struct guard *guard)
{
	struct text_quote name, pod, node;
	int error = guards->options.state ? write_image(guards, guard) : 0;

	if (error)
		log_error("guard '%s' (%s:%s) is in force, but the next process would not"
			  " know of it: %s",
			  text_quote(&name, guard->config->name),
			  text_quote(&pod, guard->config->pod),
			  text_quote(&node, guard->config->node), janus_strerror(error));
}

/* No guard has the number of this change, so it is kept for itself. */
void guards_count_change(struct guards *guards)
{
	struct wire_bytes value = { (const uint8_t *)&guards->generation,
				    sizeof(guards->generation) };
	int error = 0;

	guards->generation++;
	if (guards->options.state)
		error = guard_state_put(guards->options.state, GUARDS_GENERATION_ID,
					value);
	if (error)
		log_error("the next process may count changes from an earlier one on: %s",
			  janus_strerror(error));
}

void guards_forget(struct guards *guards, uint64_t serial)
{
	int error = guards->options.state
			    ? guard_state_remove(guards->options.state, serial)
			    : 0;

	if (error)
		log_error("guard %" PRIu64 " is gone, but the next process would bring it"
			  " back: %s",
			  serial, janus_strerror(error));
	/* While the state is read nothing else in it may change. */
	if (guards->restoring)
		guards->forgotten = true;
	else
		guards_count_change(guards);
}
