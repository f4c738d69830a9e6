// SPDX-License-Identifier: MIT
/*
 * Owns the order of steps in which a watch comes, changes and goes: mark first, then let the
 * rules speak in one step, then, a moment later, unmark. At no point is an access undecided.
 */
#include "watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <janus/watch.h>

#include "context.h"
#include "cover.h"
#include "excepted.h"
#include "needs.h"
#include "options.h"
#include "report.h"
#include "root.h"
#include "spec.h"
#include "tend.h"
#include "util.h"

static int cover(struct janus_watch *watch, const struct janus__root *root,
		 struct janus__goal *goal)
{
	struct janus__cover cover;
	int err;

	janus__cover_init(&cover, &watch->context->marker, root, goal->spec);
	cover.coverage = &goal->coverage;
	cover.report = goal->report;
	cover.progress = goal->progress;
	cover.progress_userdata = goal->progress_userdata;
	/* First, so that no mount is between what is walked through and what is told. */
	if (janus__needs_following(goal->spec))
		janus__follower_watch_mounts(&watch->context->follower,
					     &watch->context->proc, root->process.pid);
	err = janus__cover_spec(&cover);
	for (struct janus__tree *tree = goal->coverage.trees; !err && tree;
	     tree = tree->next_of_watch)
		(void)janus__follow_note_mounts(tree, &cover.places);
	janus__cover_done(&cover);
	return err;
}

/* Know when the process whose root it is ends. */
static int hold_life(struct janus_watch *watch, const struct janus__root *root,
		     struct janus__goal *goal)
{
	struct janus_context *context = watch->context;
	int err;

	if (!root->process.pid)
		return 0;
	err = janus__lives_hold(&context->lives, &context->proc, root->process,
				&goal->life);
	goal->absent = err == -ESRCH && goal->spec->container_id;
	return err ? janus__report_fail(goal->report, err, "target",
					"it cannot be told when its process ends")
		   : 0;
}

/* What the target is, and who is meant by exceptions. */
static int identify_target(struct janus_watch *watch, struct janus__root *root,
			   struct janus__goal *goal)
{
	const struct janus__proc *proc = &watch->context->proc;
	int err = hold_life(watch, root, goal);

	if (err)
		return err;
	goal->spec->owner = root->process;
	free(goal->spec->container);
	goal->spec->container = root->container;
	goal->spec->runtime = root->runtime;
	root->container = NULL;
	free(goal->spec->root);
	goal->spec->root = NULL;
	err = janus__root_name(root, proc, &goal->spec->root);
	if (err)
		return janus__report_fail(goal->report, err, "target",
					  "its root has no name");
	return janus__excepted_prepare(goal->spec, root, proc, goal->report);
}

/* Everything before the rules speak. On success the goal's coverage is marked. */
static int prepare(struct janus_watch *watch, struct janus__goal *goal)
{
	struct janus_context *context = watch->context;
	struct janus__spec *spec = goal->spec;
	struct janus__root root;
	int err = 0;

	/* What cannot be had is found missing below, in words. */
	if (janus__needs_following(spec))
		err = janus__context_follow(context);
	if (err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EAGAIN)
		return janus__report_fail(goal->report, err, "context",
					  "observation cannot be started");
	err = janus__needs_check(context->features, spec, goal->report);
	if (err)
		return err;
	err = janus__root_open(&root, &context->proc, spec, goal->report);
	goal->absent = spec->container_id &&
		       (err == -ENOENT || err == -EAGAIN || err == -ESRCH);
	if (err)
		return err;
	err = identify_target(watch, &root, goal);
	if (!err)
		err = cover(watch, &root, goal);
	janus__root_done(&root);
	return err;
}

/* Let other rules speak instead of the watch's present ones, if it has any. */
static int swap_rules(struct janus_watch *watch, struct janus__spec *spec,
		      const struct janus__coverage *coverage)
{
	const struct janus__change change = {
		.old_spec = watch->spec,
		.old_wanted = watch->coverage.wanted,
		.old_count = watch->coverage.count,
		.new_spec = spec,
		.new_wanted = coverage->wanted,
		.new_count = coverage->count,
	};

	return janus__rules_swap(&watch->context->rules, &change);
}

