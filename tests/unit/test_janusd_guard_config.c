// SPDX-License-Identifier: MIT
/*
 * A janus.v1.Guard as bytes: what becomes of each word, and how each wrong one is told.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "guard_config.h"
#include "settings.h"

static const struct node_name node = { "here", true };

static struct limit_settings limits = {
	.targets_per_guard = 3,
	.subjects_per_guard = 2,
	.paths_per_guard = 4,
	.path_bytes = 64,
	.tags_per_subject = 2,
	.request_bytes = 4096,
};

static const struct guard_config_options options = { &node, &limits, GUARD_SOURCE_V1 };

/* A guard that is all right, for tests to spoil. */
struct sample {
	Janus__V1__Guard guard;
	Janus__V1__Target target, *targets[4];
	Janus__V1__Subject subject, *subjects[3];
	Janus__V1__Exception exception, *exceptions[1];
	Janus__V1__Subject__TagsEntry tags[3], *tag_pointers[3];
	Janus__V1__EventKind events[4];
	char *paths[5];
};

static struct sample *sample(void)
{
	static struct sample s;

	memset(&s, 0, sizeof(s));
	janus__v1__guard__init(&s.guard);
	janus__v1__target__init(&s.target);
	janus__v1__subject__init(&s.subject);
	janus__v1__exception__init(&s.exception);
	for (size_t i = 0; i < 3; i++) {
		janus__v1__subject__tags_entry__init(&s.tags[i]);
		s.tag_pointers[i] = &s.tags[i];
		s.subjects[i] = &s.subject;
	}
	for (size_t i = 0; i < 4; i++)
		s.targets[i] = &s.target;
	s.target.kind_case = JANUS__V1__TARGET__KIND_PID;
	s.target.pid = 7;
	s.exceptions[0] = &s.exception;
	s.exception.who_case = JANUS__V1__EXCEPTION__WHO_UID;
	s.guard.name = "g";
	s.guard.targets = s.targets;
	s.guard.n_targets = 1;
	s.guard.subjects = s.subjects;
	s.guard.n_subjects = 1;
	s.events[0] = JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN;
	s.subject.events = s.events;
	s.subject.n_events = 1;
	s.paths[0] = "/a";
	s.subject.deny = s.paths;
	s.subject.n_deny = 1;
	return &s;
}

static int create(struct sample *s, struct guard_config **ret, struct status *status)
{
	struct wire_bytes bytes;
	int result;

	bytes.data = codec_pack(&s->guard.base, &bytes.size);
	memset(status, 0, sizeof(*status));
	result = guard_config_create(ret, bytes, &options, status);
	free((void *)(uintptr_t)bytes.data);
	return result;
}

static struct guard_config *create_right(struct sample *s)
{
	struct guard_config *config = NULL;
	struct status status;

	cr_assert_eq(create(s, &config, &status), 0, "%s", status.message);
	return config;
}

static void expect_refusal(struct sample *s, uint32_t code, const char *message)
{
	struct guard_config *config = NULL;
	struct status status;

	cr_assert_eq(create(s, &config, &status), -1, "%s", message);
	cr_expect_str_eq(status.message, message);
	cr_expect_eq(status.code, code, "%u: %s", status.code, message);
	cr_expect_null(config);
}

static void expect_wrong(struct sample *s, const char *message)
{
	expect_refusal(s, STATUS_INVALID_ARGUMENT, message);
}

Test(guard_config, the_least_that_is_right)
{
	struct guard_config *config = create_right(sample());
	const struct janus_subject *subject = &config->subjects[0];

	cr_expect_str_eq(config->name, "g");
	cr_expect_str_eq(config->node, "here");
	cr_expect_str_eq(config->guard->node, "here");
	cr_expect_str_eq(config->pod, "");
	cr_expect_str_eq(config->source, "janus.v1");
	cr_expect_eq(config->subject_count, 1);
	cr_expect_eq(config->path_count, 1);
	cr_expect_eq(config->wait_ns, 0);
	cr_expect_eq(config->on_failure, 0);
	cr_expect_eq(subject->mode, JANUS_MODE_ENFORCE);
	cr_expect_eq(subject->events, JANUS_EVENT_OPEN);
	cr_expect_eq(subject->flags, 0);
	cr_expect_str_eq(subject->deny[0], "/a");
	guard_config_destroy(config);
}

