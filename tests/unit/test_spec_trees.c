// SPDX-License-Identifier: MIT
/* What subjects say about trees, patterns, observation and strategies. */
#include "spec.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const etc[] = { "/etc" };
static const char *const two[] = { "/a", "/b" };

static struct janus_watch_report report;
static struct janus_watch_options options;
static struct janus_subject subject;
static struct janus__spec *spec;

/* A valid tree; each test spoils one thing. */
static void setup(void)
{
	report = (struct janus_watch_report)JANUS_WATCH_REPORT_INIT;
	subject = (struct janus_subject)JANUS_SUBJECT_INIT;
	subject.deny = etc;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.flags = JANUS_SUBJECT_RECURSIVE;
	options = (struct janus_watch_options)JANUS_WATCH_OPTIONS_INIT;
	options.subjects = &subject;
	options.subject_count = 1;
}

static void setup_audit(void)
{
	setup();
	subject.mode = JANUS_MODE_AUDIT;
	subject.events = JANUS_EVENT_ALL_OBSERVATION;
}

static void teardown(void)
{
	janus__spec_unref(spec);
	spec = NULL;
}

TestSuite(spec_trees, .init = setup, .fini = teardown);

static void accept(void)
{
	teardown();
	cr_assert_eq(janus__spec_create(&spec, &options, &report), 0, "%s",
		     report.message);
	cr_assert_not_null(spec);
}

/* The report names field and cause, and nothing is handed out. */
static void refuse(int error, const char *message)
{
	teardown();
	cr_assert_eq(janus__spec_create(&spec, &options, &report), error, "%s", message);
	cr_assert_null(spec);
	cr_assert_eq(report.first_error, error);
	cr_assert_str_eq(report.message, message);
	setup();
}

static void take_globs(const char *const *paths, size_t count)
{
	subject.flags |= JANUS_SUBJECT_GLOB;
	subject.deny = paths;
	subject.deny_count = count;
}

static void take_ignore(const char *const *patterns, uint64_t count)
{
	subject.ignore = patterns;
	subject.ignore_count = count;
}

Test(spec_trees, keeps_what_was_given)
{
	static const char *const ignore[] = { "*.log", "cache//", "/proc" };

	take_ignore(ignore, COUNT(ignore));
	subject.max_depth = UINT32_MAX;
	subject.strategy = JANUS_STRATEGY_MOUNT;
	subject.flags |= JANUS_SUBJECT_ONE_FILESYSTEM | JANUS_SUBJECT_STALLING |
			 JANUS_SUBJECT_WAIT | JANUS_SUBJECT_GLOB | JANUS_SUBJECT_ONLY_DIR;
	options.directory_limit = 77;
	accept();
	cr_assert_eq(spec->directory_limit, 77);
	cr_assert_eq(spec->subjects[0].flags, subject.flags);
	cr_assert_eq(spec->subjects[0].max_depth, UINT32_MAX);
	cr_assert_eq(spec->subjects[0].strategy, JANUS_STRATEGY_MOUNT);
	cr_assert_eq(spec->subjects[0].ignore_count, 3);
	for (size_t i = 0; i < COUNT(ignore); i++)
		cr_assert_str_eq(spec->subjects[0].ignore[i], ignore[i]);
	cr_assert(janus__subject_asks(&spec->subjects[0]));
}

Test(spec_trees, copies_patterns_and_keeps_nothing)
{
	char pattern[] = "*.o", path[] = "/observed";
	const char *patterns[] = { pattern }, *paths[] = { path };

	setup_audit();
	take_ignore(patterns, 1);
	subject.observe = paths;
	subject.observe_count = 1;
	accept();
	memset(pattern, 'x', sizeof(pattern));
	memset(path, 'x', sizeof(path));
	patterns[0] = paths[0] = NULL;
	cr_assert_str_eq(spec->subjects[0].ignore[0], "*.o");
	cr_assert_str_eq(spec->rules[1].path, "/observed");
}

Test(spec_trees, gives_each_subject_its_own_patterns)
{
	static const char *const first[] = { "a", "b" }, *const last[] = { "c" };
	struct janus_subject subjects[] = { subject, subject, subject };

	subjects[0].ignore = first;
	subjects[0].ignore_count = 2;
	subjects[2].ignore = last;
	subjects[2].ignore_count = 1;
	options.subjects = subjects;
	options.subject_count = COUNT(subjects);
	accept();
	cr_assert_eq(spec->subjects[0].ignore_count, 2);
	cr_assert_str_eq(spec->subjects[0].ignore[1], "b");
	cr_assert_eq(spec->subjects[1].ignore_count, 0);
	cr_assert_eq(spec->subjects[2].ignore_count, 1);
	cr_assert_str_eq(spec->subjects[2].ignore[0], "c");
}

