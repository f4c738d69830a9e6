/* SPDX-License-Identifier: MIT */
/*
 * What the table of rules denies on failure, told to those who cannot ask the table. Part of
 * rules.h, for who changes the table.
 */
#ifndef JANUS_STRICTNESS_H
#define JANUS_STRICTNESS_H

#include "table.h"

/* What bindings deny on failure. */
struct janus__strict_kinds janus__strictness_of(const struct janus__bindings *bindings);

/* An object denies that from now on. Under the lock. It has its extra. */
void janus__strictness_tell(struct janus__rules *rules,
			    const struct janus__object *object,
			    struct janus__strict_kinds kinds);

#endif