Test(guard_config, every_word_of_a_subject_reaches_the_library)
{
	struct sample *s = sample();
	struct guard_config *config;
	const struct janus_subject *subject;

	s->subject.only_dir = s->subject.audit = s->subject.recursive = true;
	s->subject.auto_allow_owner = s->subject.one_filesystem = true;
	s->subject.stalling = s->subject.wait_for_paths = s->subject.glob = true;
	s->subject.only_exceptions = true;
	s->subject.max_depth = 9;
	s->subject.mode = JANUS__V1__MODE__MODE_DRY_RUN;
	s->subject.strategy = JANUS__V1__STRATEGY__STRATEGY_MOUNT;
	s->subject.ignore = s->paths;
	s->subject.n_ignore = 1;
	s->subject.exceptions = s->exceptions;
	s->subject.n_exceptions = 1;
	s->exception.uid = 33;
	s->guard.on_failure = JANUS__V1__ON_FAILURE__ON_FAILURE_DENY;
	s->guard.wait_ms = 5;
	s->guard.directory_limit = 6;
	config = create_right(s);
	subject = &config->subjects[0];
	cr_expect_eq(subject->flags,
		     JANUS_SUBJECT_ONLY_DIR | JANUS_SUBJECT_AUTO_ALLOW_OWNER |
			     JANUS_SUBJECT_AUDIT | JANUS_SUBJECT_RECURSIVE |
			     JANUS_SUBJECT_ONE_FILESYSTEM | JANUS_SUBJECT_STALLING |
			     JANUS_SUBJECT_WAIT | JANUS_SUBJECT_GLOB |
			     JANUS_SUBJECT_ONLY);
	cr_expect_eq(subject->mode, JANUS_MODE_DRY_RUN);
	cr_expect_eq(subject->strategy, JANUS_STRATEGY_MOUNT);
	cr_expect_eq(subject->max_depth, 9);
	cr_expect_eq(subject->ignore_count, 1);
	cr_assert_eq(subject->exception_count, 1);
	cr_expect_eq(subject->exceptions[0].kind, JANUS_EXCEPTION_UID);
	cr_expect_eq(subject->exceptions[0].number, 33);
	cr_expect_eq(config->on_failure, JANUS_VERDICT_DENY);
	cr_expect_eq(config->wait_ns, 5000000);
	cr_expect_eq(config->guard->directory_limit, 6);
	guard_config_destroy(config);
}

Test(guard_config, observed_is_in_audit_mode)
{
	struct sample *s = sample();
	struct guard_config *config;

	s->subject.mode = JANUS__V1__MODE__MODE_AUDIT;
	s->subject.observe = s->paths;
	s->subject.n_observe = 1;
	s->subject.n_deny = 0;
	s->events[0] = JANUS__V1__EVENT_KIND__EVENT_KIND_RENAME;
	s->events[1] = JANUS__V1__EVENT_KIND__EVENT_KIND_ACCESS;
	s->events[2] = JANUS__V1__EVENT_KIND__EVENT_KIND_RENAME;
	s->subject.n_events = 3;
	config = create_right(s);
	cr_expect_eq(config->subjects[0].mode, JANUS_MODE_AUDIT);
	cr_expect_eq(config->subjects[0].observe_count, 1);
	cr_expect_eq(config->subjects[0].events, JANUS_EVENT_RENAME | JANUS_EVENT_ACCESS);
	guard_config_destroy(config);
}

Test(guard_config, waiting_for_ever_is_for_ever)
{
	struct sample *s = sample();
	struct guard_config *config;

	s->guard.wait_ms = UINT64_MAX;
	config = create_right(s);
	cr_expect_eq(config->wait_ns, UINT64_MAX);
	guard_config_destroy(config);
}

Test(guard_config, the_same_is_the_same_however_it_was_said)
{
	struct sample *s = sample();
	struct guard_config *one, *other;

	s->tags[0].key = "b";
	s->tags[0].value = "1";
	s->tags[1].key = "a";
	s->tags[1].value = "2";
	s->subject.tags = s->tag_pointers;
	s->subject.n_tags = 2;
	s->events[1] = JANUS__V1__EVENT_KIND__EVENT_KIND_ACCESS;
	s->subject.n_events = 2;
	one = create_right(s);
	cr_expect_str_eq(one->subjects[0].tags[0].key, "a");
	s->guard.node = "here";
	s->subject.mode = JANUS__V1__MODE__MODE_ENFORCE;
	s->events[0] = JANUS__V1__EVENT_KIND__EVENT_KIND_ACCESS;
	s->events[1] = JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN;
	s->tag_pointers[0] = &s->tags[1];
	s->tag_pointers[1] = &s->tags[0];
	other = create_right(s);
	cr_expect(guard_config_is_same(one, other));
	guard_config_destroy(other);
	s->tags[1].value = "3";
	other = create_right(s);
	cr_expect_not(guard_config_is_same(one, other));
	guard_config_destroy(other);
	guard_config_destroy(one);
}

