// SPDX-License-Identifier: MIT
#include "make_spec.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

static struct janus_subject subject_of(const struct make_rule *rule,
				       const char *const *path)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.events = rule->events ? rule->events : JANUS_EVENT_OPEN;
	if (rule->deny) {
		subject.deny = path;
		subject.deny_count = 1;
	} else {
		subject.allow = path;
		subject.allow_count = 1;
	}
	return subject;
}

/* What goes together with what is not asked here: a spec is its maker's until it is seen. */
static void fill_in(struct janus__spec *spec, const struct make_rule *rules)
{
	struct janus__subject *subjects =
		(struct janus__subject *)(uintptr_t)spec->subjects;

	for (uint64_t i = 0; i < spec->subject_count; i++) {
		subjects[i].mode = rules[i].mode;
		subjects[i].flags = rules[i].flags;
		subjects[i].max_depth = rules[i].max_depth;
	}
}

struct janus__spec *make_spec(uint64_t watch_id, const struct make_rule *rules,
			      size_t count)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject *subjects = calloc(count, sizeof(*subjects));
	const char **paths = calloc(count, sizeof(*paths));
	struct janus__spec *spec = NULL;

	for (size_t i = 0; i < count; i++) {
		paths[i] = rules[i].path ? rules[i].path : "/x";
		subjects[i] = subject_of(&rules[i], &paths[i]);
	}
	options.subjects = subjects;
	options.subject_count = count;
	options.target = JANUS_TARGET_PID;
	options.pid = 1;
	options.cookie = watch_id * 1000;
	if (janus__spec_create(&spec, &options, &report) < 0)
		abort();
	fill_in(spec, rules);
	spec->watch_id = watch_id;
	spec->root = strdup("");
	free(subjects);
	free(paths);
	return spec;
}

struct janus__spec *make_spec_of(uint64_t watch_id, struct make_rule rule)
{
	return make_spec(watch_id, &rule, 1);
}
