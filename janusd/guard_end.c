// SPDX-License-Identifier: MIT
/*
 * What watches say of themselves: that one which waited has started, and that one has ended, with
 * its container or for having waited in vain.
 */
#include <janus/container.h>
#include <janus/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guards_internal.h"
#include "log.h"
#include "text.h"
#include "util.h"

static void tell(const struct guard *guard, const struct guard_target *target,
		 const char *what, int error)
{
	struct text_quote name, pod, node, quote;
	const char *kind = target->cid ? "container" : "process";
	char buf[32];

	log_notice("guard '%s' (%s:%s): %s '%s' %s%s%s",
		   text_quote(&name, guard->config->name),
		   text_quote(&pod, guard->config->pod),
		   text_quote(&node, guard->config->node), kind,
		   text_quote(&quote, guard_target_name(target, buf)), what,
		   error ? ": " : "", error ? janus_strerror(error) : "");
}

/* Return: the target whose watch that is; NULL: it was replaced, or has gone. */
static struct guard_target *find(const struct guards *guards, uint64_t label_id,
				 uint64_t watch_id, struct guard **ret)
{
	const struct label *label = labels_find(guards->labels, label_id);
	struct guard *guard = label ? label->guard : NULL;

	for (size_t i = 0; guard && i < guard->target_count; i++)
		if (janus_watch_get_id(guard->targets[i].watch) == watch_id) {
			*ret = guard;
			return &guard->targets[i];
		}
	return NULL;
}

/* By now it has a full id. What was asked for stays known by the target's index. */
static void name_container(struct guard_target *target)
{
	struct janus_container *container = NULL;
	char *cid;

	if (janus_container_lookup(target->cid, &container))
		return;
	cid = strdup(janus_container_get_id(container));
	if (cid) {
		free(target->cid);
		target->cid = cid;
		target->pid = janus_container_get_init_pid(container);
	}
	janus_container_destroy(container);
}

/* The event has no report; looking again has one, and changes nothing that is guarded. */
void guards_start(struct guards *guards, uint64_t label_id, uint64_t watch_id, int error)
{
	struct guard *guard = NULL;
	struct guard_target *target = find(guards, label_id, watch_id, &guard);

	if (!target)
		return;
	tell(guard, target, "is there, and guarded", error);
	name_container(target);
	if (guard_refresh(guards, guard, target))
		target->state = error ? JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL
				      : JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE;
	guards_save(guards, guard);
}

static void remove_target(struct guard *guard, struct guard_target *target)
{
	struct guard_target *last = &guard->targets[guard->target_count - 1];

	guard_target_done(target);
	memmove(target, target + 1, (size_t)(last - target) * sizeof(*target));
	guard->target_count--;
}

static bool guards_something(const struct guard *guard)
{
	for (size_t i = 0; i < guard->target_count; i++)
		if (guard->targets[i].watch)
			return true;
	return false;
}

/* Whoever asked shall see what became of it. */
static void fail(struct guard *guard, struct guard_target *target, int error)
{
	char place[GUARD_PLACE_SIZE], cause[TEXT_QUOTE_SIZE + 256];
	struct text_quote quote;

	snprintf(cause, sizeof(cause), "%s: '%s': %s", guard_place(place, guard, target),
		 text_quote(&quote, target->cid), janus_strerror(error));
	janus_watch_destroy(target->watch);
	target->watch = NULL;
	guard_take_failure(target, cause);
	tell(guard, target, "is not guarded", error);
}

void guards_end(struct guards *guards, uint64_t label_id, uint64_t watch_id, int error)
{
	struct guard *guard = NULL;
	struct guard_target *target = find(guards, label_id, watch_id, &guard);

	if (!target)
		return;
	if (error && target->cid &&
	    target->state == JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING) {
		fail(guard, target, error);
		return;
	}
	tell(guard, target, "has ended", error);
	remove_target(guard, target);
	if (guards_something(guard))
		return;
	ended_add(&guards->ended, guard->config);
	guard_tell_removed(guard->config);
	guards_drop(guards, guard);
}
