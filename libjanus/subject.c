// SPDX-License-Identifier: MIT
/*
 * Owns what a valid subject is: which words go together, which paths, patterns and tags may
 * stand in it. Copies nothing.
 */
#include "subject.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "exception.h"
#include "pattern.h"
#include "report.h"
#include "util.h"

#define PATHS_MAX 65536
#define TAGS_MAX 4096
#define PATTERNS_MAX 4096
#define EXCEPTIONS_MAX 4096

#define OWNER ((uint32_t)JANUS_SUBJECT_AUTO_ALLOW_OWNER)
#define RECORDS ((uint32_t)JANUS_SUBJECT_AUDIT)
#define RECURSIVE ((uint32_t)JANUS_SUBJECT_RECURSIVE)
#define ONE_FILESYSTEM ((uint32_t)JANUS_SUBJECT_ONE_FILESYSTEM)
#define GLOB ((uint32_t)JANUS_SUBJECT_GLOB)
#define ONLY ((uint32_t)JANUS_SUBJECT_ONLY)

#define KNOWN_FLAGS                                                                      \
	(OWNER | RECORDS | RECURSIVE | ONE_FILESYSTEM | GLOB | ONLY |                    \
	 (uint32_t)JANUS_SUBJECT_ONLY_DIR | (uint32_t)JANUS_SUBJECT_STALLING |           \
	 (uint32_t)JANUS_SUBJECT_WAIT)

#define KNOWN_STRATEGIES                                                                 \
	((uint32_t)JANUS_STRATEGY_INODE | (uint32_t)JANUS_STRATEGY_MOUNT |               \
	 (uint32_t)JANUS_STRATEGY_FILESYSTEM)

static int refuse(const struct janus__measure *measure, const struct janus__place *place,
		  int error, const char *cause)
{
	return janus__report_refuse(measure->report, error, place, cause);
}

static bool is_one_strategy(uint32_t strategy)
{
	return !(strategy & ~KNOWN_STRATEGIES) && !(strategy & (strategy - 1));
}

static int check_words(const struct janus__measure *measure, struct janus__place place,
		       const struct janus_subject *subject)
{
	const uint32_t flags = subject->flags;
	const bool audit = subject->mode == JANUS_MODE_AUDIT;
	const uint32_t events = audit ? JANUS_EVENT_ALL_OBSERVATION
				      : JANUS_EVENT_ALL_PERMISSION;
	const struct {
		bool wrong;
		const char *field;
		const char *cause;
	} rules[] = {
		{ subject->mode > JANUS_MODE_ASK, "mode", "unknown mode" },
		{ !subject->events || (subject->events & ~events), "events",
		  audit ? "not a mask of events" : "not a mask of permission events" },
		{ flags & ~KNOWN_FLAGS, "flags", "unknown flag" },
		{ (flags & OWNER) && measure->target == JANUS_TARGET_HOST, "flags",
		  "the host has no owner to allow" },
		{ (flags & OWNER) && audit, "flags",
		  "nobody needs to be allowed in JANUS_MODE_AUDIT" },
		{ (flags & RECORDS) && audit, "flags",
		  "no answers, no audit records of them in JANUS_MODE_AUDIT" },
		{ (flags & ONE_FILESYSTEM) && !(flags & RECURSIVE), "flags",
		  "JANUS_SUBJECT_ONE_FILESYSTEM is for trees (JANUS_SUBJECT_RECURSIVE)" },
		{ !is_one_strategy(subject->strategy), "strategy", "unknown strategy" },
		{ subject->strategy && audit, "strategy",
		  "there is none to choose in JANUS_MODE_AUDIT" },
		{ subject->observe_count && !audit, "observe",
		  "paths are observed in JANUS_MODE_AUDIT only" },
		{ subject->ignore_count && !(flags & RECURSIVE), "ignore",
		  "only trees leave something out (JANUS_SUBJECT_RECURSIVE)" },
		{ subject->max_depth && !(flags & RECURSIVE), "max_depth",
		  "only trees have a depth (JANUS_SUBJECT_RECURSIVE)" },
		{ subject->exception_count && audit, "exceptions",
		  "nobody is denied anything in JANUS_MODE_AUDIT" },
		{ (flags & ONLY) && !subject->exception_count, "exceptions",
		  "there is none for JANUS_SUBJECT_ONLY" },
		{ subject->exception_count && !(flags & ONLY) && !subject->deny_count,
		  "exceptions",
		  "nothing is denied: they are from deny, or go with JANUS_SUBJECT_ONLY" },
		{ subject->reserved, "reserved", "not 0" },
	};

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(rules); i++) {
		place.field = rules[i].field;
		if (rules[i].wrong)
			return refuse(measure, &place, -EINVAL, rules[i].cause);
	}
	return 0;
}

/* Whether one of the components is @name. */
static bool has_component(const char *path, const char *name)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == strlen(name) && memcmp(path, name, length) == 0)
			return true;
		path += length;
		path += strspn(path, "/");
	}
	return false;
}

