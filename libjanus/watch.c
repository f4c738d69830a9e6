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
#include "options.h"
#include "report.h"
#include "root.h"
#include "spec.h"
#include "util.h"

struct janus_watch {
	struct janus_context *context;
	struct janus_watch *next;
	uint64_t id;
	struct janus__spec *spec;
	struct janus__coverage coverage;
};

/* What a watch is to become. */
struct goal {
	struct janus__spec *spec;
	struct janus__coverage coverage;
	struct janus_watch_report *report;
};

#define ASKING ((1u << JANUS_MODE_ENFORCE) | (1u << JANUS_MODE_DRY_RUN))
#define FOLLOWING                                                                        \
	((uint32_t)JANUS_SUBJECT_RECURSIVE | (uint32_t)JANUS_SUBJECT_WAIT |              \
	 (uint32_t)JANUS_SUBJECT_GLOB)
#define AUDITING (1u << JANUS_MODE_AUDIT)

/* What needs a feature: one of the events, flags, strategies, in one of the modes. */
static const struct {
	uint64_t feature;
	int error;
	uint32_t modes;
	uint32_t events; /* this and the next two 0: the mode as such */
	uint32_t flags;
	uint32_t strategies;
	const char *field;
	const char *cause;
} needs[] = {
	{ .feature = JANUS_FEATURE_PERMISSION,
	  .error = -EPERM,
	  .modes = ASKING,
	  .field = "mode",
	  .cause = "CAP_SYS_ADMIN is missing" },
	{ .feature = JANUS_FEATURE_EXEC,
	  .error = -EOPNOTSUPP,
	  .modes = ASKING,
	  .events = JANUS_EVENT_EXEC,
	  .field = "events",
	  .cause = "this kernel has no permission events for exec" },
	{ .feature = JANUS_FEATURE_AUDIT,
	  .error = -EOPNOTSUPP,
	  .modes = ASKING,
	  .flags = JANUS_SUBJECT_AUDIT,
	  .field = "flags",
	  .cause = "audit records are not to be had (kernel without audit, or no "
		   "CAP_AUDIT_WRITE)" },
	{ .feature = JANUS_FEATURE_OBSERVE,
	  .error = -EOPNOTSUPP,
	  .modes = AUDITING,
	  .field = "mode",
	  .cause = "this kernel or these privileges allow no observation" },
	{ .feature = JANUS_FEATURE_OBSERVE,
	  .error = -EOPNOTSUPP,
	  .modes = ASKING,
	  .flags = FOLLOWING,
	  .field = "flags",
	  .cause = "this kernel does not tell what is new in a tree" },
	{ .feature = JANUS_FEATURE_WIDE,
	  .error = -EOPNOTSUPP,
	  .modes = ASKING,
	  .strategies = (uint32_t)JANUS_STRATEGY_MOUNT |
			(uint32_t)JANUS_STRATEGY_FILESYSTEM,
	  .field = "strategy",
	  .cause = "no marks on mounts and file systems are to be had here" },
};

static bool is_needed(size_t i, const struct janus__subject *subject)
{
	if (!(needs[i].modes & 1u << subject->mode))
		return false;
	return !(needs[i].events | needs[i].flags | needs[i].strategies) ||
	       (subject->events & needs[i].events) || (subject->flags & needs[i].flags) ||
	       (subject->strategy & needs[i].strategies);
}

static int check_features(const struct janus_context *context,
			  const struct janus__spec *spec,
			  struct janus_watch_report *report)
{
	for (uint32_t i = 0; i < spec->subject_count; i++) {
		for (size_t j = 0; j < JANUS__ARRAY_COUNT(needs); j++) {
			struct janus__place place = { .subject = i,
						      .field = needs[j].field };

			if ((context->features & needs[j].feature) ||
			    !is_needed(j, &spec->subjects[i]))
				continue;
			return janus__report_refuse(report, needs[j].error, &place,
						    needs[j].cause);
		}
	}
	return 0;
}

/* Whether trees or observation are needed, or paths that are followed. */
static bool needs_following(const struct janus__spec *spec)
{
	for (uint32_t i = 0; i < spec->subject_count; i++)
		if (!janus__subject_asks(&spec->subjects[i]) ||
		    (spec->subjects[i].flags & FOLLOWING))
			return true;
	return false;
}

