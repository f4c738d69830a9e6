// SPDX-License-Identifier: MIT
/*
 * How a guard comes into force: new containers first, then those that old and new share,
 * in one step each; what only the old one had goes last, when the old guard is freed. A
 * failure undoes the steps before it. Owns the watches until they are in a guard.
 *
 * A pod's containers differ: where none of a guard's paths is in one of them, that one is
 * left alone and reported, as long as another one has some.
 */
#include <janus/error.h>
#include <janus/watch.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guards_internal.h"
#include "log.h"
#include "text.h"

struct replacing {
	struct guards *guards;
	struct guard *old; /* NULL: nothing is replaced */
	struct guard *fresh;
	struct guard_outcome *outcome;
	size_t in_force; /* targets with a watch */
	/* For each target of @fresh: the watch of @old says the new already. */
	bool updated[];
};

static uint32_t watch_code(int error)
{
	switch (error) {
	case -EINVAL:
	case -ENAMETOOLONG:
	case -E2BIG:
		return STATUS_INVALID_ARGUMENT;
	case -ESRCH:
		return STATUS_NOT_FOUND;
	case -ENOENT:
	case -ELOOP:
	case -ENOTDIR:
	case -EMEDIUMTYPE:
	case -EREMOTE:
	case -EAGAIN:
	case -ENOTUNIQ:
	case -EOPNOTSUPP:
		return STATUS_FAILED_PRECONDITION;
	case -EPERM:
	case -EACCES:
		return STATUS_PERMISSION_DENIED;
	case -ENOSPC:
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return STATUS_RESOURCE_EXHAUSTED;
	default:
		return STATUS_INTERNAL;
	}
}

/* The target is there, and none of the paths is something that can be guarded. */
static bool is_none_markable(int error, const struct janus_watch_report *report)
{
	if (report->skipped < report->paths || !report->paths)
		return false;
	return error == -ENOENT || error == -ELOOP || error == -ENOTDIR ||
	       error == -EMEDIUMTYPE || error == -EREMOTE || error == -EOPNOTSUPP;
}

static struct guard_target *find_old(const struct replacing *replacing,
				     const struct guard_target *target)
{
	struct guard *old = replacing->old;

	if (!old)
		return NULL;
	for (size_t i = 0; i < old->target_count; i++) {
		struct guard_target *one = &old->targets[i];

		if (one->watch && guard_target_is_same(one, target))
			return one;
	}
	return NULL;
}

/* Of whoever keeps the node going nothing is denied; see guard_subjects.c. */
static void spare(const struct guards_options *options, struct guard_config *config,
		  size_t index)
{
	struct janus_subject *subject = &config->subjects[index];
	const bool only = subject->flags & JANUS_SUBJECT_ONLY;

	if (subject->mode == JANUS_MODE_AUDIT ||
	    !(only ? subject->allow_count : subject->deny_count))
		return;
	if (!config->exceptions[index]) {
		subject->exceptions = options->lifelines;
		subject->exception_count = options->lifeline_count;
		return;
	}
	for (size_t i = 0; i < options->lifeline_count; i++)
		config->exceptions[index][subject->exception_count++] =
			options->lifelines[i];
}

static void spare_lifelines(const struct guards_options *options,
			    struct guard_config *config)
{
	for (size_t i = 0; !config->spared && i < config->subject_count; i++)
		spare(options, config, i);
	config->spared = true;
}

static struct janus_watch_options options_of(const struct guards *guards,
					     const struct guard *guard,
					     const struct guard_target *target)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct guard_config *config = guard->config;

	spare_lifelines(&guards->options, config);
	options.subjects = config->subjects;
	options.subject_count = config->subject_count;
	options.cookie = guard->label->id;
	options.on_failure = config->on_failure ? config->on_failure
						: guards->options.on_failure;
	options.directory_limit = config->guard->directory_limit;
	if (target->cid) {
		options.target = JANUS_TARGET_CONTAINER;
		options.container_id = target->cid;
		options.wait_ns = config->wait_ns;
	} else if (target->pid) {
		options.target = JANUS_TARGET_PID;
		options.pid = target->pid;
	}
	return options;
}

/* No path was looked at: it is the target that is not there. */
static bool is_target_gone(int error, const struct janus_watch_report *report)
{
	return (error == -ENOENT || error == -ESRCH) && !report->skipped;
}

static bool is_target_early(int error, const struct janus_watch_report *report)
{
	return error == -EAGAIN && !report->skipped;
}

static void set_failure(const struct replacing *replacing,
			const struct guard_target *target, int error,
			const struct janus_watch_report *report, struct status *status)
{
	uint32_t code = is_target_gone(error, report)    ? STATUS_NOT_FOUND
			: is_target_early(error, report) ? STATUS_UNAVAILABLE
							 : watch_code(error);
	char place[GUARD_PLACE_SIZE], name[32];
	struct text_quote quote;

	status_set(status, code, "%s: '%s': %s",
		   guard_place(place, replacing->fresh, target),
		   text_quote(&quote, guard_target_name(target, name)),
		   *report->message ? report->message : janus_strerror(error));
}

/* A target that cannot be guarded leaves the others alone. */
static bool is_bearable(const struct replacing *replacing, int error,
			const struct janus_watch_report *report)
{
	if (is_none_markable(error, report))
		return true;
	return !guard_config_is_legacy(replacing->fresh->config) &&
	       (is_target_gone(error, report) || is_target_early(error, report));
}

