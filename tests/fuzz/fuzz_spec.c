// SPDX-License-Identifier: MIT
/*
 * A caller's options out of any bytes: they become a spec that keeps its promises, or they are
 * refused with a reason.
 */
#include "spec.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

#define SUBJECTS_MAX 4
#define ITEMS_MAX 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at;
	size_t left;
};

/* What one subject points to. */
struct lists {
	const char *paths[2 * ITEMS_MAX];
	struct janus_tag tags[ITEMS_MAX];
	const char *observe[ITEMS_MAX];
	const char *ignore[ITEMS_MAX];
};

static void check(bool condition)
{
	if (!condition)
		abort();
}

static uint8_t take(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->at++;
}

/* The text up to the next NUL; each one in memory of its own size. NULL: a lone 0xff. */
static char *take_text(struct input *input)
{
	size_t length = strnlen((const char *)input->at, input->left);
	char *text;

	if (length == 1 && *input->at == 0xff) {
		take(input);
		take(input);
		return NULL;
	}
	text = malloc(length + 1);
	check(text != NULL);
	memcpy(text, input->at, length);
	text[length] = '\0';
	input->at += length;
	input->left -= length;
	take(input);
	return text;
}

/* What trees and observation have brought; behind the rest, so that older inputs stay valid. */
static void take_tree(struct input *input, struct janus_subject *subject,
		      struct lists *lists)
{
	subject->events |= (uint32_t)take(input) << 8;
	subject->strategy = take(input);
	subject->max_depth = take(input);
	subject->reserved = take(input) == 0xff;
	subject->observe_count = take(input) % (ITEMS_MAX + 1);
	subject->ignore_count = take(input) % (ITEMS_MAX + 1);
	for (uint64_t i = 0; i < subject->observe_count; i++)
		lists->observe[i] = take_text(input);
	for (uint64_t i = 0; i < subject->ignore_count; i++)
		lists->ignore[i] = take_text(input);
	subject->observe = lists->observe;
	subject->ignore = lists->ignore;
}

static void take_subject(struct input *input, struct janus_subject *subject,
			 struct lists *lists)
{
	*subject = (struct janus_subject)JANUS_SUBJECT_INIT;
	subject->size += take(input) % 4 == 3 ? 8 : 0;
	subject->events = take(input);
	subject->mode = take(input);
	subject->flags = take(input);
	subject->allow_count = take(input) % (ITEMS_MAX + 1);
	subject->deny_count = take(input) % (ITEMS_MAX + 1);
	subject->tag_count = take(input) % (ITEMS_MAX + 1);
	for (uint64_t i = 0; i < subject->allow_count + subject->deny_count; i++)
		lists->paths[i] = take_text(input);
	for (uint64_t i = 0; i < subject->tag_count; i++) {
		lists->tags[i].key = take_text(input);
		lists->tags[i].value = take_text(input);
	}
	subject->allow = lists->paths;
	subject->deny = lists->paths + subject->allow_count;
	subject->tags = lists->tags;
	take_tree(input, subject, lists);
}

static void free_lists(struct lists *lists)
{
	for (size_t i = 0; i < 2 * ITEMS_MAX; i++)
		free((char *)(uintptr_t)lists->paths[i]);
	for (size_t i = 0; i < ITEMS_MAX; i++) {
		free((char *)(uintptr_t)lists->tags[i].key);
		free((char *)(uintptr_t)lists->tags[i].value);
		free((char *)(uintptr_t)lists->observe[i]);
		free((char *)(uintptr_t)lists->ignore[i]);
	}
}

static void check_rule(const struct janus__spec *spec, const struct janus__rule *rule)
{
	const struct janus__subject *subject = janus__spec_subject_of(spec, rule);
	size_t length = strlen(rule->path);

	check(rule->subject < spec->subject_count);
	check(length >= 1 && length < PATH_MAX && rule->path[0] == '/');
	check(!strstr(rule->path, "//") && !strstr(rule->path, "/./"));
	check(length == 1 || rule->path[length - 1] != '/');
	check(length == 1 || strcmp(rule->path + length - 2, "/.") != 0);
	check(!rule->observe || (!rule->deny && !janus__subject_asks(subject)));
	if (!(subject->flags & JANUS_SUBJECT_GLOB))
		return;
	check(!janus__pattern_check(rule->path) && !strstr(rule->path, "/../"));
}

static void check_subject(const struct janus__subject *subject)
{
	check(subject->events && subject->mode <= JANUS_MODE_ASK);
	check(!janus__subject_asks(subject) ||
	      !(subject->events & ~JANUS_EVENT_ALL_PERMISSION));
	check(!(subject->strategy & (subject->strategy - 1)));
	check((subject->flags & JANUS_SUBJECT_RECURSIVE) ||
	      (!subject->ignore_count && !subject->max_depth));
	for (uint32_t i = 0; i < subject->tag_count; i++)
		check(subject->tags[i].key[0] && subject->tags[i].value);
	for (uint32_t i = 0; i < subject->ignore_count; i++)
		check(!janus__pattern_check(subject->ignore[i]));
}

static void check_spec(const struct janus__spec *spec,
		       const struct janus_watch_report *report)
{
	check(spec->rule_count > 0 && report->paths == spec->rule_count);
	for (uint64_t i = 0; i < spec->rule_count; i++)
		check_rule(spec, &spec->rules[i]);
	for (uint64_t i = 0; i < spec->subject_count; i++)
		check_subject(&spec->subjects[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lists lists[SUBJECTS_MAX];
	struct input input = { data, size };
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subjects[SUBJECTS_MAX];
	struct janus__spec *spec = NULL;
	char *id = NULL;
	int err;

	options.target = take(&input);
	options.pid = (int8_t)take(&input);
	if (take(&input) % 2)
		options.container_id = id = take_text(&input);
	options.subject_count = take(&input) % (SUBJECTS_MAX + 1);
	options.subjects = subjects;
	memset(lists, 0, sizeof(lists));
	for (uint64_t i = 0; i < options.subject_count; i++)
		take_subject(&input, &subjects[i], &lists[i]);
	err = janus__spec_create(&spec, &options, &report);
	free(id);
	for (size_t i = 0; i < SUBJECTS_MAX; i++)
		free_lists(&lists[i]);
	check((err == 0) == (spec != NULL));
	check((err == 0) == (report.message[0] == '\0'));
	if (spec)
		check_spec(spec, &report);
	janus__spec_unref(spec);
	return 0;
}
