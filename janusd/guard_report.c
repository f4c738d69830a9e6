// SPDX-License-Identifier: MIT
/*
 * What became of a guard: of each target what the library has last said, and of the whole of it
 * what that comes to. Decides nothing about what is guarded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guards_internal.h"
#include "log.h"
#include "text.h"

/* The library cuts what is too long, in the middle of a character if need be. */
static size_t whole_length(const char *text)
{
	const size_t length = strlen(text);
	size_t at = 0, taken;
	uint32_t point;

	while (at < length && (taken = text_utf8_next(text + at, length - at, &point)))
		at += taken;
	return at;
}

/* Without memory there is no message; the numbers say that something is missing. */
static void set_message(struct guard_report *report, const char *message)
{
	free(report->message);
	report->message = *message ? strndup(message, whole_length(message)) : NULL;
}

static uint32_t state_of(const struct janus_watch_report *report)
{
	if (report->pending)
		return JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING;
	if (!report->skipped && !report->tree_skipped && !report->waiting)
		return JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE;
	if (!report->marked)
		return report->waiting ? JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING
				       : JANUS__V1__GUARD_STATE__GUARD_STATE_FAILED;
	return JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL;
}

void guard_take_report(struct guard_target *target,
		       const struct janus_watch_report *report)
{
	struct guard_report *kept = &target->report;

	target->state = state_of(report);
	kept->paths = report->paths;
	kept->marked = report->marked;
	kept->skipped = report->skipped;
	kept->waiting = report->waiting;
	kept->tree_directories = report->tree_directories;
	kept->tree_files = report->tree_files;
	kept->tree_skipped = report->tree_skipped;
	kept->tree_ignored = report->tree_ignored;
	kept->strategies = report->strategies;
	set_message(kept, report->message);
}

void guard_take_failure(struct guard_target *target, const char *cause)
{
	target->state = JANUS__V1__GUARD_STATE__GUARD_STATE_FAILED;
	set_message(&target->report, cause);
}

/* One that is partly in force, or some that are and some that are not, make it partial. */
uint32_t guard_state_of(const struct guard *guard)
{
	size_t counts[JANUS__V1__GUARD_STATE__GUARD_STATE_FAILED + 1] = { 0 };

	for (size_t i = 0; i < guard->target_count; i++)
		counts[guard->targets[i].state]++;
	for (uint32_t state = JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE;
	     state <= JANUS__V1__GUARD_STATE__GUARD_STATE_FAILED; state++)
		if (guard->target_count && counts[state] == guard->target_count)
			return state;
	if (!counts[JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE] &&
	    !counts[JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL])
		return JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING;
	return JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL;
}

static bool is_same_report(const struct guard_report *a, const struct guard_report *b)
{
	const char *one = a->message ? a->message : "";
	const char *other = b->message ? b->message : "";

	return a->paths == b->paths && a->marked == b->marked &&
	       a->skipped == b->skipped && a->waiting == b->waiting &&
	       a->tree_skipped == b->tree_skipped && a->strategies == b->strategies &&
	       !strcmp(one, other);
}

bool guard_is_like(const struct guard *a, const struct guard *b)
{
	if (a->target_count != b->target_count)
		return false;
	for (size_t i = 0; i < a->target_count; i++) {
		const struct guard_target *one = &a->targets[i], *other = &b->targets[i];

		if (one->index != other->index || one->state != other->state ||
		    !guard_target_is_same(one, other) ||
		    !is_same_report(&one->report, &other->report))
			return false;
	}
	return true;
}

void guard_log_outcome(const struct guard_outcome *outcome)
{
	const struct guard *guard = outcome->guard;
	const struct guard_config *config = guard->config;
	struct text_quote name, pod, node;

	text_quote(&name, config->name);
	text_quote(&pod, config->pod);
	text_quote(&node, config->node);
	if (outcome->missing.code && !guard_config_is_legacy(config))
		log_warning(
			"guard '%s' (%s:%s): not every target is there; the first: %s",
			name.text, pod.text, node.text, outcome->missing.message);
	if (outcome->skipped)
		log_warning("guard '%s' (%s:%s): %" PRIu64 " of %" PRIu64 " paths are not"
			    " guarded; the first: %s",
			    name.text, pod.text, node.text, outcome->skipped,
			    outcome->paths, outcome->skipped_first);
	if (guard_state_of(guard) == JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING)
		log_info("guard '%s' (%s:%s) waits: %" PRIu64 " paths in %zu targets",
			 name.text, pod.text, node.text, outcome->paths,
			 guard->target_count);
	else
		log_info("guard '%s' (%s:%s) is in force: %" PRIu64
			 " paths in %zu targets",
			 name.text, pod.text, node.text,
			 outcome->paths - outcome->skipped, guard->target_count);
}
