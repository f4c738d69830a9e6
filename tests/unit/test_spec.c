// SPDX-License-Identifier: MIT
#include "spec.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const etc[] = { "/etc" };

static struct janus_watch_report report;
static struct janus_watch_options options;
static struct janus_subject subject;
static struct janus__spec *spec;

/* A valid watch; each test spoils one thing. */
static void setup(void)
{
	report = (struct janus_watch_report)JANUS_WATCH_REPORT_INIT;
	subject = (struct janus_subject)JANUS_SUBJECT_INIT;
	subject.allow = etc;
	subject.allow_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	options = (struct janus_watch_options)JANUS_WATCH_OPTIONS_INIT;
	options.subjects = &subject;
	options.subject_count = 1;
}

static void teardown(void)
{
	janus__spec_unref(spec);
}

TestSuite(spec, .init = setup, .fini = teardown);

static void accept(void)
{
	cr_assert_eq(janus__spec_create(&spec, &options, &report), 0, "%s",
		     report.message);
	cr_assert_not_null(spec);
}

/* The report names field and cause, and nothing is handed out. */
static void refuse(int error, const char *message)
{
	cr_assert_eq(janus__spec_create(&spec, &options, &report), error, "%s", message);
	cr_assert_null(spec);
	cr_assert_eq(report.first_error, error);
	cr_assert_str_eq(report.message, message);
	setup();
}

Test(spec, keeps_what_was_given)
{
	static const char *const deny[] = { "/a", "/b" };
	static const struct janus_tag tags[] = { { "k", "v" }, { "empty", NULL } };
	struct janus_subject subjects[] = { subject, subject };

	subjects[1].allow_count = 0;
	subjects[1].deny = deny;
	subjects[1].deny_count = 2;
	subjects[1].tags = tags;
	subjects[1].tag_count = 2;
	subjects[1].events = JANUS_EVENT_ALL_PERMISSION;
	subjects[1].mode = JANUS_MODE_DRY_RUN;
	subjects[1].flags = JANUS_SUBJECT_AUDIT;
	options.subjects = subjects;
	options.subject_count = 2;
	options.cookie = 99;
	accept();
	cr_assert_eq(spec->cookie, 99);
	cr_assert_eq(spec->subject_count, 2);
	cr_assert_eq(spec->rule_count, 3);
	cr_assert_eq(report.paths, 3);
	cr_assert_str_eq(spec->rules[0].path, "/etc");
	cr_assert_not(spec->rules[0].deny);
	cr_assert_str_eq(spec->rules[2].path, "/b");
	cr_assert(spec->rules[2].deny);
	cr_assert_eq(spec->rules[2].index, 1);
	cr_assert_eq(janus__spec_subject_of(spec, &spec->rules[2]), &spec->subjects[1]);
	cr_assert_eq(spec->subjects[1].events, JANUS_EVENT_ALL_PERMISSION);
	cr_assert_eq(spec->subjects[1].mode, JANUS_MODE_DRY_RUN);
	cr_assert_eq(spec->subjects[1].flags, JANUS_SUBJECT_AUDIT);
	cr_assert_eq(spec->subjects[1].tag_count, 2);
	cr_assert_str_eq(spec->subjects[1].tags[0].value, "v");
	cr_assert_str_eq(spec->subjects[1].tags[1].key, "empty");
	cr_assert_str_eq(spec->subjects[1].tags[1].value, "");
}

Test(spec, copies_everything_and_keeps_nothing)
{
	char path[] = "/one", key[] = "key", value[] = "value", id[] = "0123456789ab";
	const char *paths[] = { path };
	struct janus_tag tag = { key, value };

	subject.allow = paths;
	subject.tags = &tag;
	subject.tag_count = 1;
	options.target = JANUS_TARGET_CONTAINER;
	options.container_id = id;
	accept();
	memset(path, 'x', sizeof(path));
	memset(key, 'x', sizeof(key));
	memset(value, 'x', sizeof(value));
	memset(id, 'x', sizeof(id));
	paths[0] = NULL;
	memset(&tag, 0, sizeof(tag));
	cr_assert_str_eq(spec->rules[0].path, "/one");
	cr_assert_str_eq(spec->subjects[0].tags[0].key, "key");
	cr_assert_str_eq(spec->subjects[0].tags[0].value, "value");
	cr_assert_str_eq(spec->container_id, "0123456789ab");
}

Test(spec, spells_paths_in_the_shortest_way)
{
	static const char *const given[] = {
		"/",      "//",      "/.",      "/./.",        "/a/",    "//a//b//",
		"/a/./b", "/a/b/./", "/a/../b", "/.hidden/..", "/a/...", "/a\n b/",
	};
	static const char *const wanted[] = {
		"/",    "/",    "/",       "/",           "/a",     "/a/b",
		"/a/b", "/a/b", "/a/../b", "/.hidden/..", "/a/...", "/a\n b",
	};

	subject.allow = given;
	subject.allow_count = COUNT(given);
	accept();
	for (size_t i = 0; i < COUNT(given); i++)
		cr_assert_str_eq(spec->rules[i].path, wanted[i], "%s", given[i]);
}