static int check_path(const struct janus__measure *measure,
		      const struct janus__place *place, bool glob)
{
	const char *cause;

	if (!place->path)
		return refuse(measure, place, -EINVAL, "the path is NULL");
	if (place->path[0] == '\0')
		return refuse(measure, place, -EINVAL, "the path is empty");
	if (place->path[0] != '/')
		return refuse(measure, place, -EINVAL, "the path is not absolute");
	if (strnlen(place->path, PATH_MAX) == PATH_MAX)
		return refuse(measure, place, -ENAMETOOLONG,
			      "the path has PATH_MAX or more bytes");
	if (!glob)
		return 0;
	cause = janus__pattern_check(place->path);
	if (!cause && has_component(place->path, ".."))
		cause = "a pattern cannot go up by '..'";
	return cause ? refuse(measure, place, -EINVAL, cause) : 0;
}

/* What can match nothing is a mistake, and would leave nothing out silently. */
static int check_ignore(const struct janus__measure *measure,
			const struct janus__place *place)
{
	const char *cause;

	if (!place->path)
		return refuse(measure, place, -EINVAL, "the pattern is NULL");
	if (strnlen(place->path, PATH_MAX) == PATH_MAX)
		return refuse(measure, place, -ENAMETOOLONG,
			      "the pattern has PATH_MAX or more bytes");
	cause = janus__pattern_check(place->path);
	if (!cause && place->path[strspn(place->path, "/")] == '\0')
		cause = "the pattern names nothing";
	if (!cause &&
	    (has_component(place->path, ".") || has_component(place->path, "..")))
		cause = "a '.' or '..' matches nothing";
	return cause ? refuse(measure, place, -EINVAL, cause) : 0;
}

struct paths {
	const char *field;
	const char *const *paths;
	uint64_t count;
};

static int measure_paths(struct janus__measure *measure, struct janus__place place,
			 const struct paths *given, bool glob)
{
	place.field = given->field;
	if (given->count && !given->paths)
		return refuse(measure, &place, -EINVAL, "a count without an array");
	if (given->count > PATHS_MAX - measure->rules)
		return refuse(measure, &place, -E2BIG, "more than 65536 paths");
	for (place.index = 0; place.index < given->count; place.index++) {
		int err;

		place.path = given->paths[place.index];
		err = check_path(measure, &place, glob);
		if (err)
			return err;
		measure->text_bytes += strlen(place.path) + 1;
	}
	measure->rules += given->count;
	return 0;
}

static int measure_ignore(struct janus__measure *measure, struct janus__place place,
			  const struct janus_subject *subject)
{
	place.field = "ignore";
	if (subject->ignore_count && !subject->ignore)
		return refuse(measure, &place, -EINVAL, "a count without an array");
	if (subject->ignore_count > PATTERNS_MAX)
		return refuse(measure, &place, -E2BIG, "more than 4096 patterns");
	for (place.index = 0; place.index < subject->ignore_count; place.index++) {
		int err;

		place.path = subject->ignore[place.index];
		err = check_ignore(measure, &place);
		if (err)
			return err;
		measure->text_bytes += strlen(place.path) + 1;
	}
	measure->patterns += subject->ignore_count;
	return 0;
}

static int measure_exceptions(struct janus__measure *measure, struct janus__place place,
			      const struct janus_subject *subject)
{
	place.field = "exceptions";
	if (subject->exception_count && !subject->exceptions)
		return refuse(measure, &place, -EINVAL, "a count without an array");
	if (subject->exception_count > EXCEPTIONS_MAX)
		return refuse(measure, &place, -E2BIG, "more than 4096 exceptions");
	for (place.index = 0; place.index < subject->exception_count; place.index++) {
		const struct janus_exception *exception =
			&subject->exceptions[place.index];
		const char *cause = janus__exception_check(exception, measure->target);

		if (cause)
			return refuse(measure, &place, -EINVAL, cause);
		if (exception->text)
			measure->text_bytes += strlen(exception->text) + 1;
	}
	measure->exceptions += subject->exception_count;
	return 0;
}

static int measure_tags(struct janus__measure *measure, struct janus__place place,
			const struct janus_subject *subject)
{
	place.field = "tags";
	if (subject->tag_count && !subject->tags)
		return refuse(measure, &place, -EINVAL, "a count without an array");
	if (subject->tag_count > TAGS_MAX)
		return refuse(measure, &place, -E2BIG, "more than 4096 tags");
	for (uint64_t i = 0; i < subject->tag_count; i++) {
		const struct janus_tag *tag = &subject->tags[i];

		if (!tag->key || tag->key[0] == '\0')
			return refuse(measure, &place, -EINVAL, "a tag has no key");
		measure->text_bytes += strlen(tag->key) + 1;
		measure->text_bytes += (tag->value ? strlen(tag->value) : 0) + 1;
	}
	measure->tags += subject->tag_count;
	return 0;
}

int janus__subject_measure(struct janus__measure *measure, uint32_t index,
			   const struct janus_subject *subject)
{
	const struct paths lists[] = {
		{ "allow", subject->allow, subject->allow_count },
		{ "deny", subject->deny, subject->deny_count },
		{ "observe", subject->observe, subject->observe_count },
	};
	struct janus__place place = { .subject = index };
	const size_t rules_before = measure->rules;
	int err = check_words(measure, place, subject);

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(lists) && !err; i++)
		err = measure_paths(measure, place, &lists[i], subject->flags & GLOB);
	if (err)
		return err;
	place.field = "allow";
	if (measure->rules == rules_before)
		return refuse(measure, &place, -EINVAL,
			      "neither allow nor deny nor observe names a path");
	err = measure_ignore(measure, place, subject);
	if (!err)
		err = measure_exceptions(measure, place, subject);
	return err ? err : measure_tags(measure, place, subject);
}
