// SPDX-License-Identifier: MIT
/*
 * Owns which words of a watch need what of the kernel and of privileges.
 */
#include "needs.h"

#include <errno.h>

#include <janus/context.h>

#include "report.h"
#include "util.h"

#define ASKING                                                                           \
	((1u << JANUS_MODE_ENFORCE) | (1u << JANUS_MODE_DRY_RUN) | (1u << JANUS_MODE_ASK))
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

int janus__needs_check(uint64_t available, const struct janus__spec *spec,
		       struct janus_watch_report *report)
{
	for (uint32_t i = 0; i < spec->subject_count; i++) {
		for (size_t j = 0; j < JANUS__ARRAY_COUNT(needs); j++) {
			struct janus__place place = { .subject = i,
						      .field = needs[j].field };

			if ((available & needs[j].feature) ||
			    !is_needed(j, &spec->subjects[i]))
				continue;
			return janus__report_refuse(report, needs[j].error, &place,
						    needs[j].cause);
		}
	}
	return 0;
}

bool janus__needs_following(const struct janus__spec *spec)
{
	for (uint32_t i = 0; i < spec->subject_count; i++)
		if (!janus__subject_asks(&spec->subjects[i]) ||
		    (spec->subjects[i].flags & FOLLOWING))
			return true;
	return false;
}
