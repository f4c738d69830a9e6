// SPDX-License-Identifier: MIT
/*
 * Owns what a valid watch is, but for what stands inside a subject. Two passes over the
 * options: one checks and measures, one copies into a single piece of memory. Opens nothing,
 * knows no kernel.
 */
#include "spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "subject.h"

#define SUBJECTS_MAX 65536
#define CONTAINER_ID_MAX 512
#define ASK_NS_MIN UINT64_C(10000000)
#define ASK_NS_MAX UINT64_C(3600000000000)

/* The memory of the copy, handed out from front to back. */
struct arena {
	struct janus__rule *rules;
	struct janus_tag *tags;
	const char **patterns;
	struct janus__exception *exceptions;
	char *text;
};

static int check_target(struct janus_watch_report *report,
			const struct janus_watch_options *options)
{
	if (options->target > JANUS_TARGET_CONTAINER)
		return janus__report_fail(report, -EINVAL, "target", "unknown kind");
	if ((options->target == JANUS_TARGET_PID) != (options->pid != 0) ||
	    options->pid < 0)
		return janus__report_fail(report, -EINVAL, "pid",
					  "a positive pid goes with JANUS_TARGET_PID");
	if ((options->target == JANUS_TARGET_CONTAINER) !=
	    (options->container_id != NULL))
		return janus__report_fail(report, -EINVAL, "container_id",
					  "an id goes with JANUS_TARGET_CONTAINER");
	if (options->container_id &&
	    strnlen(options->container_id, CONTAINER_ID_MAX) == CONTAINER_ID_MAX)
		return janus__report_fail(report, -EINVAL, "container_id", "too long");
	if (!options->subjects || !options->subject_count)
		return janus__report_fail(report, -EINVAL, "subjects", "there is none");
	if (options->subject_count > SUBJECTS_MAX)
		return janus__report_fail(report, -E2BIG, "subjects", "more than 65536");
	return 0;
}

/* Elements of a caller's array are as far apart as the caller's struct is large. */
static int read_subject(struct janus_subject *ret,
			const struct janus_watch_options *options, uint64_t index)
{
	uint64_t stride = options->subjects->size, size;
	const char *element = (const char *)options->subjects + index * stride;

	memcpy(&size, element, sizeof(size));
	if (size != stride)
		return -EINVAL;
	return janus__options_read(ret, sizeof(*ret), element);
}

static int measure_options(struct janus__measure *measure,
			   const struct janus_watch_options *options)
{
	int err = check_target(measure->report, options);

	for (uint32_t i = 0; !err && i < options->subject_count; i++) {
		struct janus__place place = { .subject = i, .field = "size" };
		struct janus_subject subject;

		err = read_subject(&subject, options, i);
		if (err)
			return janus__report_refuse(measure->report, err, &place,
						    "not the size of a subject");
		err = janus__subject_measure(measure, i, &subject);
	}
	if (!err && (options->on_failure > JANUS_VERDICT_DENY || options->reserved))
		err = janus__report_fail(measure->report, -EINVAL, "on_failure",
					 "neither allow nor deny");
	if (!err && options->ask_ns &&
	    (options->ask_ns < ASK_NS_MIN || options->ask_ns > ASK_NS_MAX))
		err = janus__report_fail(measure->report, -EINVAL, "ask_ns",
					 "less than 10 ms, or more than an hour");
	if (!err && options->container_id)
		measure->text_bytes += strlen(options->container_id) + 1;
	return err;
}

static const char *copy_text(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(arena->text, text, size);

	arena->text += size;
	return copy;
}

/* The same path in its shortest spelling; ".." stays, for only the kernel can resolve it. */
static const char *copy_path(struct arena *arena, const char *path)
{
	char *copy = arena->text, *end = copy;

	while (*path) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 0 || (length == 1 && path[0] == '.')) {
			path += length;
			continue;
		}
		*end++ = '/';
		memcpy(end, path, length);
		end += length;
		path += length;
	}
	if (end == copy)
		*end++ = '/';
	*end++ = '\0';
	arena->text = end;
	return copy;
}

/* One rule a path, each @like the one given. */
static void copy_rules(struct arena *arena, struct janus__rule like,
		       const char *const *paths, uint64_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		like.path = copy_path(arena, paths[i]);
		like.index = i;
		*arena->rules++ = like;
	}
}

static void copy_ignore(struct arena *arena, const struct janus_subject *subject)
{
	for (uint64_t i = 0; i < subject->ignore_count; i++)
		*arena->patterns++ = copy_text(arena, subject->ignore[i]);
}

