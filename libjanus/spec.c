// SPDX-License-Identifier: MIT
/*
 * Owns what a valid watch is. Two passes over the options: one checks and measures, one
 * copies into a single piece of memory. Opens nothing, knows no kernel.
 */
#include "spec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "util.h"

#define PATHS_MAX 65536
#define SUBJECTS_MAX 65536
#define TAGS_MAX 4096
#define CONTAINER_ID_MAX 512

#define KNOWN_SUBJECT_FLAGS                                                              \
	((uint32_t)JANUS_SUBJECT_ONLY_DIR | (uint32_t)JANUS_SUBJECT_AUTO_ALLOW_OWNER |   \
	 (uint32_t)JANUS_SUBJECT_AUDIT)

/* What the copy will need. */
struct measure {
	size_t rules;
	size_t tags;
	size_t text_bytes;
};

/* The memory of the copy, handed out from front to back. */
struct arena {
	struct janus__rule *rules;
	struct janus_tag *tags;
	char *text;
};

static int check_path(struct janus_watch_report *report, const struct janus__place *place)
{
	if (!place->path)
		return janus__report_refuse(report, -EINVAL, place, "the path is NULL");
	if (place->path[0] == '\0')
		return janus__report_refuse(report, -EINVAL, place, "the path is empty");
	if (place->path[0] != '/')
		return janus__report_refuse(report, -EINVAL, place,
					    "the path is not absolute");
	if (strnlen(place->path, PATH_MAX) == PATH_MAX)
		return janus__report_refuse(report, -ENAMETOOLONG, place,
					    "the path has PATH_MAX or more bytes");
	return 0;
}

static int measure_paths(struct janus_watch_report *report, struct measure *measure,
			 struct janus__place place, const char *const *paths,
			 uint64_t count)
{
	if (count && !paths)
		return janus__report_refuse(report, -EINVAL, &place,
					    "a count without an array");
	if (count > PATHS_MAX - measure->rules)
		return janus__report_refuse(report, -E2BIG, &place,
					    "more than 65536 paths");
	for (place.index = 0; place.index < count; place.index++) {
		int err;

		place.path = paths[place.index];
		err = check_path(report, &place);
		if (err)
			return err;
		measure->text_bytes += strlen(place.path) + 1;
	}
	measure->rules += count;
	return 0;
}

static int measure_tags(struct janus_watch_report *report, struct measure *measure,
			struct janus__place place, const struct janus_subject *subject)
{
	place.field = "tags";
	if (subject->tag_count && !subject->tags)
		return janus__report_refuse(report, -EINVAL, &place,
					    "a count without an array");
	if (subject->tag_count > TAGS_MAX)
		return janus__report_refuse(report, -E2BIG, &place,
					    "more than 4096 tags");
	for (uint64_t i = 0; i < subject->tag_count; i++) {
		const struct janus_tag *tag = &subject->tags[i];

		if (!tag->key || tag->key[0] == '\0')
			return janus__report_refuse(report, -EINVAL, &place,
						    "a tag has no key");
		measure->text_bytes += strlen(tag->key) + 1;
		measure->text_bytes += (tag->value ? strlen(tag->value) : 0) + 1;
	}
	measure->tags += subject->tag_count;
	return 0;
}

static int check_words(struct janus_watch_report *report, struct janus__place place,
		       const struct janus_subject *subject, uint32_t target)
{
	place.field = "events";
	if (!subject->events || (subject->events & ~JANUS_EVENT_ALL_PERMISSION))
		return janus__report_refuse(report, -EINVAL, &place,
					    "not a mask of permission events");
	place.field = "mode";
	if (subject->mode > JANUS_MODE_DRY_RUN)
		return janus__report_refuse(report, -EINVAL, &place, "unknown mode");
	place.field = "flags";
	if (subject->flags & ~KNOWN_SUBJECT_FLAGS)
		return janus__report_refuse(report, -EINVAL, &place, "unknown flag");
	if ((subject->flags & JANUS_SUBJECT_AUTO_ALLOW_OWNER) &&
	    target == JANUS_TARGET_HOST)
		return janus__report_refuse(report, -EINVAL, &place,
					    "the host has no owner to allow");
	place.field = "reserved";
	if (subject->reserved)
		return janus__report_refuse(report, -EINVAL, &place, "not 0");
	return 0;
}

