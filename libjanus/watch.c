// SPDX-License-Identifier: MIT
/*
 * Owns the order of steps in which a watch comes, changes and goes: mark first, then let the
 * rules speak in one step, then, a moment later, unmark. At no point is an access undecided.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

#include <janus/watch.h>

#include "context.h"
#include "marks.h"
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

static const struct {
	uint64_t feature;
	uint32_t events;
	uint32_t flags;
	const char *field;
	const char *cause;
} needs[] = {
	{ JANUS_FEATURE_EXEC, JANUS_EVENT_EXEC, 0, "events",
	  "this kernel has no permission events for exec" },
	{ JANUS_FEATURE_AUDIT, 0, JANUS_SUBJECT_AUDIT, "flags",
	  "audit records are not to be had (kernel without audit, or no CAP_AUDIT_WRITE)" },
};

static int check_permission(const struct janus_context *context,
			    const struct janus__subject *subject, uint32_t index,
			    struct janus_watch_report *report)
{
	const struct janus__place place = { .subject = index, .field = "mode" };

	if (context->group_fd >= 0 || !janus__subject_asks(subject))
		return 0;
	return janus__report_refuse(report, -EPERM, &place,
				    "to be asked for permission takes CAP_SYS_ADMIN");
}

static int check_features(const struct janus_context *context,
			  const struct janus__spec *spec,
			  struct janus_watch_report *report)
{
	for (uint32_t i = 0; i < spec->subject_count; i++) {
		const struct janus__subject *subject = &spec->subjects[i];
		int err = check_permission(context, subject, i, report);

		if (err)
			return err;
		for (size_t j = 0; j < JANUS__ARRAY_COUNT(needs); j++) {
			struct janus__place place = { .subject = i,
						      .field = needs[j].field };

			if ((context->features & needs[j].feature) ||
			    !((subject->events & needs[j].events) |
			      (subject->flags & needs[j].flags)))
				continue;
			return janus__report_refuse(report, -EOPNOTSUPP, &place,
						    needs[j].cause);
		}
	}
	return 0;
}

/* Everything before the rules speak. On success @ret_coverage is marked. */
static int prepare(struct janus_context *context, struct janus__spec *spec,
		   struct janus_watch_report *report,
		   struct janus__coverage *ret_coverage)
{
	struct janus__marker marker = janus__context_marker(context);
	struct janus__root root;
	int err = check_features(context, spec, report);

	if (err)
		return err;
	err = janus__root_open(&root, &context->proc, spec, report);
	if (err)
		return err;
	spec->owner = root.process;
	err = janus__root_name(&root, &context->proc, &spec->root);
	if (err)
		janus__report_fail(report, err, "target", "its root has no name");
	else
		err = janus__marks_add(&marker, &root, spec, report, ret_coverage);
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
static int replace(struct janus_watch *watch, struct janus__spec *spec,
		   const struct janus__coverage *coverage)
{
	struct janus__lingering *former = calloc(1, sizeof(*former));
	int err = former ? swap_rules(watch, spec, coverage) : -ENOMEM;

	if (err || !watch->spec) {
		free(former);
	} else {
		former->spec = watch->spec;
		former->coverage = watch->coverage;
		janus__linger_add(&watch->context->linger, former);
	}
	if (err)
		return err;
	watch->spec = spec;
	watch->coverage = *coverage;
	return 0;
}

/* The watch is to guard no longer, and at once. */
static int withdraw(struct janus_watch *watch)
{
	struct janus__marker marker = janus__context_marker(watch->context);
	const struct janus__coverage none = { 0 };
	int err = swap_rules(watch, NULL, &none);

	if (err)
		return err;
	janus__marks_remove(&marker, watch->spec, &watch->coverage);
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
	struct janus__marker marker = janus__context_marker(watch->context);
	struct janus__coverage coverage;
	struct janus__spec *spec;
	int err;

	reap_retired(watch->context);
	err = janus__spec_create(&spec, options, report);
	if (err)
		return err;
	spec->watch_id = watch->id;
	err = prepare(watch->context, spec, report, &coverage);
	if (err)
		goto unref;
	err = replace(watch, spec, &coverage);
	if (!err) {
		janus__context_expire(watch->context);
		return 0;
	}
	janus__report_fail(report, err, "rules", "no memory");
	janus__marks_remove(&marker, spec, &coverage);
unref:
	janus__spec_unref(spec);
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
		err = apply(watch, &options, &report);
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
	reap_retired(context);
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
		janus__spec_unref(watch->spec);
		free(watch->coverage.wanted);
		free(watch);
	}
}