/* The new options come into force; the marks of the old ones stay for a moment. */
static int replace(struct janus_watch *watch, const struct janus__goal *goal)
{
	struct janus__lingering *former = calloc(1, sizeof(*former));
	int err = former ? swap_rules(watch, goal->spec, &goal->coverage) : -ENOMEM;

	if (err || !watch->spec) {
		free(former);
	} else {
		janus__coverage_activate(&watch->coverage, false);
		former->spec = watch->spec;
		former->coverage = watch->coverage;
		janus__linger_add(&watch->context->linger, former);
	}
	if (err)
		return err;
	janus__lives_release(&watch->context->lives, watch->life);
	watch->spec = goal->spec;
	watch->coverage = goal->coverage;
	watch->life = goal->life;
	janus__coverage_activate(&watch->coverage, true);
	janus__quiet_clear(&watch->context->quiet);
	return 0;
}

/* Whether nothing but this watch is covered. */
static bool is_last(const struct janus_watch *watch)
{
	const struct janus_context *context = watch->context;

	return context->watches == watch && !watch->next && !context->linger.first;
}

/* What a retired watch still holds. -ENOMEM: it holds it still, and is silent. */
static int withdraw(struct janus_watch *watch)
{
	const struct janus__coverage none = { 0 };
	int err = swap_rules(watch, NULL, &none);

	if (err)
		return err;
	janus__cover_release(&watch->context->marker, watch->spec, &watch->coverage,
			     is_last(watch));
	janus__spec_unref(watch->spec);
	watch->spec = NULL;
	watch->coverage = none;
	janus__lives_release(&watch->context->lives, watch->life);
	watch->life = NULL;
	return 0;
}

static void free_watch(struct janus_watch *watch)
{
	free(watch->start);
	free(watch->end);
	free(watch);
}

/* Watches that could not go for want of memory get another chance. They are silent already. */
void janus__watches_reap(struct janus_context *context)
{
	struct janus_watch **link = &context->watches;

	while (*link) {
		struct janus_watch *watch = *link;

		if (watch->spec && watch->spec->retired)
			(void)withdraw(watch);
		if (watch->spec || !watch->destroyed) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		free_watch(watch);
	}
}

void janus__watch_retire(struct janus_watch *watch)
{
	if (!watch->spec)
		return;
	atomic_store(&watch->spec->retired, true);
	janus__coverage_activate(&watch->coverage, false);
}

int janus__watch_enforce(struct janus_watch *watch, struct janus__goal *goal)
{
	int err = prepare(watch, goal);

	if (!err) {
		err = replace(watch, goal);
		if (!err)
			return 0;
		janus__report_fail(goal->report, err, "rules", "no memory");
		janus__cover_release(&watch->context->marker, goal->spec, &goal->coverage,
				     false);
	}
	janus__lives_release(&watch->context->lives, goal->life);
	goal->life = NULL;
	return err;
}

int janus__watch_have_notices(struct janus_watch *watch)
{
	if (!watch->end)
		watch->end = calloc(1, sizeof(*watch->end));
	if (!watch->start)
		watch->start = calloc(1, sizeof(*watch->start));
	return watch->end && watch->start ? 0 : -ENOMEM;
}

/* There is no such container yet. */
static void wait_for_target(struct janus_watch *watch, struct janus__goal *goal,
			    uint64_t wait_ns)
{
	struct janus_watch_report *report = goal->report;
	uint64_t paths = report->paths;

	*report = (struct janus_watch_report)JANUS_WATCH_REPORT_INIT;
	report->paths = paths;
	report->pending = 1;
	janus__tend_forget(watch);
	watch->waiting = goal->spec;
	janus__tend_wait(watch, wait_ns);
}

