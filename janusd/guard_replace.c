// SPDX-License-Identifier: MIT
/*
 * How a guard comes into force: new containers first, then those that old and new share,
 * in one step each; what only the old one had goes last, when the old guard is freed. A
 * failure undoes the steps before it. Owns the watches until they are in a guard.
 *
 * A pod's containers differ: where none of a guard's paths is in one of them, that one is
 * left alone and reported, as long as another one has some.
 */
#include <janus/container.h>
#include <janus/error.h>
#include <janus/watch.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guards_internal.h"
#include "log.h"
#include "process.h"
#include "text.h"
#include "util.h"

#define CONTAINER_CLEANUP cleanup(container_free)

static void container_free(struct janus_container **container)
{
	janus_container_destroy(*container);
}

struct replacing {
	struct guards *guards;
	struct guard *old; /* NULL: nothing is replaced */
	struct guard *fresh;
	struct guard_outcome *outcome;
	size_t in_force;    /* targets with a watch */
	struct status none; /* of the first target that has none of the paths */
	/* For each target of @fresh: the watch of @old says the new already. */
	bool updated[];
};

static const char *target_name(const struct guard_target *target, char buf[32])
{
	if (target->cid)
		return target->cid;
	snprintf(buf, 32, "%" PRId32, target->pid);
	return buf;
}

static const char *target_field(const struct guard_target *target)
{
	return target->cid ? "cid" : "pid";
}

static uint32_t container_code(int error)
{
	switch (error) {
	case -EINVAL:
	case -ENAMETOOLONG:
		return STATUS_INVALID_ARGUMENT;
	case -ENOENT:
	case -ESRCH:
		return STATUS_NOT_FOUND;
	case -ENOTUNIQ:
		return STATUS_FAILED_PRECONDITION;
	case -EAGAIN:
		return STATUS_UNAVAILABLE;
	case -EPERM:
	case -EACCES:
		return STATUS_PERMISSION_DENIED;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return STATUS_RESOURCE_EXHAUSTED;
	default:
		return STATUS_INTERNAL;
	}
}

static const char *container_cause(int error)
{
	switch (error) {
	case -EINVAL:
		return "is no container id";
	case -ENOENT:
		return "no container on this node has this id";
	case -ENOTUNIQ:
		return "more than one container's id starts with this";
	case -ESRCH:
		return "the container ended while it was looked at";
	case -EAGAIN:
		return "the container is not up yet: it has no root of its own";
	default:
		return janus_strerror(error);
	}
}

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

static bool has_target(const struct guard *guard, const char *cid, int32_t pid)
{
	for (size_t i = 0; i < guard->target_count; i++) {
		const struct guard_target *target = &guard->targets[i];

		if (cid ? target->cid && !strcmp(target->cid, cid)
			: !target->cid && target->pid == pid)
			return true;
	}
	return false;
}

static int resolve_container(struct guard *guard, size_t index, struct status *status)
{
	CONTAINER_CLEANUP struct janus_container *container = NULL;
	const char *asked = guard->config->cids[index];
	struct guard_target *target = &guard->targets[guard->target_count];
	struct text_quote quote;
	const char *cid;
	int error = janus_container_lookup(asked, &container);

	if (error)
		return status_set(status, container_code(error), "cid[%zu]: '%s': %s",
				  index, text_quote(&quote, asked),
				  container_cause(error));
	cid = janus_container_get_id(container);
	if (has_target(guard, cid, 0))
		return 0;
	target->cid = strdup(cid);
	if (!target->cid)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "cid[%zu]: no memory", index);
	target->pid = janus_container_get_init_pid(container);
	guard->target_count++;
	return 0;
}

/*
 * Looked at before the watch is made: if the pid goes to somebody else meanwhile, the next
 * worker finds that nobody is there, instead of the wrong one.
 */
static void add_process(struct guard *guard, int32_t pid)
{
	struct guard_target *target = &guard->targets[guard->target_count++];

	target->pid = pid;
	target->start_time = process_start_time(pid);
}

/* Containers by their full ids, so that one that is named twice counts once. */
static int resolve_targets(struct guard *guard, struct status *status)
{
	const struct guard_config *config = guard->config;

	guard->targets = calloc(config->cid_count + config->pid_count,
				sizeof(*guard->targets));
	if (!guard->targets)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED, "cid: no memory");
	for (size_t i = 0; i < config->cid_count; i++)
		if (resolve_container(guard, i, status))
			return -1;
	for (size_t i = 0; i < config->pid_count; i++)
		if (!has_target(guard, NULL, config->pids[i]))
			add_process(guard, config->pids[i]);
	return 0;
}

static struct guard_target *find_old(const struct replacing *replacing,
				     const struct guard_target *target)
{
	struct guard *old = replacing->old;

	if (!old)
		return NULL;
	for (size_t i = 0; i < old->target_count; i++) {
		struct guard_target *one = &old->targets[i];

		if (!one->watch || !one->cid != !target->cid)
			continue;
		if (one->cid ? !strcmp(one->cid, target->cid) : one->pid == target->pid)
			return one;
	}
	return NULL;
}

