/* SPDX-License-Identifier: MIT */
/*
 * One subject as the caller gave it: whether it is valid, and how much a copy of it takes. Pure.
 */
#ifndef JANUS_SUBJECT_H
#define JANUS_SUBJECT_H

#include <janus/watch.h>

#include <stddef.h>
#include <stdint.h>

/* Of all subjects of a watch so far. */
struct janus__measure {
	struct janus_watch_report *report; /* told field, value and cause of a refusal */
	uint32_t target;
	size_t rules;
	size_t tags;
	size_t patterns;
	size_t exceptions;
	size_t text_bytes;
};

/* Check the subject and add what it takes. -EINVAL, -ENAMETOOLONG, -E2BIG. */
int janus__subject_measure(struct janus__measure *measure, uint32_t index,
			   const struct janus_subject *subject);

#endif