static int apply(struct janus_watch *watch, const struct janus_watch_options *options,
		 struct janus_watch_report *report)
{
	struct janus__goal goal = {
		.report = report,
		.progress = options->progress,
		.progress_userdata = options->progress_userdata,
	};
	int err;

	janus__watches_reap(watch->context);
	janus__tend_finish(watch);
	err = janus__watch_have_notices(watch);
	if (err)
		return janus__report_fail(report, err, "watch", "no memory");
	err = janus__spec_create(&goal.spec, options, report);
	if (err)
		return err;
	goal.spec->watch_id = watch->id;
	err = janus__watch_enforce(watch, &goal);
	if (!err) {
		janus__tend_forget(watch);
		return 0;
	}
	if (goal.absent && options->wait_ns) {
		wait_for_target(watch, &goal, options->wait_ns);
		return 0;
	}
	janus__spec_unref(goal.spec);
	return err;
}

/* The follower waits until the watch is what it shall be. */
static int apply_locked(struct janus_watch *watch,
			const struct janus_watch_options *options,
			struct janus_watch_report *report)
{
	int err;

	pthread_mutex_lock(&watch->context->engine);
	err = apply(watch, options, report);
	pthread_mutex_unlock(&watch->context->engine);
	if (!err)
		janus__context_expire(watch->context);
	return err;
}

/* Bring options and report over the border, and back. */
static int apply_public(struct janus_watch *watch,
			const struct janus_watch_options *given,
			struct janus_watch_report *ret_report)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options;
	int err;

	if (ret_report) {
		err = janus__options_read(&report, sizeof(report), ret_report);
		if (err)
			return err;
		report = (struct janus_watch_report)JANUS_WATCH_REPORT_INIT;
	}
	err = janus__options_read(&options, sizeof(options), given);
	if (err)
		janus__report_fail(&report, err, "options", "their size is not known");
	else
		err = apply_locked(watch, &options, &report);
	if (ret_report)
		(void)janus__options_write(ret_report, &report, sizeof(report));
	return err;
}

int janus_watch_create(struct janus_context *context, struct janus_watch **ret,
		       const struct janus_watch_options *options,
		       struct janus_watch_report *ret_report)
{
	struct janus_watch *watch;
	int err;

	if (!context || !ret || !options)
		return -EINVAL;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->context = context;
	watch->id = ++context->last_watch_id;
	err = apply_public(watch, options, ret_report);
	if (err) {
		free_watch(watch);
		return err;
	}
	watch->next = context->watches;
	context->watches = watch;
	janus__count(&context->counters.watches, 1);
	*ret = watch;
	return 0;
}

int janus_watch_update(struct janus_watch *watch,
		       const struct janus_watch_options *options,
		       struct janus_watch_report *ret_report)
{
	if (!watch || !options)
		return -EINVAL;
	return apply_public(watch, options, ret_report);
}

void janus_watch_destroy(struct janus_watch *watch)
{
	struct janus_context *context;

	if (!watch)
		return;
	context = watch->context;
	janus__count(&context->counters.watches, (uint64_t)-1);
	pthread_mutex_lock(&context->engine);
	watch->destroyed = true;
	janus__tend_forget(watch);
	janus__tend_finish(watch);
	janus__watch_retire(watch);
	janus__watches_reap(context);
	pthread_mutex_unlock(&context->engine);
}

uint64_t janus_watch_get_id(const struct janus_watch *watch)
{
	return watch ? watch->id : 0;
}

void janus__watches_free(struct janus_context *context)
{
	while (context->watches) {
		struct janus_watch *watch = context->watches;

		context->watches = watch->next;
		watch->destroyed = true;
		janus__tend_forget(watch);
		janus__tend_finish(watch);
		if (watch->spec)
			janus__cover_release(&context->marker, watch->spec,
					     &watch->coverage, true);
		janus__spec_unref(watch->spec);
		janus__lives_release(&context->lives, watch->life);
		free_watch(watch);
	}
}
