// SPDX-License-Identifier: MIT
/*
 * What a context that lacks a feature says to those who need it.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "stage.h"

#define ALL_FEATURES UINT64_MAX

TestSuite(watch_needs, .init = stage_setup, .fini = stage_teardown);

static const char *const allowed[] = { "/allowed" };

static struct janus_subject subject_of(uint32_t mode, uint32_t events)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.allow = allowed;
	subject.allow_count = 1;
	subject.mode = mode;
	subject.events = events;
	return subject;
}

/* The context lacks one feature: the message names what needs it. */
static void refuse(const struct janus_subject *subject, uint64_t lacking, int error,
		   const char *message)
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	const uint64_t features = stage_context->features;
	struct janus_watch *watch = NULL;

	options.subjects = subject;
	options.subject_count = 1;
	stage_context->features = ALL_FEATURES & ~lacking;
	cr_expect_eq(janus_watch_create(stage_context, &watch, &options, &report), error,
		     "%s", message);
	cr_expect_null(watch);
	cr_expect_str_eq(report.message, message);
	stage_context->features = features;
}

Test(watch_needs, asking_needs_permission_in_every_mode_that_asks)
{
	static const uint32_t modes[] = { JANUS_MODE_ENFORCE, JANUS_MODE_DRY_RUN };

	for (size_t i = 0; i < 2; i++) {
		struct janus_subject subject = subject_of(modes[i],
							  JANUS_EVENT_ALL_PERMISSION);

		refuse(&subject, JANUS_FEATURE_PERMISSION | JANUS_FEATURE_EXEC, -EPERM,
		       "subject[0].mode: CAP_SYS_ADMIN is missing");
	}
}

Test(watch_needs, asking_for_exec_needs_a_kernel_that_does)
{
	struct janus_subject subject = subject_of(JANUS_MODE_ENFORCE,
						  JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);

	refuse(&subject, JANUS_FEATURE_EXEC, -EOPNOTSUPP,
	       "subject[0].events: this kernel has no permission events for exec");
}

Test(watch_needs, audit_records_need_audit)
{
	struct janus_subject subject = subject_of(JANUS_MODE_DRY_RUN, JANUS_EVENT_OPEN);

	subject.flags = JANUS_SUBJECT_AUDIT;
	refuse(&subject, JANUS_FEATURE_AUDIT, -EOPNOTSUPP,
	       "subject[0].flags: audit records are not to be had (kernel without audit, "
	       "or no CAP_AUDIT_WRITE)");
}

Test(watch_needs, observing_needs_observation)
{
	struct janus_subject subject = subject_of(JANUS_MODE_AUDIT,
						  JANUS_EVENT_ALL_OBSERVATION);

	refuse(&subject, JANUS_FEATURE_OBSERVE, -EOPNOTSUPP,
	       "subject[0].mode: this kernel or these privileges allow no observation");
}

Test(watch_needs, observing_needs_no_permission_of_any_kind)
{
	struct janus_subject subject = subject_of(JANUS_MODE_AUDIT,
						  JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);

	/* It is the lack of observation that is told, though all the others lack, too. */
	refuse(&subject, ALL_FEATURES, -EOPNOTSUPP,
	       "subject[0].mode: this kernel or these privileges allow no observation");
}

Test(watch_needs, trees_need_observation)
{
	struct janus_subject subject = subject_of(JANUS_MODE_ENFORCE, JANUS_EVENT_OPEN);

	subject.flags = JANUS_SUBJECT_RECURSIVE;
	refuse(&subject, JANUS_FEATURE_OBSERVE, -EOPNOTSUPP,
	       "subject[0].flags: this kernel does not tell what is new in a tree");
}

Test(watch_needs, wide_strategies_need_wide_marks)
{
	static const uint32_t wide[] = { JANUS_STRATEGY_MOUNT,
					 JANUS_STRATEGY_FILESYSTEM };
	struct janus_subject subject = subject_of(JANUS_MODE_ENFORCE, JANUS_EVENT_OPEN);

	for (size_t i = 0; i < 2; i++) {
		subject.strategy = wide[i];
		refuse(&subject, JANUS_FEATURE_WIDE, -EOPNOTSUPP,
		       "subject[0].strategy: no marks on mounts and file systems are to be "
		       "had here");
	}
}

Test(watch_needs, single_paths_need_permission_only)
{
	struct janus_subject subject = subject_of(JANUS_MODE_ENFORCE, JANUS_EVENT_OPEN);

	stage_context->features = JANUS_FEATURE_PERMISSION;
	subject.strategy = JANUS_STRATEGY_INODE;
	cr_assert_not_null(stage_watch(&subject));
	cr_assert_eq(stage_open("/allowed"), FAN_ALLOW);
}
