// SPDX-License-Identifier: MIT
/*
 * What the old service means by a request to destroy: names that are not given fit any guard.
 */
#include <string.h>

#include "guards_internal.h"
#include "text.h"

static bool has_pid(const struct guard *guard, const struct guard_match *match)
{
	for (size_t i = 0; i < guard->target_count; i++)
		for (size_t k = 0; k < match->pid_count; k++)
			if (guard->targets[i].pid == match->pids[k])
				return true;
	return false;
}

static bool is_meant(const struct guard *guard, const struct guard_match *match)
{
	const struct guard_config *config = guard->config;

	if (strcmp(config->node, match->node) != 0)
		return false;
	if (*match->name && strcmp(config->name, match->name) != 0)
		return false;
	if (*match->pod)
		return !strcmp(config->pod, match->pod);
	if (match->pid_count)
		return has_pid(guard, match);
	/* Guards of bare processes have no pod: their name is enough. */
	return !*config->pod;
}

static int refuse_match(const struct guard_match *match, struct status *status)
{
	struct text_quote node, pod, name;

	return status_set(status, STATUS_NOT_FOUND,
			  "%s: no guard has nodeName '%s', podName '%s'%s%s%s%s",
			  *match->pod ? "podName" : "pid", text_quote(&node, match->node),
			  text_quote(&pod, match->pod), *match->name ? ", name '" : "",
			  text_quote(&name, match->name), *match->name ? "'" : "",
			  *match->pod || !match->pid_count ? "" : " and one of the pids");
}

/* Return: -1 if one that is meant is of a file. */
static int check_files(const struct guards *guards, const struct guard_match *match,
		       struct status *status)
{
	struct text_quote name, file;

	for (size_t i = 0; i < guards->count; i++) {
		const struct guard *guard = guards->in_order[i];

		if (is_meant(guard, match) && guard_is_of_file(guard))
			return status_set(
				status, STATUS_FAILED_PRECONDITION,
				"name: guard '%s' is of file '%s'; remove it there",
				text_quote(&name, guard->config->name),
				text_quote(&file, guard->config->source));
	}
	return 0;
}

size_t guards_remove(struct guards *guards, const struct guard_match *match,
		     struct status *status)
{
	size_t kept = 0, removed;

	if (!*match->pod && !match->pid_count && !*match->name) {
		status_set(
			status, STATUS_INVALID_ARGUMENT,
			"podName: is empty, and neither name nor pid says which guard");
		return 0;
	}
	if (check_files(guards, match, status))
		return 0;
	for (size_t i = 0; i < guards->count; i++) {
		struct guard *guard = guards->in_order[i];

		if (!is_meant(guard, match)) {
			guards->in_order[kept++] = guard;
			continue;
		}
		guard_tell_removed(guard->config);
		guards_unlink(guards, guard);
		guards_forget(guards, guard->serial);
		guard_free(guards, guard);
	}
	removed = guards->count - kept;
	guards->count = kept;
	removed += ended_remove(&guards->ended, match);
	if (!removed)
		refuse_match(match, status);
	return removed;
}