Test(spec_trees, tells_observed_paths_from_allowed_and_denied_ones)
{
	setup_audit();
	subject.allow = etc;
	subject.allow_count = 1;
	subject.observe = two;
	subject.observe_count = 2;
	accept();
	cr_assert_eq(spec->rule_count, 4);
	cr_assert_eq(report.paths, 4);
	cr_assert_not(spec->rules[0].deny || spec->rules[0].observe);
	cr_assert(spec->rules[1].deny && !spec->rules[1].observe);
	for (uint32_t i = 0; i < 2; i++) {
		const struct janus__rule *rule = &spec->rules[2 + i];

		cr_assert(rule->observe && !rule->deny);
		cr_assert_eq(rule->index, i);
		cr_assert_str_eq(rule->path, two[i]);
	}
	cr_assert_not(janus__subject_asks(&spec->subjects[0]));
}

Test(spec_trees, a_subject_may_only_observe)
{
	setup_audit();
	subject.deny_count = 0;
	subject.deny = NULL;
	subject.observe = etc;
	subject.observe_count = 1;
	accept();
	cr_assert_eq(spec->rule_count, 1);
	subject.observe_count = 0;
	refuse(-EINVAL,
	       "subject[0].allow: neither allow nor deny nor observe names a path");
}

Test(spec_trees, observes_in_audit_mode_only)
{
	static const uint32_t modes[] = { JANUS_MODE_ENFORCE, JANUS_MODE_DRY_RUN };

	for (size_t i = 0; i < COUNT(modes); i++) {
		subject.mode = modes[i];
		subject.observe = etc;
		subject.observe_count = 1;
		refuse(-EINVAL,
		       "subject[0].observe: paths are observed in JANUS_MODE_AUDIT only");
	}
	setup_audit();
	subject.observe_count = 1;
	refuse(-EINVAL, "subject[0].observe: a count without an array");
}

Test(spec_trees, observed_paths_are_paths)
{
	static const char *const relative[] = { "/ok", "a" };

	setup_audit();
	subject.observe = relative;
	subject.observe_count = 2;
	refuse(-EINVAL, "subject[0].observe[1] 'a': the path is not absolute");
}

Test(spec_trees, knows_more_events_in_audit_mode)
{
	setup_audit();
	accept();
	cr_assert_eq(spec->subjects[0].events, JANUS_EVENT_ALL_OBSERVATION);
	subject.mode = JANUS_MODE_DRY_RUN;
	refuse(-EINVAL, "subject[0].events: not a mask of permission events");
	setup_audit();
	subject.events |= JANUS_EVENT_GAP;
	refuse(-EINVAL, "subject[0].events: not a mask of events");
	setup_audit();
	subject.events = JANUS_EVENT_RENAME << 1;
	refuse(-EINVAL, "subject[0].events: not a mask of events");
	setup_audit();
	subject.events = 0;
	refuse(-EINVAL, "subject[0].events: not a mask of events");
}

Test(spec_trees, has_nothing_to_answer_in_audit_mode)
{
	setup_audit();
	subject.flags = JANUS_SUBJECT_AUDIT;
	refuse(-EINVAL, "subject[0].flags: no answers, no audit records of them in "
			"JANUS_MODE_AUDIT");
	setup_audit();
	subject.flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	options.target = JANUS_TARGET_PID;
	options.pid = 1;
	refuse(-EINVAL,
	       "subject[0].flags: nobody needs to be allowed in JANUS_MODE_AUDIT");
	setup_audit();
	subject.strategy = JANUS_STRATEGY_INODE;
	refuse(-EINVAL,
	       "subject[0].strategy: there is none to choose in JANUS_MODE_AUDIT");
}

Test(spec_trees, takes_one_strategy)
{
	static const uint32_t known[] = { JANUS_STRATEGY_AUTO, JANUS_STRATEGY_INODE,
					  JANUS_STRATEGY_MOUNT,
					  JANUS_STRATEGY_FILESYSTEM };
	static const uint32_t unknown[] = { JANUS_STRATEGY_INODE | JANUS_STRATEGY_MOUNT,
					    JANUS_STRATEGY_FILESYSTEM << 1, 1u << 31,
					    UINT32_MAX };

	for (size_t i = 0; i < COUNT(known); i++) {
		subject.strategy = known[i];
		accept();
		cr_assert_eq(spec->subjects[0].strategy, known[i]);
	}
	for (size_t i = 0; i < COUNT(unknown); i++) {
		subject.strategy = unknown[i];
		refuse(-EINVAL, "subject[0].strategy: unknown strategy");
	}
}

Test(spec_trees, only_trees_have_limits)
{
	static const char *const ignore[] = { "*.log" };

	subject.flags = JANUS_SUBJECT_ONE_FILESYSTEM;
	refuse(-EINVAL, "subject[0].flags: JANUS_SUBJECT_ONE_FILESYSTEM is for trees "
			"(JANUS_SUBJECT_RECURSIVE)");
	subject.flags = 0;
	subject.max_depth = 1;
	refuse(-EINVAL, "subject[0].max_depth: only trees have a depth "
			"(JANUS_SUBJECT_RECURSIVE)");
	subject.flags = JANUS_SUBJECT_GLOB;
	take_ignore(ignore, 1);
	refuse(-EINVAL, "subject[0].ignore: only trees leave something out "
			"(JANUS_SUBJECT_RECURSIVE)");
	subject.flags = JANUS_SUBJECT_STALLING | JANUS_SUBJECT_WAIT | JANUS_SUBJECT_GLOB;
	accept();
}

