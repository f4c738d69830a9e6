// SPDX-License-Identifier: MIT
#include "v1_message.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

struct v1_target {
	Janus__V1__TargetStatus status;
	Janus__V1__Strategy strategies[3];
};

static void take_strategies(struct v1_target *ret, uint32_t mask)
{
	static const struct {
		uint32_t bit;
		Janus__V1__Strategy strategy;
	} known[] = {
		{ JANUS_STRATEGY_INODE, JANUS__V1__STRATEGY__STRATEGY_INODE },
		{ JANUS_STRATEGY_MOUNT, JANUS__V1__STRATEGY__STRATEGY_MOUNT },
		{ JANUS_STRATEGY_FILESYSTEM, JANUS__V1__STRATEGY__STRATEGY_FILESYSTEM },
	};

	ret->status.strategies = ret->strategies;
	for (size_t i = 0; i < ARRAY_COUNT(known); i++)
		if (mask & known[i].bit)
			ret->strategies[ret->status.n_strategies++] = known[i].strategy;
}

static void take_target(struct v1_target *ret, const struct guard *guard,
			const struct guard_target *target)
{
	const struct guard_report *report = &target->report;
	Janus__V1__TargetStatus *status = &ret->status;

	janus__v1__target_status__init(status);
	status->target = guard->config->guard->targets[target->index];
	status->state = (Janus__V1__GuardState)target->state;
	/* Without a process it is what was asked for, which stands in the target. */
	if (target->cid && target->pid)
		status->container_id = target->cid;
	status->pid = target->pid;
	status->paths = report->paths;
	status->marked = report->marked;
	status->skipped = report->skipped;
	status->waiting = report->waiting;
	status->tree_directories = report->tree_directories;
	status->tree_files = report->tree_files;
	status->tree_skipped = report->tree_skipped;
	status->tree_ignored = report->tree_ignored;
	take_strategies(ret, report->strategies);
	if (report->message)
		status->message = report->message;
}

int v1_status_init(struct v1_status *ret, const struct guard *guard)
{
	const struct label_tally *tally = guard->label->tally;
	Janus__V1__GuardStatus *status = &ret->status;

	ret->targets = calloc(guard->target_count + 1,
			      sizeof(*ret->targets) + sizeof(*status->targets));
	if (!ret->targets)
		return -1;
	janus__v1__guard_status__init(status);
	janus__v1__guard_counters__init(&ret->counters);
	/* The pointers lie behind what they point to. */
	status->targets = (void *)(ret->targets + guard->target_count + 1);
	for (size_t i = 0; i < guard->target_count; i++) {
		take_target(&ret->targets[i], guard, &guard->targets[i]);
		status->targets[status->n_targets++] = &ret->targets[i].status;
	}
	ret->counters.allowed = tally->allowed;
	ret->counters.denied = tally->denied;
	ret->counters.would_deny = tally->would_deny;
	ret->counters.observed = tally->observed;
	ret->counters.failed = tally->failed;
	status->counters = &ret->counters;
	status->state = (Janus__V1__GuardState)guard_state_of(guard);
	status->generation = guard->generation;
	status->source = (char *)(uintptr_t)guard->config->source;
	return 0;
}

void v1_status_done(struct v1_status *status)
{
	free(status->targets);
}
