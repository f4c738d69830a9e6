// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "guard_config_internal.h"

/* As many as the library takes, less the lifelines. */
#define EXCEPTIONS_MAX (4096 - GUARD_LIFELINES_MAX)

static int check_counts(const Janus__V1__Guard *guard,
			const struct limit_settings *limits, struct status *status)
{
	size_t paths = 0;

	if (!guard->n_subjects)
		return status_set(status, STATUS_INVALID_ARGUMENT, "subjects: is empty");
	if (guard->n_subjects > limits->subjects_per_guard)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subjects: more than %u are given",
				  limits->subjects_per_guard);
	for (size_t i = 0; i < guard->n_subjects; i++) {
		const Janus__V1__Subject *subject = guard->subjects[i];

		paths += subject->n_allow + subject->n_deny + subject->n_observe;
		if (subject->n_tags > limits->tags_per_subject)
			return status_set(status, STATUS_RESOURCE_EXHAUSTED,
					  "subjects[%zu].tags: more than %u are given", i,
					  limits->tags_per_subject);
		if (subject->n_exceptions > EXCEPTIONS_MAX)
			return status_set(status, STATUS_RESOURCE_EXHAUSTED,
					  "subjects[%zu].exceptions: more than %d are"
					  " given",
					  i, EXCEPTIONS_MAX);
	}
	if (paths > limits->paths_per_guard)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subjects: more than %u paths are given",
				  limits->paths_per_guard);
	return 0;
}

static bool has_host(const Janus__V1__Guard *guard)
{
	for (size_t i = 0; i < guard->n_targets; i++)
		if (guard->targets[i]->kind_case == JANUS__V1__TARGET__KIND_HOST)
			return true;
	return false;
}

static struct janus_exception *make_exceptions(struct guard_config *config, size_t count)
{
	struct janus_exception *exceptions;

	exceptions = calloc(count + GUARD_LIFELINES_MAX, sizeof(*exceptions));
	if (exceptions)
		config->bytes += (count + GUARD_LIFELINES_MAX) * sizeof(*exceptions);
	return exceptions;
}

/*
 * With only_exceptions, what is allowed to some and what is denied to some becomes two subjects:
 * whom nothing is denied is one of the former and none of the latter.
 */
static int split(struct guard_config *config, struct janus_subject *subject)
{
	struct janus_subject *second = &config->subjects[config->subject_count];
	struct janus_exception *copy;

	if (!(subject->flags & JANUS_SUBJECT_ONLY) || !subject->allow_count ||
	    !subject->deny_count)
		return 0;
	copy = make_exceptions(config, subject->exception_count);
	if (!copy)
		return -1;
	memcpy(copy, subject->exceptions, subject->exception_count * sizeof(*copy));
	*second = *subject;
	second->allow = NULL;
	second->allow_count = 0;
	second->exceptions = copy;
	config->exceptions[config->subject_count++] = copy;
	subject->deny = NULL;
	subject->deny_count = 0;
	return 0;
}

static int take_one(struct guard_backing *backing, const struct guard_taking *like,
		    struct status *status)
{
	struct guard_config *config = &backing->config;
	struct guard_taking taking = *like;
	size_t position = config->subject_count++;

	taking.subject = &config->subjects[position];
	if (taking.message->n_exceptions) {
		taking.exceptions = make_exceptions(config, taking.message->n_exceptions);
		config->exceptions[position] = taking.exceptions;
		if (!taking.exceptions)
			return status_set(status, STATUS_RESOURCE_EXHAUSTED,
					  "subjects: no memory");
	}
	if (guard_take_subject(&taking, backing, status))
		return -1;
	config->path_count += taking.message->n_allow + taking.message->n_deny +
			      taking.message->n_observe;
	if (split(config, taking.subject))
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subjects: no memory");
	return 0;
}

int guard_take_subjects(struct guard_backing *backing, struct status *status)
{
	Janus__V1__Guard *guard = (void *)backing->message.message;
	struct guard_config *config = &backing->config;
	const size_t room = guard->n_subjects * 2;
	struct guard_taking taking = { .on_host = has_host(guard) };
	size_t tags = 0;

	if (check_counts(guard, backing->limits, status))
		return -1;
	for (size_t i = 0; i < guard->n_subjects; i++)
		tags += guard->subjects[i]->n_tags;
	config->subjects = calloc(room, sizeof(*config->subjects));
	config->exceptions = calloc(room, sizeof(*config->exceptions));
	backing->tags = calloc(tags + 1, sizeof(*backing->tags));
	if (!config->subjects || !config->exceptions || !backing->tags)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subjects: no memory");
	config->bytes +=
		room * (sizeof(*config->subjects) + sizeof(*config->exceptions)) +
		tags * sizeof(*backing->tags);
	tags = 0;
	for (size_t i = 0; i < guard->n_subjects; i++) {
		taking.message = guard->subjects[i];
		taking.index = i;
		taking.tags = backing->tags + tags;
		tags += taking.message->n_tags;
		if (take_one(backing, &taking, status))
			return -1;
	}
	return 0;
}