Test(spec, takes_each_kind_of_target)
{
	accept();
	cr_assert_eq(spec->target, JANUS_TARGET_HOST);
	cr_assert_null(spec->container_id);
	janus__spec_unref(spec);
	options.target = JANUS_TARGET_PID;
	options.pid = 7;
	accept();
	cr_assert_eq(spec->pid, 7);
	janus__spec_unref(spec);
	options.target = JANUS_TARGET_CONTAINER;
	options.pid = 0;
	options.container_id = "x";
	accept();
}

Test(spec, refuses_a_target_that_contradicts_itself)
{
	static const char *const pid = "pid: a positive pid goes with JANUS_TARGET_PID";
	static const char *const id =
		"container_id: an id goes with JANUS_TARGET_CONTAINER";

	options.target = JANUS_TARGET_CONTAINER + 1;
	refuse(-EINVAL, "target: unknown kind");
	options.pid = 1;
	refuse(-EINVAL, pid);
	options.target = JANUS_TARGET_PID;
	refuse(-EINVAL, pid);
	options.target = JANUS_TARGET_PID;
	options.pid = -1;
	refuse(-EINVAL, pid);
	options.target = JANUS_TARGET_CONTAINER;
	refuse(-EINVAL, id);
	options.container_id = "x";
	refuse(-EINVAL, id);
}

Test(spec, refuses_a_container_id_without_end)
{
	char id[600];

	memset(id, 'a', sizeof(id));
	id[511] = '\0';
	options.target = JANUS_TARGET_CONTAINER;
	options.container_id = id;
	accept();
	janus__spec_unref(spec);
	spec = NULL;
	memset(id, 'a', sizeof(id));
	refuse(-EINVAL, "container_id: too long");
}

Test(spec, refuses_a_watch_without_subjects)
{
	options.subject_count = 0;
	refuse(-EINVAL, "subjects: there is none");
	options.subjects = NULL;
	refuse(-EINVAL, "subjects: there is none");
	options.subject_count = 65537;
	refuse(-E2BIG, "subjects: more than 65536");
	options.subject_count = UINT64_MAX;
	refuse(-E2BIG, "subjects: more than 65536");
}

Test(spec, refuses_a_subject_without_paths)
{
	subject.allow_count = 0;
	subject.allow = NULL;
	refuse(-EINVAL,
	       "subject[0].allow: neither allow nor deny nor observe names a path");
	subject.allow = NULL;
	refuse(-EINVAL, "subject[0].allow: a count without an array");
	subject.deny_count = 1;
	refuse(-EINVAL, "subject[0].deny: a count without an array");
}

Test(spec, refuses_paths_that_are_none)
{
	const char *paths[] = { "/ok", NULL };

	subject.allow = paths;
	subject.allow_count = 2;
	refuse(-EINVAL, "subject[0].allow: the path is NULL");
	paths[1] = "";
	subject.deny = paths;
	subject.deny_count = 2;
	refuse(-EINVAL, "subject[0].deny[1] '': the path is empty");
	paths[1] = "a\nb";
	subject.allow = paths;
	subject.allow_count = 2;
	refuse(-EINVAL, "subject[0].allow[1] 'a\\nb': the path is not absolute");
}

Test(spec, limits_the_length_of_a_path)
{
	static char path[PATH_MAX + 1];
	const char *const paths[] = { path };

	memset(path, 'a', PATH_MAX - 1);
	path[0] = '/';
	subject.allow = paths;
	accept();
	cr_assert_str_eq(spec->rules[0].path, path);
	janus__spec_unref(spec);
	spec = NULL;
	path[PATH_MAX - 1] = 'a';
	cr_assert_eq(janus__spec_create(&spec, &options, &report), -ENAMETOOLONG);
	cr_assert_not_null(strstr(report.message, "PATH_MAX"));
	cr_assert_eq(strlen(report.first_path), PATH_MAX - 1);
}

Test(spec, limits_the_number_of_paths_over_all_subjects)
{
	struct janus_subject subjects[] = { subject, subject };
	const char **paths = malloc(65536 * sizeof(*paths));

	cr_assert_not_null(paths);
	for (size_t i = 0; i < 65536; i++)
		paths[i] = "/";
	subjects[0].allow = paths;
	subjects[0].allow_count = 65535;
	options.subjects = subjects;
	options.subject_count = 2;
	accept();
	cr_assert_eq(spec->rule_count, 65536);
	janus__spec_unref(spec);
	spec = NULL;
	subjects[0].allow_count = 65536;
	refuse(-E2BIG, "subject[1].allow: more than 65536 paths");
	subject.allow = paths;
	subject.allow_count = UINT64_MAX;
	refuse(-E2BIG, "subject[0].allow: more than 65536 paths");
	free(paths);
}

