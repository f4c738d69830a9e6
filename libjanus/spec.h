/* SPDX-License-Identifier: MIT */
/*
 * The spec: a watch's options, validated, copied and immutable. Rules point to subjects by
 * index; every string lies in the spec's own memory. Pure.
 *
 * Shared: the watch, the binding table and every record hold a reference; the last one frees.
 */
#ifndef JANUS_SPEC_H
#define JANUS_SPEC_H

#include <janus/watch.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct janus__rule {
	const char *path; /* absolute, no "//", no "/./", no trailing "/" */
	uint32_t subject;
	uint32_t index; /* in the subject's allow, deny or observe */
	bool deny;
	bool observe; /* neither: allow */
	bool turned;  /* an allow path that is denied to all but the exceptions */
};

/* A process that does not change its meaning when its pid is used again. */
struct janus__process {
	int32_t pid; /* 0: none */
	uint64_t start_time;
};

struct janus__exception {
	uint32_t kind;
	uint32_t number;
	const char *text;

	/* Filled in once, by the watch, as what follows in struct janus__spec. */
	uint64_t start_time; /* of an ancestor */
	uint64_t device;     /* of an exe; all 0: there was none */
	uint64_t inode;
	char *cgroup; /* of a container; NULL: it was not there */
};

struct janus__subject {
	uint32_t events;
	uint32_t mode;
	uint32_t flags;
	uint32_t strategy;
	uint32_t max_depth; /* 0: no limit */
	uint32_t tag_count;
	uint32_t ignore_count;
	uint32_t exception_count;
	const struct janus_tag *tags;
	const char *const *ignore;
	struct janus__exception *exceptions;
};

struct janus__spec {
	atomic_uint references;
	uint32_t target;
	int32_t pid;
	const char *container_id; /* NULL: the target is no container */
	uint64_t cookie;
	uint64_t directory_limit; /* 0: none */
	bool denies_on_failure;
	int64_t ask_ns; /* how long the program has for its answer; 0: the context's deadline */
	const struct janus__subject *subjects;
	const struct janus__rule *rules;
	uint64_t subject_count;
	uint64_t rule_count;

	atomic_bool retired; /* has nothing to say any more, whoever still holds it */

	/* Filled in once, by the watch, before the spec is seen by anybody else. */
	uint64_t watch_id;
	struct janus__process owner;
	uint64_t pid_namespace; /* that the target has for itself; 0: none */
	char *container;        /* its full id; NULL: it is none */
	const char *runtime;    /* of that; static; "": unknown */
	char *root; /* what the target's "/" is called in paths from the kernel; "" for "/" */
};

/*
 * Validate and copy. @report is told field, value and cause of a refusal and the number of
 * paths. @ret has one reference, the caller's.
 */
int janus__spec_create(struct janus__spec **ret,
		       const struct janus_watch_options *options,
		       struct janus_watch_report *report);

struct janus__spec *janus__spec_ref(struct janus__spec *spec);
void janus__spec_unref(struct janus__spec *spec); /* NULL: nothing happens */

/* Whether a subject's events are asked for permission; else they are only observed. */
static inline bool janus__subject_asks(const struct janus__subject *subject)
{
	return subject->mode != JANUS_MODE_AUDIT;
}

/* Whether somebody can be denied something by it. */
static inline bool janus__subject_denies(const struct janus__subject *subject)
{
	return subject->mode == JANUS_MODE_ENFORCE || subject->mode == JANUS_MODE_ASK;
}

static inline const struct janus__subject *
janus__spec_subject_of(const struct janus__spec *spec, const struct janus__rule *rule)
{
	return &spec->subjects[rule->subject];
}

#endif