static void copy_exceptions(struct arena *arena, const struct janus_subject *subject)
{
	for (uint64_t i = 0; i < subject->exception_count; i++) {
		const struct janus_exception *exception = &subject->exceptions[i];

		*arena->exceptions++ = (struct janus__exception){
			.kind = exception->kind,
			.number = exception->number,
			.text = exception->text ? copy_text(arena, exception->text)
						: NULL,
		};
	}
}

static void copy_tags(struct arena *arena, const struct janus_subject *subject)
{
	for (uint64_t i = 0; i < subject->tag_count; i++) {
		const char *value = subject->tags[i].value;

		*arena->tags++ = (struct janus_tag){
			.key = copy_text(arena, subject->tags[i].key),
			.value = copy_text(arena, value ? value : ""),
		};
	}
}

static void copy_subject(struct arena *arena, struct janus__subject *ret, uint32_t index,
			 const struct janus_subject *subject)
{
	const bool turned = subject->flags & JANUS_SUBJECT_ONLY;
	const struct janus__rule allow = {
		.subject = index,
		.deny = turned,
		.turned = turned,
	};
	const struct janus__rule deny = { .subject = index, .deny = true };
	const struct janus__rule observe = { .subject = index, .observe = true };

	*ret = (struct janus__subject){
		.events = subject->events,
		.mode = subject->mode,
		.flags = subject->flags,
		.strategy = subject->strategy,
		.max_depth = subject->max_depth,
		.tags = arena->tags,
		.tag_count = (uint32_t)subject->tag_count,
		.ignore = arena->patterns,
		.ignore_count = (uint32_t)subject->ignore_count,
		.exceptions = arena->exceptions,
		.exception_count = (uint32_t)subject->exception_count,
	};
	copy_exceptions(arena, subject);
	copy_tags(arena, subject);
	copy_ignore(arena, subject);
	copy_rules(arena, allow, subject->allow, subject->allow_count);
	copy_rules(arena, deny, subject->deny, subject->deny_count);
	copy_rules(arena, observe, subject->observe, subject->observe_count);
}

int janus__spec_create(struct janus__spec **ret,
		       const struct janus_watch_options *options,
		       struct janus_watch_report *report)
{
	struct janus__measure measure = { .report = report, .target = options->target };
	struct janus__subject *subjects;
	struct janus__spec *spec;
	struct arena arena;
	int err = measure_options(&measure, options);

	if (err)
		return err;
	spec = calloc(1, sizeof(*spec) + options->subject_count * sizeof(*subjects) +
				 measure.rules * sizeof(*arena.rules) +
				 measure.tags * sizeof(*arena.tags) +
				 measure.patterns * sizeof(*arena.patterns) +
				 measure.exceptions * sizeof(*arena.exceptions) +
				 measure.text_bytes);
	if (!spec)
		return janus__report_fail(report, -ENOMEM, "spec", "no memory");
	subjects = (struct janus__subject *)(spec + 1);
	arena.exceptions = (struct janus__exception *)(subjects + options->subject_count);
	arena.rules = (struct janus__rule *)(arena.exceptions + measure.exceptions);
	arena.tags = (struct janus_tag *)(arena.rules + measure.rules);
	arena.patterns = (const char **)(arena.tags + measure.tags);
	arena.text = (char *)(arena.patterns + measure.patterns);

	spec->target = options->target;
	spec->pid = options->pid;
	spec->cookie = options->cookie;
	spec->directory_limit = options->directory_limit;
	spec->ask_ns = (int64_t)options->ask_ns;
	spec->denies_on_failure = options->on_failure == JANUS_VERDICT_DENY;
	spec->subjects = subjects;
	spec->subject_count = options->subject_count;
	spec->rules = arena.rules;
	spec->rule_count = measure.rules;
	if (options->container_id)
		spec->container_id = copy_text(&arena, options->container_id);
	for (uint32_t i = 0; i < options->subject_count; i++) {
		struct janus_subject subject = JANUS_SUBJECT_INIT;

		/* It was read once already, so it cannot fail. */
		(void)read_subject(&subject, options, i);
		copy_subject(&arena, &subjects[i], i, &subject);
	}
	atomic_init(&spec->references, 1);
	report->paths = measure.rules;
	*ret = spec;
	return 0;
}

struct janus__spec *janus__spec_ref(struct janus__spec *spec)
{
	atomic_fetch_add_explicit(&spec->references, 1, memory_order_relaxed);
	return spec;
}

void janus__spec_unref(struct janus__spec *spec)
{
	if (!spec)
		return;
	if (atomic_fetch_sub_explicit(&spec->references, 1, memory_order_acq_rel) != 1)
		return;
	for (uint64_t i = 0; i < spec->subject_count; i++)
		for (uint32_t j = 0; j < spec->subjects[i].exception_count; j++)
			free(spec->subjects[i].exceptions[j].cgroup);
	free(spec->container);
	free(spec->root);
	free(spec);
}