Test(spec, refuses_tags_without_key_or_without_end)
{
	struct janus_tag tags[] = { { "a", "b" }, { NULL, "b" } };

	subject.tag_count = 1;
	refuse(-EINVAL, "subject[0].tags: a count without an array");
	subject.tags = tags;
	subject.tag_count = 2;
	refuse(-EINVAL, "subject[0].tags: a tag has no key");
	tags[1].key = "";
	subject.tags = tags;
	subject.tag_count = 2;
	refuse(-EINVAL, "subject[0].tags: a tag has no key");
	subject.tags = tags;
	subject.tag_count = 4097;
	refuse(-E2BIG, "subject[0].tags: more than 4096 tags");
}

Test(spec, refuses_words_it_does_not_know)
{
	subject.events = 0;
	refuse(-EINVAL, "subject[0].events: not a mask of permission events");
	subject.events = JANUS_EVENT_OPEN | 1u << 3;
	refuse(-EINVAL, "subject[0].events: not a mask of permission events");
	subject.events = JANUS_EVENT_GAP;
	refuse(-EINVAL, "subject[0].events: not a mask of permission events");
	subject.mode = JANUS_MODE_ASK + 1;
	refuse(-EINVAL, "subject[0].mode: unknown mode");
	subject.flags = 1u << 9;
	refuse(-EINVAL, "subject[0].flags: unknown flag");
	subject.reserved = 1;
	refuse(-EINVAL, "subject[0].reserved: not 0");
}

Test(spec, leaves_permission_to_the_program_for_a_time)
{
	static const char *const range = "ask_ns: less than 10 ms, or more than an hour";
	static const uint64_t good[] = { 0, 10000000, 3600000000000 };
	static const uint64_t bad[] = { 1, 9999999, 3600000000001, UINT64_MAX };

	subject.deny = etc;
	subject.deny_count = 1;
	subject.mode = JANUS_MODE_ASK;
	for (size_t i = 0; i < COUNT(good); i++) {
		options.ask_ns = good[i];
		accept();
		cr_assert_eq(spec->subjects[0].mode, JANUS_MODE_ASK);
		cr_assert_eq(spec->ask_ns, (int64_t)good[i]);
		janus__spec_unref(spec);
		spec = NULL;
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		options.ask_ns = bad[i];
		refuse(-EINVAL, range);
	}
	subject.mode = JANUS_MODE_ASK;
	subject.events = JANUS_EVENT_OPEN | JANUS_EVENT_MODIFY;
	refuse(-EINVAL, "subject[0].events: not a mask of permission events");
}

Test(spec, knows_no_owner_of_the_host)
{
	subject.flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	refuse(-EINVAL, "subject[0].flags: the host has no owner to allow");
	subject.flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	options.target = JANUS_TARGET_PID;
	options.pid = 1;
	accept();
}

Test(spec, steps_through_subjects_of_an_older_caller)
{
	/* A struct that ends before the flags: they count as 0. */
	const size_t older = offsetof(struct janus_subject, flags);
	static const char *const tmp[] = { "/tmp" };
	_Alignas(uint64_t) char subjects[3 * sizeof(subject)];

	memset(subjects, 0xff, sizeof(subjects));
	subject.size = older;
	memcpy(subjects, &subject, older);
	subject.allow = tmp;
	memcpy(subjects + older, &subject, older);
	options.subjects = (const void *)subjects;
	options.subject_count = 2;
	accept();
	cr_assert_str_eq(spec->rules[0].path, "/etc");
	cr_assert_str_eq(spec->rules[1].path, "/tmp");
	cr_assert_eq(spec->subjects[0].flags, 0);
	cr_assert_eq(spec->subjects[1].flags, 0);
}

Test(spec, steps_through_subjects_of_a_newer_caller)
{
	struct newer {
		struct janus_subject known;
		uint64_t added;
	} newer[3] = { { .known = subject }, { .known = subject }, { .known = subject } };

	for (size_t i = 0; i < COUNT(newer); i++)
		newer[i].known.size = sizeof(newer[i]);
	newer[2].known.mode = JANUS_MODE_DRY_RUN;
	options.subjects = &newer[0].known;
	options.subject_count = 3;
	accept();
	cr_assert_eq(spec->subjects[0].mode, JANUS_MODE_ENFORCE);
	cr_assert_eq(spec->subjects[2].mode, JANUS_MODE_DRY_RUN);
	janus__spec_unref(spec);
	spec = NULL;
	newer[1].added = 1;
	refuse(-E2BIG, "subject[1].size: not the size of a subject");
}

Test(spec, refuses_subjects_of_different_sizes)
{
	struct janus_subject subjects[] = { subject, subject };

	subjects[1].size = sizeof(subject) - 8;
	options.subjects = subjects;
	options.subject_count = 2;
	refuse(-EINVAL, "subject[1].size: not the size of a subject");
	subject.size = 0;
	refuse(-EINVAL, "subject[0].size: not the size of a subject");
	subject.size = UINT64_MAX;
	refuse(-E2BIG, "subject[0].size: not the size of a subject");
}

Test(spec, lives_until_the_last_reference_goes)
{
	accept();
	cr_assert_eq(janus__spec_ref(spec), spec);
	janus__spec_unref(spec);
	cr_assert_str_eq(spec->rules[0].path, "/etc");
	cr_assert_eq(atomic_load(&spec->references), 1);
	janus__spec_unref(NULL);
}