Test(spec_trees, refuses_patterns_that_leave_nothing_out)
{
	static const struct {
		const char *pattern;
		const char *message;
	} wrong[] = {
		{ NULL, "subject[0].ignore: the pattern is NULL" },
		{ "", "subject[0].ignore[1] '': the pattern is empty" },
		{ "/", "subject[0].ignore[1] '/': the pattern names nothing" },
		{ "//", "subject[0].ignore[1] '//': the pattern names nothing" },
		{ "[a", "subject[0].ignore[1] '[a': a '[' without a ']'" },
		{ "./a", "subject[0].ignore[1] './a': a '.' or '..' matches nothing" },
		{ "a/..", "subject[0].ignore[1] 'a/..': a '.' or '..' matches nothing" },
		{ "..", "subject[0].ignore[1] '..': a '.' or '..' matches nothing" },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *const patterns[] = { "..a", wrong[i].pattern };

		take_ignore(patterns, 2);
		refuse(-EINVAL, wrong[i].message);
	}
	subject.ignore_count = 1;
	refuse(-EINVAL, "subject[0].ignore: a count without an array");
}

Test(spec_trees, limits_the_length_of_a_pattern)
{
	static char pattern[PATH_MAX + 1];
	const char *const patterns[] = { pattern };

	memset(pattern, '*', PATH_MAX - 1);
	take_ignore(patterns, 1);
	accept();
	cr_assert_str_eq(spec->subjects[0].ignore[0], pattern);
	pattern[PATH_MAX - 1] = '*';
	teardown();
	cr_assert_eq(janus__spec_create(&spec, &options, &report), -ENAMETOOLONG);
	cr_assert_not_null(strstr(report.message, "the pattern has PATH_MAX"));
}

Test(spec_trees, limits_the_number_of_patterns)
{
	static const char *patterns[4096];

	for (size_t i = 0; i < COUNT(patterns); i++)
		patterns[i] = "*";
	take_ignore(patterns, 4096);
	accept();
	cr_assert_eq(spec->subjects[0].ignore_count, 4096);
	take_ignore(patterns, 4097);
	refuse(-E2BIG, "subject[0].ignore: more than 4096 patterns");
	take_ignore(patterns, UINT64_MAX);
	refuse(-E2BIG, "subject[0].ignore: more than 4096 patterns");
}

Test(spec_trees, spells_globs_in_the_shortest_way)
{
	static const char *const given[] = { "//a/./*//b/", "/**", "/[.]/.", "/a/..b*" };
	static const char *const wanted[] = { "/a/*/b", "/**", "/[.]", "/a/..b*" };

	take_globs(given, COUNT(given));
	accept();
	for (size_t i = 0; i < COUNT(given); i++)
		cr_assert_str_eq(spec->rules[i].path, wanted[i], "%s", given[i]);
}

Test(spec_trees, refuses_globs_that_are_none)
{
	static const char *const set[] = { "/ok", "/[a" }, *const up[] = { "/ok",
									   "/*/.." };
	static const char *const relative[] = { "/ok", "*" };

	take_globs(set, 2);
	refuse(-EINVAL, "subject[0].deny[1] '/[a': a '[' without a ']'");
	take_globs(up, 2);
	refuse(-EINVAL, "subject[0].deny[1] '/*/..': a pattern cannot go up by '..'");
	take_globs(relative, 2);
	refuse(-EINVAL, "subject[0].deny[1] '*': the path is not absolute");
}

Test(spec_trees, takes_any_bytes_where_paths_are_no_patterns)
{
	static const char *const odd[] = { "/[a", "/a\\", "/*/.." };

	subject.deny = odd;
	subject.deny_count = COUNT(odd);
	accept();
	for (size_t i = 0; i < COUNT(odd); i++)
		cr_assert_str_eq(spec->rules[i].path, odd[i]);
}

Test(spec_trees, knows_nothing_of_trees_from_an_older_caller)
{
	/* A struct that ends before observe: what the caller has behind it is not read. */
	const size_t older = offsetof(struct janus_subject, observe);
	_Alignas(uint64_t) char subjects[2 * sizeof(subject)];

	memset(subjects, 0xff, sizeof(subjects));
	subject.size = older;
	subject.flags = 0;
	memcpy(subjects, &subject, older);
	options.subjects = (const void *)subjects;
	accept();
	cr_assert_eq(spec->rule_count, 1);
	cr_assert_eq(spec->subjects[0].ignore_count, 0);
	cr_assert_eq(spec->subjects[0].max_depth, 0);
}