static int cover(struct janus_watch *watch, const struct janus__root *root,
		 const struct janus_watch_options *options, struct goal *goal)
{
	struct janus__cover cover;
	int err;

	janus__cover_init(&cover, &watch->context->marker, root, goal->spec);
	cover.coverage = &goal->coverage;
	cover.report = goal->report;
	cover.progress = options->progress;
	cover.progress_userdata = options->progress_userdata;
	/* First, so that no mount is between what is walked through and what is told. */
	if (needs_following(goal->spec))
		janus__follower_watch_mounts(&watch->context->follower,
					     &watch->context->proc, root->process.pid);
	err = janus__cover_spec(&cover);
	for (struct janus__tree *tree = goal->coverage.trees; !err && tree;
	     tree = tree->next_of_watch)
		(void)janus__follow_note_mounts(tree, &cover.places);
	janus__cover_done(&cover);
	return err;
}

/* Everything before the rules speak. On success the goal's coverage is marked. */
static int prepare(struct janus_watch *watch, const struct janus_watch_options *options,
		   struct goal *goal)
{
	struct janus_context *context = watch->context;
	struct janus__spec *spec = goal->spec;
	struct janus__root root;
	int err = 0;

	/* What cannot be had is found missing below, in words. */
	if (needs_following(spec))
		err = janus__context_follow(context);
	if (err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EAGAIN)
		return janus__report_fail(goal->report, err, "context",
					  "observation cannot be started");
	err = check_features(context, spec, goal->report);
	if (err)
		return err;
	err = janus__root_open(&root, &context->proc, spec, goal->report);
	if (err)
		return err;
	spec->owner = root.process;
	err = janus__root_name(&root, &context->proc, &spec->root);
	if (err)
		janus__report_fail(goal->report, err, "target", "its root has no name");
	if (!err)
		err = janus__excepted_prepare(spec, &root, &context->proc, goal->report);
	if (!err)
		err = cover(watch, &root, options, goal);
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
static int replace(struct janus_watch *watch, const struct goal *goal)
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
	watch->spec = goal->spec;
	watch->coverage = goal->coverage;
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

/* The watch is to guard no longer, and at once. */
static int withdraw(struct janus_watch *watch)
{
	const struct janus__coverage none = { 0 };
	int err = swap_rules(watch, NULL, &none);

	if (err)
		return err;
	janus__cover_release(&watch->context->marker, watch->spec, &watch->coverage,
			     is_last(watch));
	janus__spec_unref(watch->spec);
	return 0;
}

/* Watches that could not go for want of memory get another chance. They are silent already. */
static void reap_retired(struct janus_context *context)
{
	struct janus_watch **link = &context->watches;

	while (*link) {
		struct janus_watch *watch = *link;

		if (!watch->spec->retired || withdraw(watch) < 0) {
			link = &watch->next;
			continue;
		}
		*link = watch->next;
		free(watch);
	}
}

static int apply(struct janus_watch *watch, const struct janus_watch_options *options,
		 struct janus_watch_report *report)
{
	struct goal goal = { .report = report };
	int err;

	reap_retired(watch->context);
	err = janus__spec_create(&goal.spec, options, report);
	if (err)
		return err;
	goal.spec->watch_id = watch->id;
	err = prepare(watch, options, &goal);
	if (err)
		goto unref;
	err = replace(watch, &goal);
	if (!err)
		return 0;
	janus__report_fail(report, err, "rules", "no memory");
	janus__cover_release(&watch->context->marker, goal.spec, &goal.coverage, false);
unref:
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
		free(watch);
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
	atomic_store(&watch->spec->retired, true);
	janus__count(&context->counters.watches, (uint64_t)-1);
	pthread_mutex_lock(&context->engine);
	janus__coverage_activate(&watch->coverage, false);
	reap_retired(context);
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
		janus__cover_release(&context->marker, watch->spec, &watch->coverage,
				     true);
		janus__spec_unref(watch->spec);
		free(watch);
	}
}
