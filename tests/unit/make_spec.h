/* SPDX-License-Identifier: MIT */
/*
 * Specs for tests, without a watch: what janus__spec_create() makes, with the fields that the
 * watch fills in.
 */
#ifndef JANUS_TESTS_MAKE_SPEC_H
#define JANUS_TESTS_MAKE_SPEC_H

#include <stddef.h>

#include "spec.h"

/* One rule, in a subject of its own; zero fields: allow "/x", enforced, open. */
struct make_rule {
	bool deny;
	uint32_t mode;
	uint32_t flags;
	uint32_t events; /* 0: open */
	const char *path;
	uint32_t max_depth;
};

/* A spec for JANUS_TARGET_PID 1 with one subject a rule; the caller has one reference. */
struct janus__spec *make_spec(uint64_t watch_id, const struct make_rule *rules,
			      size_t count);

/* The same with one rule. */
struct janus__spec *make_spec_of(uint64_t watch_id, struct make_rule rule);

#endif