Test(guard_config, of_a_key_the_last_value_counts)
{
	struct sample *s = sample();
	struct guard_config *config;

	s->tags[0].key = s->tags[1].key = "k";
	s->tags[0].value = "first";
	s->tags[1].value = "last";
	s->subject.tags = s->tag_pointers;
	s->subject.n_tags = 2;
	config = create_right(s);
	cr_assert_eq(config->subjects[0].tag_count, 1);
	cr_expect_str_eq(config->subjects[0].tags[0].value, "last");
	guard_config_destroy(config);
}

/* Whom nothing is ever denied must be one of those who may, and none of those who may not. */
Test(guard_config, allowed_to_some_and_denied_to_some_are_two_subjects)
{
	struct sample *s = sample();
	struct guard_config *config;

	s->subject.allow = s->paths;
	s->subject.n_allow = 1;
	s->subject.only_exceptions = true;
	s->subject.exceptions = s->exceptions;
	s->subject.n_exceptions = 1;
	config = create_right(s);
	cr_assert_eq(config->subject_count, 2);
	cr_expect_eq(config->subjects[0].allow_count, 1);
	cr_expect_eq(config->subjects[0].deny_count, 0);
	cr_expect_eq(config->subjects[1].allow_count, 0);
	cr_expect_eq(config->subjects[1].deny_count, 1);
	cr_expect_eq(config->subjects[1].exception_count, 1);
	cr_expect_eq(config->path_count, 2);
	guard_config_destroy(config);
}

Test(guard_config, names)
{
	struct sample *s = sample();

	s->guard.name = "";
	expect_wrong(s, "name: is empty");
	s = sample();
	s->guard.node = "there";
	expect_refusal(s, STATUS_FAILED_PRECONDITION,
		       "node: 'there' is asked for, this is node 'here'");
	s = sample();
	s->guard.log_format = "{nothing}";
	expect_wrong(s, "log_format: unknown specifier '{nothing}'");
}

Test(guard_config, targets)
{
	struct sample *s = sample();

	s->guard.n_targets = 0;
	expect_wrong(s, "targets: is empty: nothing is named to guard");
	s = sample();
	s->guard.n_targets = 4;
	expect_refusal(s, STATUS_RESOURCE_EXHAUSTED, "targets: more than 3 are given");
	s = sample();
	s->target.pid = -1;
	expect_wrong(s, "targets[0].pid: -1 is no process id");
	s->target.kind_case = JANUS__V1__TARGET__KIND__NOT_SET;
	expect_wrong(s, "targets[0].kind: none of host, pid, container, cgroup, exe is"
			" given");
	s->target.kind_case = JANUS__V1__TARGET__KIND_HOST;
	s->target.host = false;
	expect_wrong(s, "targets[0].host: is false, which is no target");
	s->target.kind_case = JANUS__V1__TARGET__KIND_CONTAINER;
	s->target.container = "";
	expect_wrong(s, "targets[0].container: '' is no container id");
	s->target.kind_case = JANUS__V1__TARGET__KIND_CGROUP;
	s->target.cgroup = "/";
	expect_wrong(s, "targets[0].cgroup: '/' is the root, or ends with a '/'");
	s->target.cgroup = "a";
	expect_wrong(s, "targets[0].cgroup: 'a' is no absolute path");
	s->target.kind_case = JANUS__V1__TARGET__KIND_EXE;
	s->target.exe = "bin/sh";
	expect_wrong(s, "targets[0].exe: 'bin/sh' is no absolute path");
}

Test(guard_config, counts)
{
	struct sample *s = sample();
	char path[70];

	s->guard.n_subjects = 0;
	expect_wrong(s, "subjects: is empty");
	s->guard.n_subjects = 3;
	expect_refusal(s, STATUS_RESOURCE_EXHAUSTED, "subjects: more than 2 are given");
	s = sample();
	for (size_t i = 0; i < 5; i++)
		s->paths[i] = "/a";
	s->subject.n_deny = 5;
	expect_refusal(s, STATUS_RESOURCE_EXHAUSTED,
		       "subjects: more than 4 paths are given");
	s = sample();
	s->subject.tags = s->tag_pointers;
	s->subject.n_tags = 3;
	expect_refusal(s, STATUS_RESOURCE_EXHAUSTED,
		       "subjects[0].tags: more than 2 are given");
	s = sample();
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[64] = '\0';
	s->paths[0] = path;
	expect_refusal(
		s, STATUS_RESOURCE_EXHAUSTED,
		"subjects[0].deny[0]: '/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaa' has 64 or more bytes");
}