static void add_report(struct replacing *replacing, const struct guard_target *target,
		       const struct janus_watch_report *report)
{
	struct guard_outcome *outcome = replacing->outcome;
	char place[GUARD_PLACE_SIZE], name[32];
	struct text_quote quote;

	outcome->paths += report->paths;
	if (!outcome->skipped && report->skipped)
		snprintf(outcome->skipped_first, sizeof(outcome->skipped_first),
			 "%s '%s': %.400s", guard_place(place, replacing->fresh, target),
			 text_quote(&quote, guard_target_name(target, name)),
			 report->message);
	outcome->skipped += report->skipped;
}

/* Return: 0, or -1 where the whole replacement fails. */
static int take_result(struct replacing *replacing, struct guard_target *target,
		       int error, const struct janus_watch_report *report)
{
	struct status *none = &replacing->outcome->missing;

	if (error && !is_bearable(replacing, error, report)) {
		set_failure(replacing, target, error, report,
			    &replacing->outcome->status);
		return -1;
	}
	if (report->pid)
		target->pid = report->pid;
	if (error && !none->code)
		set_failure(replacing, target, error, report, none);
	guard_take_report(target, report);
	if (error)
		guard_take_failure(target, *report->message ? report->message
							    : janus_strerror(error));
	else
		replacing->in_force++;
	add_report(replacing, target, report);
	return 0;
}

static int create_watch(struct replacing *replacing, struct guard_target *target)
{
	struct janus_watch_options options = options_of(replacing->guards,
							replacing->fresh, target);
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	int error = janus_watch_create(replacing->guards->context, &target->watch,
				       &options, &report);

	return take_result(replacing, target, error, &report);
}

static int update_watch(struct replacing *replacing, size_t index)
{
	struct guard_target *target = &replacing->fresh->targets[index];
	struct guard_target *old = find_old(replacing, target);
	struct janus_watch_options options = options_of(replacing->guards,
							replacing->fresh, target);
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	int error = janus_watch_update(old->watch, &options, &report);

	replacing->updated[index] = !error;
	return take_result(replacing, target, error, &report);
}

/* It was not there when it was looked for: no watch is made for it. */
static bool is_missing(const struct guard_target *target)
{
	return target->state == JANUS__V1__GUARD_STATE__GUARD_STATE_FAILED;
}

static int bring_into_force(struct replacing *replacing)
{
	struct guard *fresh = replacing->fresh;

	for (size_t i = 0; i < fresh->target_count; i++)
		if (!is_missing(&fresh->targets[i]) &&
		    !find_old(replacing, &fresh->targets[i]) &&
		    create_watch(replacing, &fresh->targets[i]))
			return -1;
	for (size_t i = 0; i < fresh->target_count; i++)
		if (!is_missing(&fresh->targets[i]) && !fresh->targets[i].watch &&
		    find_old(replacing, &fresh->targets[i]) && update_watch(replacing, i))
			return -1;
	if (!replacing->in_force) {
		replacing->outcome->status = replacing->outcome->missing;
		return -1;
	}
	return 0;
}

/* Watches that were created go with @fresh. */
static void undo(struct replacing *replacing)
{
	struct guard *fresh = replacing->fresh;

	for (size_t i = 0; i < fresh->target_count; i++) {
		struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
		char place[GUARD_PLACE_SIZE], name[32];
		struct janus_watch_options options;
		struct guard_target *old;
		struct text_quote quote;

		if (!replacing->updated[i])
			continue;
		old = find_old(replacing, &fresh->targets[i]);
		options = options_of(replacing->guards, replacing->old, old);
		if (janus_watch_update(old->watch, &options, &report))
			log_error(
				"guard '%s': %s '%s' could not be brought back to what it"
				" was and keeps the new paths: %s",
				text_quote(&quote, fresh->config->name),
				guard_place(place, replacing->old, old),
				guard_target_name(old, name), report.message);
	}
}

static void commit(struct replacing *replacing)
{
	struct guard *fresh = replacing->fresh;

	for (size_t i = 0; i < fresh->target_count; i++) {
		struct guard_target *old;

		if (!replacing->updated[i])
			continue;
		old = find_old(replacing, &fresh->targets[i]);
		fresh->targets[i].watch = old->watch;
		old->watch = NULL;
	}
}

int guard_refresh(struct guards *guards, struct guard *guard, struct guard_target *target)
{
	struct janus_watch_options options = options_of(guards, guard, target);
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	int error = janus_watch_update(target->watch, &options, &report);

	if (!error)
		guard_take_report(target, &report);
	return error;
}

int guard_replace(struct guards *guards, struct guard *old, struct guard *fresh,
		  struct guard_outcome *ret)
{
	struct replacing *replacing;
	int result;

	replacing = calloc(1, sizeof(*replacing) + fresh->target_count);
	if (!replacing)
		return status_set(&ret->status, STATUS_RESOURCE_EXHAUSTED,
				  "request: no memory");
	replacing->guards = guards;
	replacing->old = old;
	replacing->fresh = fresh;
	replacing->outcome = ret;
	result = bring_into_force(replacing);
	if (result)
		undo(replacing);
	else
		commit(replacing);
	free(replacing);
	return result;
}