static int measure_subject(struct janus_watch_report *report, struct measure *measure,
			   struct janus__place place, const struct janus_subject *subject)
{
	int err;

	place.field = "allow";
	err = measure_paths(report, measure, place, subject->allow, subject->allow_count);
	if (err)
		return err;
	place.field = "deny";
	err = measure_paths(report, measure, place, subject->deny, subject->deny_count);
	if (err)
		return err;
	place.field = "allow";
	if (!subject->allow_count && !subject->deny_count)
		return janus__report_refuse(report, -EINVAL, &place,
					    "neither allow nor deny names a path");
	return measure_tags(report, measure, place, subject);
}

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

static int measure_options(struct janus_watch_report *report, struct measure *measure,
			   const struct janus_watch_options *options)
{
	int err = check_target(report, options);

	if (err)
		return err;
	for (uint32_t i = 0; i < options->subject_count; i++) {
		struct janus__place place = { .subject = i, .field = "size" };
		struct janus_subject subject;

		err = read_subject(&subject, options, i);
		if (err)
			return janus__report_refuse(report, err, &place,
						    "not the size of a subject");
		err = check_words(report, place, &subject, options->target);
		if (err)
			return err;
		err = measure_subject(report, measure, place, &subject);
		if (err)
			return err;
	}
	if (options->container_id)
		measure->text_bytes += strlen(options->container_id) + 1;
	return 0;
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

static void copy_rules(struct arena *arena, uint32_t subject, const char *const *paths,
		       uint64_t count, bool deny)
{
	for (uint32_t i = 0; i < count; i++)
		*arena->rules++ = (struct janus__rule){
			.path = copy_path(arena, paths[i]),
			.subject = subject,
			.index = i,
			.deny = deny,
		};
}

static void copy_subject(struct arena *arena, struct janus__subject *ret, uint32_t index,
			 const struct janus_subject *subject)
{
	*ret = (struct janus__subject){
		.events = subject->events,
		.mode = subject->mode,
		.flags = subject->flags,
		.tags = arena->tags,
		.tag_count = (uint32_t)subject->tag_count,
	};
	for (uint64_t i = 0; i < subject->tag_count; i++) {
		const char *value = subject->tags[i].value;

		*arena->tags++ = (struct janus_tag){
			.key = copy_text(arena, subject->tags[i].key),
			.value = copy_text(arena, value ? value : ""),
		};
	}
	copy_rules(arena, index, subject->allow, subject->allow_count, false);
	copy_rules(arena, index, subject->deny, subject->deny_count, true);
}

int janus__spec_create(struct janus__spec **ret,
		       const struct janus_watch_options *options,
		       struct janus_watch_report *report)
{
	struct measure measure = { 0 };
	struct janus__subject *subjects;
	struct janus__spec *spec;
	struct arena arena;
	int err = measure_options(report, &measure, options);

	if (err)
		return err;
	spec = calloc(1, sizeof(*spec) + options->subject_count * sizeof(*subjects) +
				 measure.rules * sizeof(*arena.rules) +
				 measure.tags * sizeof(*arena.tags) + measure.text_bytes);
	if (!spec)
		return janus__report_fail(report, -ENOMEM, "spec", "no memory");
	subjects = (struct janus__subject *)(spec + 1);
	arena.rules = (struct janus__rule *)(subjects + options->subject_count);
	arena.tags = (struct janus_tag *)(arena.rules + measure.rules);
	arena.text = (char *)(arena.tags + measure.tags);

	spec->target = options->target;
	spec->pid = options->pid;
	spec->cookie = options->cookie;
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
	free(spec->root);
	free(spec);
}