Test(guard_config, words_of_a_subject)
{
	struct sample *s = sample();

	s->subject.n_events = 0;
	expect_wrong(s, "subjects[0].events: is empty; at least one kind must be given");
	s = sample();
	s->events[0] = (Janus__V1__EventKind)77;
	expect_wrong(s, "subjects[0].events[0]: '77' is no kind of event");
	s = sample();
	s->events[0] = JANUS__V1__EVENT_KIND__EVENT_KIND_CREATE;
	expect_wrong(s,
		     "subjects[0].events[0]: '4' can only be observed, with MODE_AUDIT");
	s = sample();
	s->subject.mode = (Janus__V1__Mode)9;
	expect_wrong(s, "subjects[0].mode: is no mode");
	s = sample();
	s->subject.strategy = (Janus__V1__Strategy)-1;
	expect_wrong(s, "subjects[0].strategy: is no strategy");
	s = sample();
	s->paths[0] = "relative\n";
	expect_wrong(s, "subjects[0].deny[0]: 'relative\\n' is no absolute path");
	s = sample();
	s->subject.n_deny = 0;
	expect_wrong(
		s, "subjects[0].allow: neither allow nor deny nor observe names a path");
	s = sample();
	s->subject.max_depth = 1;
	expect_wrong(s, "subjects[0].max_depth: only trees (recursive) have a depth");
	s = sample();
	s->target.kind_case = JANUS__V1__TARGET__KIND_HOST;
	s->target.host = true;
	s->subject.auto_allow_owner = true;
	expect_wrong(s,
		     "subjects[0].auto_allow_owner: the host, which is a target, has no"
		     " owner to allow");
	s = sample();
	s->subject.tags = s->tag_pointers;
	s->subject.n_tags = 1;
	expect_wrong(s, "subjects[0].tags: '' is no key");
	s = sample();
	s->guard.on_failure = (Janus__V1__OnFailure)3;
	expect_wrong(s, "on_failure: 3 is neither ON_FAILURE_ALLOW nor ON_FAILURE_DENY");
}

Test(guard_config, exceptions)
{
	struct sample *s = sample();

	s->subject.only_exceptions = true;
	expect_wrong(s, "subjects[0].exceptions: is empty, and only_exceptions is set");
	s = sample();
	s->subject.exceptions = s->exceptions;
	s->subject.n_exceptions = 1;
	s->exception.who_case = JANUS__V1__EXCEPTION__WHO__NOT_SET;
	expect_wrong(s, "subjects[0].exceptions[0]: '' names nobody");
	s->exception.who_case = JANUS__V1__EXCEPTION__WHO_EXE;
	s->exception.exe = "sh";
	expect_wrong(s, "subjects[0].exceptions[0]: 'sh' is no absolute path");
	s->exception.who_case = JANUS__V1__EXCEPTION__WHO_ANCESTOR;
	s->exception.ancestor = 0;
	expect_wrong(s, "subjects[0].exceptions[0]: 'ancestor' is no process id");
	s->exception.who_case = JANUS__V1__EXCEPTION__WHO_CGROUP;
	s->exception.cgroup = "/a/";
	expect_wrong(s,
		     "subjects[0].exceptions[0]: '/a/' is the root, or ends with a '/'");
	s->subject.mode = JANUS__V1__MODE__MODE_AUDIT;
	expect_wrong(s, "subjects[0].exceptions: nobody is denied anything with"
			" MODE_AUDIT");
}

Test(guard_config, bytes_that_are_no_guard)
{
	static const uint8_t nothing[] = { 0xff, 0xff };
	struct guard_config *config = NULL;
	struct status status;
	uint8_t *much = calloc(1, limits.request_bytes + 1);

	cr_expect_eq(guard_config_create(&config, (struct wire_bytes){ nothing, 2 },
					 &options, &status),
		     -1);
	cr_expect_str_eq(status.message, "request: the bytes are no protobuf message");
	cr_expect_eq(
		guard_config_create(&config,
				    (struct wire_bytes){ much, limits.request_bytes + 1 },
				    &options, &status),
		-1);
	cr_expect_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
	cr_expect_str_eq(status.message, "guard: has more than 4096 bytes");
	free(much);
}