/* Of whoever keeps the node going nothing is denied. */
static void spare_lifelines(const struct guards_options *options,
			    struct guard_config *config)
{
	for (size_t i = 0; i < config->subject_count; i++) {
		if (!config->subjects[i].deny_count)
			continue;
		config->subjects[i].exceptions = options->lifelines;
		config->subjects[i].exception_count = options->lifeline_count;
	}
}

static struct janus_watch_options options_of(const struct replacing *replacing,
					     const struct guard *guard,
					     const struct guard_target *target)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	spare_lifelines(&replacing->guards->options, guard->config);
	options.subjects = guard->config->subjects;
	options.subject_count = guard->config->subject_count;
	options.cookie = guard->label->id;
	options.target = target->cid ? JANUS_TARGET_CONTAINER : JANUS_TARGET_PID;
	options.container_id = target->cid;
	options.pid = target->cid ? 0 : target->pid;
	options.on_failure = replacing->guards->options.on_failure;
	return options;
}

static void set_failure(struct status *status, const struct guard_target *target,
			int error, const struct janus_watch_report *report)
{
	/* No path was looked at: it is the target that went away meanwhile. */
	bool is_gone = error == -ENOENT && !report->skipped;
	bool is_early = error == -EAGAIN && !report->skipped;
	uint32_t code = is_gone    ? STATUS_NOT_FOUND
			: is_early ? STATUS_UNAVAILABLE
				   : watch_code(error);
	struct text_quote quote;
	char buf[32];

	status_set(status, code, "%s: '%s': %s", target_field(target),
		   text_quote(&quote, target_name(target, buf)),
		   *report->message ? report->message : janus_strerror(error));
}

static void add_report(struct replacing *replacing, const struct guard_target *target,
		       const struct janus_watch_report *report)
{
	struct guard_outcome *outcome = replacing->outcome;
	struct text_quote quote;
	char buf[32];

	outcome->paths += report->paths;
	if (!outcome->skipped && report->skipped)
		snprintf(outcome->skipped_first, sizeof(outcome->skipped_first),
			 "%s '%s': %.400s", target_field(target),
			 text_quote(&quote, target_name(target, buf)), report->message);
	outcome->skipped += report->skipped;
}

/* Return: 0, or -1 where the whole replacement fails. */
static int take_result(struct replacing *replacing, struct guard_target *target,
		       int error, const struct janus_watch_report *report)
{
	if (error && !is_none_markable(error, report)) {
		set_failure(&replacing->outcome->status, target, error, report);
		return -1;
	}
	if (report->pid)
		target->pid = report->pid;
	if (error && !replacing->none.code)
		set_failure(&replacing->none, target, error, report);
	if (!error)
		replacing->in_force++;
	add_report(replacing, target, report);
	return 0;
}

static int create_watch(struct replacing *replacing, struct guard_target *target)
{
	struct janus_watch_options options = options_of(replacing, replacing->fresh,
							target);
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	int error = janus_watch_create(replacing->guards->context, &target->watch,
				       &options, &report);

	return take_result(replacing, target, error, &report);
}

static int update_watch(struct replacing *replacing, size_t index)
{
	struct guard_target *target = &replacing->fresh->targets[index];
	struct guard_target *old = find_old(replacing, target);
	struct janus_watch_options options = options_of(replacing, replacing->fresh,
							target);
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	int error = janus_watch_update(old->watch, &options, &report);

	replacing->updated[index] = !error;
	return take_result(replacing, target, error, &report);
}

static int bring_into_force(struct replacing *replacing)
{
	struct guard *fresh = replacing->fresh;

	for (size_t i = 0; i < fresh->target_count; i++)
		if (!find_old(replacing, &fresh->targets[i]) &&
		    create_watch(replacing, &fresh->targets[i]))
			return -1;
	for (size_t i = 0; i < fresh->target_count; i++)
		if (find_old(replacing, &fresh->targets[i]) && update_watch(replacing, i))
			return -1;
	if (!replacing->in_force) {
		replacing->outcome->status = replacing->none;
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
		struct janus_watch_options options;
		struct guard_target *old;
		struct text_quote quote;
		char buf[32];

		if (!replacing->updated[i])
			continue;
		old = find_old(replacing, &fresh->targets[i]);
		options = options_of(replacing, replacing->old, old);
		if (janus_watch_update(old->watch, &options, &report))
			log_error(
				"guard '%s': %s '%s' could not be brought back to what it"
				" was and keeps the new paths: %s",
				text_quote(&quote, fresh->config->name),
				target_field(old), target_name(old, buf), report.message);
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

int guard_replace(struct guards *guards, struct guard *old, struct guard *fresh,
		  struct guard_outcome *ret)
{
	struct replacing *replacing;
	int result;

	if (resolve_targets(fresh, &ret->status))
		return -1;
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
